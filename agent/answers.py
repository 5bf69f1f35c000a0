"""Typed answers of a VLM and the pure functions that read them from text.

Every parser takes the raw text and returns an answer that keeps it, or raises `AnswerError`. What a
reasoning model writes before its answer (`<think>...</think>`, `<answer>...</answer>`) is skipped.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

from ..errors import SpatuneError

AnswerKind = Literal["choice", "number", "boxes3d", "point", "position", "text"]
Unit = Literal["m", "cm", "deg", "count"]

LOCATION_BINS = 128


class AnswerError(SpatuneError):
    """Text that cannot be read as the wanted kind of answer.

    Attributes:
        kind: What was wanted.
        raw: The text.
    """

    def __init__(self, kind: str, raw: str, reason: str) -> None:
        shown = raw if len(raw) <= 80 else raw[:77] + "..."
        super().__init__(f"answer {shown!r} is not a {kind}: {reason}")
        self.kind = kind
        self.raw = raw


@dataclass(frozen=True)
class Text:
    """Free text."""

    raw: str


@dataclass(frozen=True)
class Choice:
    """One option of a question; `letter` is upper case."""

    raw: str
    letter: str


@dataclass(frozen=True)
class Number:
    """A quantity; a bare number is a `count`."""

    raw: str
    value: float
    unit: Unit

    @property
    def meters(self) -> float:
        """The length in metres.

        Raises:
            AnswerError: The number is not a length.
        """
        if self.unit not in ("m", "cm"):
            raise AnswerError("length", self.raw, f"its unit is {self.unit}")
        return self.value / 100 if self.unit == "cm" else self.value


@dataclass(frozen=True)
class Point:
    """A place in an image, 0..1 from the left (`x`) and from the top (`y`)."""

    raw: str
    x: float
    y: float


@dataclass(frozen=True)
class Position:
    """A place in space in metres, in the frame the question names."""

    raw: str
    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Box3D:
    """One box of `Boxes3D`.

    Attributes:
        center: (x, y, z) in metres, in the frame the question names.
        size: Full lengths (m) along the box's own axes.
        angles: As written: three (pitch, yaw, roll) or yaw alone.
        label: Name of the object, if given.
    """

    center: tuple[float, float, float]
    size: tuple[float, float, float]
    angles: tuple[float, ...]
    label: str | None = None


@dataclass(frozen=True)
class Boxes3D:
    """Boxes in space, possibly none."""

    raw: str
    boxes: tuple[Box3D, ...]


Answer = Text | Choice | Number | Point | Position | Boxes3D

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_UNITS: dict[str, Unit] = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), "m"),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), "cm"),
    **dict.fromkeys(("deg", "degree", "degrees", "°"), "deg"),
}
_QUANTITY = re.compile(rf"(?<![\w.])({_NUMBER})\s*(°|[A-Za-z]+)?")
# Neither the pronoun "I" nor the article "A" before a word is an option.
_LONE_LETTER = re.compile(r"(?<![\w'])([B-HJ-Z]|A(?! (?!(?:is|or|and)\b)[a-z]))(?![\w'])")
_LOCATION = re.compile(r"<loc(\d{3})>")
_TUPLE = rf"[(\[]\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*[)\]]"
_POINT_TAG = re.compile(rf"<point>\s*({_NUMBER})[\s,]+({_NUMBER})\s*</point>")


def location_token(index: int) -> str:
    """The text of location bin `index`, for example `<loc007>`."""
    return f"<loc{index:03d}>"


def point_text(x: float, y: float, bins: int = LOCATION_BINS) -> str:
    """Location tokens of a point in 0..1; `parse_point` undoes it to half a bin."""
    return "".join(location_token(min(max(int(v * bins), 0), bins - 1)) for v in (x, y))


def final_part(raw: str) -> str:
    """What remains after the reasoning: the last `<answer>`, or what follows `</think>`."""
    answers = re.findall(r"<answer>(.*?)</answer>", raw, flags=re.DOTALL)
    return (answers[-1] if answers else raw.rsplit("</think>", 1)[-1]).strip()


def parse_choice(raw: str, options: Sequence[str] = "ABCD") -> Choice:
    """Reads one letter among `options`: `B`, `(b)`, `B. the mug`, `The answer is B`.

    Raises:
        AnswerError: No letter, a letter that is no option, or several that differ.
    """
    text = final_part(raw)
    allowed = {option.upper() for option in options}
    start = re.match(r"\(?([A-Za-z])(?:\s*[.):]|\s*$)", text)
    stated = re.findall(r"\b(?:answer|option|choice)\s*(?:is|:)?\s*\(?([A-Za-z])\b", text, re.I)
    found = {start[1].upper()} if start else {letter.upper() for letter in stated}
    if not found:
        found = set(_LONE_LETTER.findall(text))
    if len(found) != 1:
        raise AnswerError("choice", raw, "no single option letter")
    letter = found.pop()
    if letter not in allowed:
        raise AnswerError("choice", raw, f"{letter} is not among {', '.join(sorted(allowed))}")
    return Choice(raw, letter)


def parse_number(raw: str) -> Number:
    """Reads the only number of the text, with its unit (m, cm, degrees) if it has one.

    Raises:
        AnswerError: No number, or several.
    """
    found = _QUANTITY.findall(final_part(raw))
    if len(found) != 1:
        raise AnswerError("number", raw, f"it holds {len(found)} numbers")
    value, unit = found[0]
    return Number(raw, _finite(value, "number", raw), _UNITS.get(unit.lower(), "count"))


def parse_point(raw: str, bins: int = LOCATION_BINS, scale: float = 1.0) -> Point:
    """Reads a point of an image.

    Args:
        raw: `<locXXX><locYYY>` (x first), `(x, y)`, `<point>x y</point>`, or JSON with a
            `point` or `point_2d`.
        bins: Number of location bins an axis; a bin reads as its centre.
        scale: Value that stands for the right or lower edge in the forms without bins, for
            example 1000 for Qwen3-VL.

    Raises:
        AnswerError: No point, several, or one outside the image.
    """
    text = final_part(raw)
    bin_values = [int(index) for index in _LOCATION.findall(text)]
    if bin_values:
        if len(bin_values) != 2:
            raise AnswerError("point", raw, f"{len(bin_values)} location tokens, not 2")
        x, y = ((value + 0.5) / bins for value in bin_values)
    else:
        tags = _POINT_TAG.findall(text) or _tuples(text, 2)
        if len(tags) != 1:
            raise AnswerError("point", raw, f"it holds {len(tags)} points")
        x, y = (_finite(value, "point", raw) / scale for value in tags[0])
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise AnswerError("point", raw, "it lies outside the image; check bins and scale")
    return Point(raw, x, y)


def parse_position(raw: str) -> Position:
    """Reads `(x, y, z)` in metres, in round or square brackets.

    Raises:
        AnswerError: No triple of numbers, or several.
    """
    triples = _tuples(final_part(raw), 3)
    if len(triples) != 1:
        raise AnswerError("position", raw, f"it holds {len(triples)} triples of numbers")
    return Position(raw, *(_finite(value, "position", raw) for value in triples[0]))


def parse_boxes3d(raw: str) -> Boxes3D:
    """Reads a JSON list of boxes, bare or fenced.

    A box is a list of 9 numbers (x, y, z, sx, sy, sz, pitch, yaw, roll), of 7 (yaw alone), or an
    object with that list as `bbox_3d` and an optional `label`.

    Raises:
        AnswerError: No JSON list, a list of another length, or a size below zero.
    """
    text = final_part(raw)
    start, stop = text.find("["), text.rfind("]")
    if start < 0 or stop < start:
        raise AnswerError("list of boxes", raw, "no JSON list")
    try:
        data = json.loads(text[start : stop + 1])
    except (json.JSONDecodeError, RecursionError) as error:
        raise AnswerError("list of boxes", raw, "the JSON is broken") from error
    if data and all(isinstance(item, int | float) for item in data):
        data = [data]
    return Boxes3D(raw, tuple(_box(item, raw) for item in data))


def parse_text(raw: str) -> Text:
    """Any text."""
    return Text(raw)


def parse_answer(
    raw: str,
    kind: AnswerKind | None = None,
    *,
    options: Sequence[str] = "ABCD",
    bins: int = LOCATION_BINS,
    scale: float = 1.0,
) -> Answer:
    """Reads `raw` as `kind`; with None, as the first kind that the *whole* text spells.

    Raises:
        AnswerError: `raw` is not of that kind.
        SpatuneError: The kind is unknown.
    """
    parsers: dict[str, Callable[[str], Answer]] = {
        "choice": partial(parse_choice, options=options),
        "number": parse_number,
        "boxes3d": parse_boxes3d,
        "point": partial(parse_point, bins=bins, scale=scale),
        "position": parse_position,
        "text": parse_text,
    }
    if kind is None:
        kind = _obvious_kind(final_part(raw))
        try:
            return parsers[kind](raw)
        except AnswerError:
            return Text(raw)
    if kind not in parsers:
        known = ", ".join(get_args(AnswerKind))
        raise SpatuneError(f"answer kind {kind!r} is unknown; use one of {known}")
    return parsers[kind](raw)


def _obvious_kind(text: str) -> AnswerKind:
    if re.fullmatch(r"(?:<loc\d{3}>\s*){2}|<point>.*</point>", text):
        return "point"
    if re.fullmatch(r"(?:```json\s*)?\[.*bbox_3d.*\](?:\s*```)?", text, flags=re.DOTALL):
        return "boxes3d"
    if re.fullmatch(rf"{_TUPLE}(?:\s*m)?", text):
        return "point" if text.count(",") == 1 else "position"
    if re.fullmatch(r"\(?[A-Z][.):]?", text) or re.fullmatch(r"\(?[A-Z][.):]\s.*", text):
        return "choice"
    match = re.fullmatch(rf"{_NUMBER}\s*(°|[A-Za-z]+)?\.?", text)
    if match and (match[1] is None or match[1].lower() in _UNITS):
        return "number"
    return "text"


def _tuples(text: str, length: int) -> list[list[str]]:
    split = [re.split(r"\s*,\s*", match) for match in re.findall(_TUPLE, text)]
    return [values for values in split if len(values) == length]


def _finite(value: Any, kind: str, raw: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise AnswerError(kind, raw, f"{value!r} is not a number") from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise AnswerError(kind, raw, f"{value!r} is not a finite number")
    return number


def _box(item: Any, raw: str) -> Box3D:
    label = None
    if isinstance(item, dict):
        label = item.get("label")
        item = item.get("bbox_3d")
    if not isinstance(item, list) or len(item) not in (7, 9):
        raise AnswerError("list of boxes", raw, "a box is not a list of 7 or 9 numbers")
    numbers = [_finite(value, "list of boxes", raw) for value in item]
    if min(numbers[3:6]) < 0:
        raise AnswerError("list of boxes", raw, "a size is below zero")
    (x, y, z), (sx, sy, sz) = numbers[:3], numbers[3:6]
    name = None if label is None else str(label)
    return Box3D((x, y, z), (sx, sy, sz), tuple(numbers[6:]), name)
