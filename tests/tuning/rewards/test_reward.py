"""Rewards: bounds, order, and that no text of a model breaks them."""

from __future__ import annotations

import json
from math import hypot

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.errors import SpatuneError
from spatune.tuning.rewards.boxes import best_matching, boxes_accuracy
from spatune.tuning.rewards.choice import choice_accuracy
from spatune.tuning.rewards.number import number_accuracy
from spatune.tuning.rewards.point import point_accuracy
from spatune.tuning.rewards.reward import ACCURACIES, reward
from spatune.tuning.rewards.text import edit_distance, text_accuracy

BOXES = json.dumps(
    [
        {"bbox_3d": [0.0, 0.5, 2.0, 1.0, 0.8, 0.6, 0.0, 0.1, 0.0], "label": "chair"},
        {"bbox_3d": [1.5, 0.5, 3.0, 1.0, 0.8, 0.6, 0.0, 0.4, 0.0], "label": "chair"},
        {"bbox_3d": [-1.0, 0.2, 2.5, 0.4, 1.8, 0.0, 0.0, 0.0, 0.0], "label": "picture"},
    ]
)
TRUTHS = {
    "choice": "B",
    "number": "2.3",
    "boxes3d": f"```json\n{BOXES}\n```",
    "point": "(0.42, 0.61)",
    "text": "a wooden chair",
}
FORMS = tuple(TRUTHS)
# Pieces of what models write, so that tags, brackets and numbers meet in every order.
PIECES = st.lists(
    st.sampled_from(
        [
            "<think>",
            "</think>",
            "<answer>",
            "</answer>",
            "B",
            "`C`",
            "[",
            "]",
            "{",
            "}",
            '"bbox_3d":',
        ]
        + ["2.3", "1e999", "9" * 5000, "-", "NaN", "(0.4, 0.6)", "```json", "<loc003>", "\n", ", "]
        + ["[1e300, 0, 0, 1, 1, 1, 0, 0, 0]", "[0, 0, 0, 0, 0, 0, 0, 0, 0]", BOXES]
    )
    | st.text(max_size=8),
    max_size=9,
).map("".join)
box = st.tuples(
    *[st.floats(-2, 2)] * 3,
    *[st.floats(0.0, 2)] * 3,
    *[st.floats(-1, 1)] * 3,
    st.sampled_from("ab"),
).map(lambda row: {"bbox_3d": list(row[:9]), "label": row[9]})
boxes = st.lists(box, min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), PIECES, st.booleans(), st.booleans())
def test_any_text_has_a_reward_between_0_and_1(
    form: str, text: str, thinking: bool, relaxed: bool
) -> None:
    earned = reward(form, TRUTHS[form], text, thinking, relaxed=relaxed)
    assert earned.format in (0, 1)
    assert 0 <= earned.accuracy <= 1
    assert earned.total == 0.5 * earned.format + 0.5 * earned.accuracy


@pytest.mark.parametrize("form", FORMS)
def test_the_truth_earns_all_in_every_form_it_may_be_written(form: str) -> None:
    truth = TRUTHS[form]
    assert reward(form, truth, truth, False).total == pytest.approx(1)
    assert reward(form, truth, truth, True).total == pytest.approx(0.5)
    for text in (
        f"<think>It is so.</think>{truth}",
        f"<think>x</think>\n<answer>{truth}</answer>\n",
    ):
        assert reward(form, truth, text, True).total == pytest.approx(1)
        assert reward(form, truth, text, False).total == pytest.approx(1)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "text"])
@pytest.mark.parametrize("text", ["", "  ", "<think>", "hm ...", "<answer>", "<think>B 2.3"])
@pytest.mark.parametrize("thinking", [True, False])
def test_a_malformed_text_earns_nothing(form: str, text: str, thinking: bool) -> None:
    assert reward(form, TRUTHS[form], text, thinking).total == 0


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "<think>a</think>",
        "<think>a</think><think>b</think>B",
        "<think>a<think>b</think>B",
        "a</think>B",
        "so <think>a</think>B",
        "<think>a</think><answer></answer>",
        "<think>a</think><answer>B",
        "<think>a</think>so <answer>B</answer>",
        "<think>a</think><answer>B</answer><answer>B</answer>",
        "<think><answer>B</answer></think>B",
    ],
)
def test_a_wrong_form_earns_no_format(text: str) -> None:
    assert reward("choice", "B", text, True).format == 0


def test_an_answer_inside_an_unfinished_thought_does_not_count() -> None:
    assert reward("choice", "B", "<think>It could be B", False).total == 0
    assert reward("choice", "B", "<think>A?</think>B", False).accuracy == 1


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"), ("b", "B"), ("(b)", "B"), ("B. the mug", "B"), ("Not A but `B`", "B"),
        ("A chair stands left, so C", "C"), ("I think it is D.", "D"), ("A or B", "A"),
    ],
)  # fmt: skip
def test_a_choice_is_read_from_backticks_and_then_from_the_first_lone_letter(
    answer: str, letter: str
) -> None:
    assert choice_accuracy(letter, answer) == 1
    assert choice_accuracy("E", answer) == 0


def test_words_without_a_letter_are_no_choice() -> None:
    assert choice_accuracy("B", "the mug") is None


@given(st.floats(0.1, 100), st.floats(0, 3), st.floats(0, 3), st.booleans(), st.booleans())
def test_a_nearer_number_never_scores_less(
    truth: float, first: float, second: float, below: bool, relaxed: bool
) -> None:
    near, far = sorted((first, second))
    sign = -1 if below else 1
    scores = [
        number_accuracy(repr(truth), repr(truth * (1 + sign * error)), relaxed=relaxed)
        for error in (near, far)
    ]
    assert scores[0] is not None and scores[1] is not None and scores[0] >= scores[1]


def test_numbers_have_units_and_a_relaxed_variant() -> None:
    assert number_accuracy("2.3 m", "230 cm") == 1
    assert number_accuracy("2.3", "2.3 meters") == 1
    assert number_accuracy("90 degrees", "90 m") == 0
    assert number_accuracy("0", "0") == 1
    assert number_accuracy("0", "0.1") == 0
    assert number_accuracy("2", "2.2") == pytest.approx(0.9)
    assert number_accuracy("2", "2.2", relaxed=True) == 0
    assert number_accuracy("2", "2.1", relaxed=True) == 1
    assert number_accuracy("2", "2 or 3") is None


@given(st.text("abc ", max_size=8), st.text("abc ", max_size=8))
def test_edit_distance_is_that_of_the_textbook(first: str, second: str) -> None:
    table = np.zeros((len(first) + 1, len(second) + 1), int)
    table[:, 0], table[0] = range(len(first) + 1), range(len(second) + 1)
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b)
            )
    assert edit_distance(first, second) == table[-1, -1]


def test_texts_score_by_likeness_down_to_half() -> None:
    assert text_accuracy("Wooden chair", "wooden  chair.") == 1
    assert text_accuracy("chair", "chairs") == pytest.approx(5 / 6)
    assert text_accuracy("chair", "table") == 0
    assert text_accuracy("chair", "a chair that stands in the middle of the room") == 0
    assert text_accuracy("chair", " ") is None


@given(*[st.tuples(st.floats(0, 1), st.floats(0, 1))] * 3)
def test_a_nearer_point_never_scores_less(
    truth: tuple[float, float], first: tuple[float, float], second: tuple[float, float]
) -> None:
    def text(point: tuple[float, float]) -> str:
        return f"({point[0]:.6f}, {point[1]:.6f})"

    def distance(point: tuple[float, float]) -> float:
        return hypot(*(round(a, 6) - round(b, 6) for a, b in zip(point, truth, strict=True)))

    near, far = sorted((first, second), key=distance)
    scores = [point_accuracy(text(truth), text(point)) for point in (near, far)]
    assert scores[0] is not None and scores[1] is not None
    assert scores[0] >= scores[1] - 1e-9


def test_points_score_linearly_down_to_a_tenth_of_the_image() -> None:
    assert point_accuracy("(0.5, 0.5)", "(0.55, 0.5)") == pytest.approx(0.5)
    assert point_accuracy("(0.5, 0.5)", "(0.5, 0.61)") == 0
    assert point_accuracy("(0.5, 0.5)", "left") is None


@settings(max_examples=60, deadline=None)
@given(boxes, boxes, st.randoms(use_true_random=False))
def test_the_order_of_boxes_does_not_matter(first: list, second: list, random) -> None:
    score = boxes_accuracy(json.dumps(first), json.dumps(second))
    random.shuffle(first)
    random.shuffle(second)
    assert boxes_accuracy(json.dumps(first), json.dumps(second)) == pytest.approx(score)


@settings(max_examples=60, deadline=None)
@given(boxes, boxes, st.data())
def test_moving_a_box_onto_a_true_one_that_is_free_never_costs(
    truth: list, answer: list, data: st.DataObject
) -> None:
    before = boxes_accuracy(json.dumps(truth), json.dumps(answer))
    place = data.draw(st.integers(0, len(answer) - 1))
    # Only a label that the box has already: what it was matched with before stays possible.
    fitting = [b for b in truth if b["label"] == answer[place]["label"]]
    if len(fitting) == 1:
        answer[place] = fitting[0]
        after = boxes_accuracy(json.dumps(truth), json.dumps(answer))
        assert before is not None and after is not None and after >= before - 1e-9


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_an_identical_list_of_boxes_scores_all_and_a_missing_box_costs(truth: list) -> None:
    assert boxes_accuracy(json.dumps(truth), json.dumps(truth)) == pytest.approx(1)
    less = boxes_accuracy(json.dumps(truth), json.dumps(truth[1:]))
    assert less is not None and less < 1


def test_a_label_must_fit() -> None:
    wrong = BOXES.replace("chair", "sofa")
    # One of three boxes is left: a third of the IoU and of the F1 score.
    assert boxes_accuracy(BOXES, wrong) == pytest.approx(1 / 3)
    assert boxes_accuracy(BOXES, "[]") == 0
    assert boxes_accuracy("[]", "[]") == 1


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(0)
)
def test_more_overlap_of_any_pair_never_costs(
    given_boxes: int, wanted: int, seed: int, more: float, place: int
) -> None:
    ious = np.random.default_rng(seed).uniform(0, 0.6, (given_boxes, wanted))
    better = ious.copy()
    better.flat[place % ious.size] = max(better.flat[place % ious.size], more)
    assert best_matching(better) >= best_matching(ious) - 1e-12


def test_the_matching_with_the_most_overlap_is_not_always_the_best() -> None:
    # 0.5 + 0 is the most IoU, but leaves one box unfound.
    assert best_matching(np.array([[0.5, 0.26], [0.2, 0]])) == pytest.approx(0.5 * 0.5 / 2 + 0.25)
    assert best_matching(np.array([[0.5, 0.26], [0.26, 0]])) == pytest.approx(0.5 * 0.52 / 2 + 0.5)


def test_a_form_without_reward_is_refused() -> None:
    assert set(ACCURACIES) == set(FORMS)
    with pytest.raises(SpatuneError, match="'position' have no reward"):
        reward("position", "(1, 2, 3)", "(1, 2, 3)", False)
    with pytest.raises(SpatuneError, match="is not a number"):
        reward("number", "many", "3", False)
