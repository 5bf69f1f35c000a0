"""Writes envs/houses/data/assets.json from the asset database of the `procthor` wheel.

Usage: python recipes/houses/assets.py
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "envs" / "houses" / "data" / "assets.json"


def main() -> None:
    specification = importlib.util.find_spec("procthor")
    if specification is None or specification.origin is None:
        raise SystemExit("procthor is not installed: pip install 'spatune[procthor]'")
    source = Path(specification.origin).parent / "databases" / "asset-database.json"
    groups = json.loads(source.read_text())
    assets = sorted((a for group in groups.values() for a in group), key=lambda a: a["assetId"])
    words = sorted({word for asset in assets for word in asset.get("secondaryProperties", ())})
    rows = [
        [
            asset["assetId"],
            asset["objectType"],
            [round(asset["boundingBox"][axis], 6) for axis in "xyz"],
            asset["split"] or "",
            asset.get("primaryProperty", ""),
            [words.index(word) for word in asset.get("secondaryProperties", ())],
            sorted({pair[0] for pair in asset.get("materials", ())}),
        ]
        for asset in assets
    ]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    OUT.write_text(f'{{"properties":{json.dumps(words)},\n"assets":[\n{lines}\n]}}\n')
    print(f"{OUT}: {len(rows)} assets of {len(groups)} types")


if __name__ == "__main__":
    main()
