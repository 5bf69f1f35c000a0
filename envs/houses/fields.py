"""`Field`: a value of a JSON document that knows its path, for errors that name the place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...errors import SpatuneError
from .house import Colour, Vector


def rounded(number: float) -> float:
    """A number with the six decimals that house files keep; never -0."""
    return round(float(number), 6) + 0.0


class Field:
    """A value and where it is in its document.

    Every method raises a `SpatuneError` that begins with the path if the value is not what is
    asked for.

    Args:
        value: The JSON value.
        path: For example `house.walls[3].polygon`.
    """

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path

    def error(self, problem: str) -> SpatuneError:
        """The error that says what is wrong here."""
        return SpatuneError(f"{self.path}: {problem}")

    def __getitem__(self, key: str) -> Field:
        """The member of that name, which must be there."""
        field = Field(self._members().get(key), f"{self.path}.{key}")
        if key not in self._members():
            raise field.error("missing")
        return field

    def maybe(self, key: str) -> Field | None:
        """The member of that name, or None if it is missing or null."""
        value = self._members().get(key)
        return None if value is None else Field(value, f"{self.path}.{key}")

    def items(self, count: int | None = None) -> list[Field]:
        """The items of a list, which must be as many as `count` if it is given."""
        if not isinstance(self.value, list | tuple):
            raise self._expected("a list")
        if count is not None and len(self.value) != count:
            raise self._expected(f"a list of {count}")
        return [Field(item, f"{self.path}[{index}]") for index, item in enumerate(self.value)]

    def text(self) -> str:
        """A string that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self._expected("a string")
        return self.value

    def text_or_empty(self, key: str) -> str:
        """The string member of that name, empty if it is missing or null."""
        field = self.maybe(key)
        return "" if field is None or field.value == "" else field.text()

    def choice(self, *choices: str) -> str:
        """One of some strings."""
        if self.value not in choices:
            raise self._expected(f"one of {', '.join(choices)}")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self._expected("true or false")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number, rounded to six decimals, from `low` to `high`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._expected("a number")
        # Numbers beyond this are no houses, and integers may be too large for a float.
        if not abs(self.value) < 1e9:
            raise self._expected("a finite number")
        number = rounded(self.value)
        if not low <= number <= high:
            bound = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            raise self._expected(f"a number {bound}")
        return number

    def vector(self) -> Vector:
        """The numbers x, y and z of an object."""
        return self["x"].number(), self["y"].number(), self["z"].number()

    def colour(self) -> Colour:
        """The numbers r, g and b of an object, each in 0..1."""
        return self["r"].number(0, 1), self["g"].number(0, 1), self["b"].number(0, 1)

    def _members(self) -> Mapping[str, Any]:
        if not isinstance(self.value, Mapping):
            raise self._expected("an object")
        return self.value

    def _expected(self, what: str) -> SpatuneError:
        return self.error(f"expected {what}, got {_shown(self.value)}")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Mapping():
            return "an object"
        case list() | tuple():
            return f"a list of {len(value)}"
        case int() if abs(value) >= 10**30:
            return "a huge integer"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
