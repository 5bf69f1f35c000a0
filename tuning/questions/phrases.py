"""`listed` and other small pieces of English that generated text is put together from."""

from __future__ import annotations

from collections.abc import Sequence

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def be(category: str) -> str:
    """`is` for `chair`, `are` for what is plural, like `boots`."""
    return "are" if _is_plural(category) else "is"


def is_the(category: str) -> str:
    """`is the chair`, `are the boots`."""
    return f"{be(category)} the {category}"


def with_article(category: str) -> str:
    """`a chair`, `an armchair`, `a TV stand`; `boots` without one."""
    if _is_plural(category):
        return category
    return f"{'an' if category[0].lower() in 'aeiou' else 'a'} {category}"


def plural(category: str) -> str:
    """`chairs`, `boxes`, `shelves`; what is plural already stays."""
    if _is_plural(category):
        return category
    if category.endswith(("ss", "x", "ch", "sh")):
        return category + "es"
    if category.endswith("y") and category[-2] not in "aeiou":
        return category[:-1] + "ies"
    for ending in ("knife", "shelf"):
        if category.endswith(ending):
            return category.removesuffix(ending) + ending.rstrip("fe") + "ves"
    return category + "s"


def counted(number: int, category: str) -> str:
    """`a chair`, `two chairs`, `12 chairs`."""
    if number == 1:
        return with_article(category)
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {plural(category)}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def _is_plural(category: str) -> bool:
    return category.endswith("s") and not category.endswith("ss")
