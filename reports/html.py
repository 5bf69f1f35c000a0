"""`Html`: text that is HTML already; `tag` makes it and escapes all other text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "meta"})


class Html(str):
    """HTML that needs no escaping; only `tag`, `joined` and constants of this package make it."""


def tag(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """An element of HTML or SVG.

    Args:
        name: Name of the element.
        children: What it holds; text that is not `Html` is escaped.
        attributes: Its attributes. `class_` is written `class`, `aria_label` `aria-label`; True
            writes the bare name, None and False leave the attribute out, numbers lose needless
            digits.

    Example:
        >>> tag("td", "1 < 2", class_="number")
        '<td class="number">1 &lt; 2</td>'
    """
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        words.append(written if value is True else f'{written}="{escape(_text(value))}"')
    start = f"<{' '.join(words)}>"
    return Html(start if name in _VOID else f"{start}{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Parts one after the other; those that are not `Html` are escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
