"""Parsers of typed answers: what is written is what is read, and nothing else is."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.agent.answers import (
    AnswerError,
    Boxes3D,
    Choice,
    Number,
    Point,
    Position,
    Text,
    Unit,
    parse_answer,
    parse_boxes3d,
    parse_choice,
    parse_number,
    parse_point,
    parse_position,
    point_text,
)
from spatune.errors import SpatuneError

PARSERS = (parse_choice, parse_number, parse_point, parse_position, parse_boxes3d)
coordinates = st.floats(-1e3, 1e3, allow_nan=False)
unit = st.floats(0, 1, exclude_max=True)


@given(
    st.sampled_from("ABCD"),
    st.sampled_from(
        [
            "{}",
            "({})",
            "{}.",
            "{}) a mug",
            "{}: a mug",
            "The answer is {}.",
            "Answer: {}",
            "<answer>{}</answer>",
            "I choose {}",
            "<think>Is it A or B?</think>\n{}",
            "option {}, as A mug is there",
        ]
    ),
)
def test_a_choice_is_read_in_every_usual_form(letter: str, form: str) -> None:
    raw = form.format(letter)
    assert parse_choice(raw) == Choice(raw, letter)


@pytest.mark.parametrize("raw", ["", "mug", "A or B", "E", "between A. and B.", "12"])
def test_a_choice_without_one_option_is_an_error(raw: str) -> None:
    with pytest.raises(AnswerError) as error:
        parse_choice(raw, "ABCD")
    assert error.value.raw == raw


@given(
    st.floats(0, 1e6, allow_nan=False),
    st.sampled_from(
        [
            ("m", "m"),
            (" meters", "m"),
            (" cm", "cm"),
            ("cm", "cm"),
            ("°", "deg"),
            (" degrees", "deg"),
            ("", "count"),
            (" objects", "count"),
        ]
    ),
)
def test_a_number_keeps_value_and_unit(value: float, unit_text: tuple[str, Unit]) -> None:
    text, unit_name = unit_text
    raw = f"about {value!r}{text}"
    assert parse_number(raw) == Number(raw, value, unit_name)


@given(st.floats(-1e3, 1e3, allow_nan=False))
def test_metres_and_centimetres_are_the_same_length(metres: float) -> None:
    centimetres = parse_number(f"{metres * 100!r} cm").meters
    assert math.isclose(centimetres, parse_number(f"{metres!r} m").meters, abs_tol=1e-9)


@pytest.mark.parametrize("raw", ["", "far", "1 or 2 m", "1e999 m"])
def test_no_single_finite_number_is_an_error(raw: str) -> None:
    with pytest.raises(AnswerError):
        parse_number(raw)


def test_a_count_is_not_a_length() -> None:
    with pytest.raises(AnswerError, match="its unit is count"):
        _ = parse_number("3").meters


@given(unit, unit, st.integers(2, 1000))
def test_location_tokens_undo_to_half_a_bin(x: float, y: float, bins: int) -> None:
    point = parse_point(point_text(x, y, bins), bins)
    assert abs(point.x - x) <= 0.5 / bins + 1e-9
    assert abs(point.y - y) <= 0.5 / bins + 1e-9
    assert point_text(point.x, point.y, bins) == point.raw


@given(
    unit,
    unit,
    st.sampled_from(
        [
            "({x!r}, {y!r})",
            "<point>{x!r} {y!r}</point>",
            '{{"point_2d": [{x!r}, {y!r}]}}',
            "the mug is at [{x!r},{y!r}]",
        ]
    ),
)
def test_a_written_point_is_read_exactly(x: float, y: float, form: str) -> None:
    raw = form.format(x=x, y=y)
    assert parse_point(raw) == Point(raw, x, y)


def test_a_point_in_thousandths_is_scaled() -> None:
    assert parse_point("(500, 250)", scale=1000) == Point("(500, 250)", 0.5, 0.25)


@pytest.mark.parametrize(
    "raw", ["", "(1, 2, 3)", "(500, 250)", "(0.1, 0.2) (0.3, 0.4)", "<loc001>", "<loc200><loc001>"]
)
def test_no_single_point_in_the_image_is_an_error(raw: str) -> None:
    with pytest.raises(AnswerError):
        parse_point(raw)


@given(coordinates, coordinates, coordinates)
def test_a_position_is_read_exactly(x: float, y: float, z: float) -> None:
    for raw in (f"({x!r}, {y!r}, {z!r}) m", f"at [{x!r},{y!r},{z!r}]"):
        assert parse_position(raw) == Position(raw, x, y, z)


boxes = st.lists(
    st.tuples(
        st.lists(coordinates, min_size=3, max_size=3),
        st.lists(st.floats(0, 1e3), min_size=3, max_size=3),
        st.sampled_from([1, 3]).flatmap(lambda n: st.lists(coordinates, min_size=n, max_size=n)),
        st.text(max_size=8),
    ),
    max_size=4,
)


@given(boxes, st.booleans())
def test_boxes_are_read_from_fenced_json(items: list, fenced: bool) -> None:
    data = [{"bbox_3d": [*c, *s, *a], "label": label} for c, s, a, label in items]
    text = json.dumps(data)
    parsed = parse_boxes3d(f"```json\n{text}\n```" if fenced else text)
    assert [(list(b.center), list(b.size), list(b.angles), b.label) for b in parsed.boxes] == [
        (c, s, a, label) for c, s, a, label in items
    ]


def test_bare_lists_of_numbers_are_boxes() -> None:
    for raw in ("[0, 1, 2, 1, 1, 1, 0.5]", "[[0, 1, 2, 1, 1, 1, 0.5]]"):
        box = parse_boxes3d(raw).boxes[0]
        assert (box.center, box.angles, box.label) == ((0, 1, 2), (0.5,), None)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[",
        "{}",
        "[[1, 2]]",
        '[{"label": "mug"}]',
        "[[0,0,0,-1,1,1,0]]",
        '["a"]',
        "[[0,0,0,1,1,1,true]]",
        "[[0,0,0,1,1,1,NaN]]",
    ],
)
def test_broken_boxes_are_an_error(raw: str) -> None:
    with pytest.raises(AnswerError):
        parse_boxes3d(raw)


@given(st.text())
def test_any_text_parses_or_raises_the_typed_error(raw: str) -> None:
    for parser in PARSERS:
        try:
            assert parser(raw).raw == raw
        except AnswerError as error:
            assert error.raw == raw
            assert "\n" not in str(error)
    assert parse_answer(raw).raw == raw


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("B", Choice),
        ("C. the bowl", Choice),
        ("1.5 m", Number),
        ("7", Number),
        ("<loc001><loc002>", Point),
        ("(0.1, 0.2)", Point),
        ("(0.1, 0.2, 1.0)", Position),
        ('[{"bbox_3d": [0,0,0,1,1,1,0], "label": "mug"}]', Boxes3D),
        ("on the table", Text),
        ("A mug stands left", Text),
        ("(3, 4)", Text),
        ("7 mugs", Text),
    ],
)
def test_without_a_kind_only_the_obvious_is_typed(raw: str, kind: type) -> None:
    assert type(parse_answer(raw)) is kind


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(SpatuneError, match="choice, number"):
        parse_answer("A", "letter")  # type: ignore[arg-type]
