"""`STYLE`: how a page looks, in light and dark, on paper and on a phone."""

from __future__ import annotations

from .html import Html

STYLE = Html("""
:root{color-scheme:light dark;--back:#fff;--text:#222;--dim:#666;--line:#ddd;--card:#f6f6f6;
--c0:#2563a8;--c1:#b8530a;--c2:#08702c;--c3:#8a3d9c;--c4:#7a6000;--c5:#0a7480;--bad:#a82a20}
@media(prefers-color-scheme:dark){:root{--back:#16181b;--text:#e4e4e4;--dim:#a3a3a3;--line:#3a3d41;
--card:#202327;--c0:#7db4f0;--c1:#f0a05a;--c2:#6fcf8a;--c3:#d59be4;--c4:#d8bd4a;--c5:#62c9d4;
--bad:#f2887e}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1080px;padding:16px;
background:var(--back);color:var(--text);overflow-wrap:break-word}
h1{font-size:24px;line-height:1.25;margin:8px 0}h2{font-size:20px;margin:28px 0 8px;
border-top:2px solid var(--line);padding-top:16px}
h1+section h2,h1+h2{border-top:0;padding-top:0;margin-top:4px}
h3{font-size:16px;margin:22px 0 6px}
p,ul{margin:6px 0;max-width:76ch}ul{padding-left:20px}
a{color:var(--c0)}small,.dim{color:var(--dim);font-size:13px}.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:8px 0;font-size:14px}
caption{text-align:left;color:var(--dim);font-size:13px;padding-bottom:4px}
th,td{padding:4px 12px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600}tfoot td,tfoot th{font-weight:600;border-top:2px solid var(--line)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.words{min-width:30ch;overflow-wrap:normal}
.key{white-space:nowrap}.facts .key{white-space:normal;min-width:9em}
.facts td,pre{overflow-wrap:anywhere}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{white-space:pre-wrap;background:var(--card);padding:8px;border-radius:4px;margin:6px 0}
.figures{display:flex;flex-wrap:wrap;gap:8px 32px;margin:10px 0}
.figures div{min-width:150px}.figures b{display:block;font-size:22px;line-height:1.3}
.notes{list-style:none;border-left:4px solid var(--c1);padding:4px 12px;background:var(--card);
margin:10px 0}
svg{display:block;max-width:100%;height:auto}
svg text{fill:var(--dim);font:11px system-ui,sans-serif}
.curve{width:600px}.bar{width:150px;min-width:110px}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:0}
.legend svg{display:inline-block;vertical-align:middle;margin-right:6px}
.films{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr));gap:14px}
figure{margin:0;background:var(--card);border-radius:6px;overflow:hidden}
figcaption{padding:6px 10px 10px;font-size:13px}
video{display:block;width:100%;background:#000}
summary{cursor:pointer;color:var(--dim)}
@media print{details>*{display:block}}
""")
"""CSS; colours `--c0` to `--c5` are those of runs in one chart."""
