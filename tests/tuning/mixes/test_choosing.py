"""Which questions are chosen, and where the right options go."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from spatune.tuning.mixes.choosing import choose
from spatune.tuning.mixes.letters import place_letters, with_right_option_at
from spatune.tuning.quality.outline import Outline
from spatune.tuning.quality.question_files import Place
from spatune.tuning.quality.stable_hash import stable_hash
from spatune.tuning.questions.question import LETTERS, Question

PLACE = Place(0, 0)


def outline(name: str, answer: str, scene: str = "s", **changes) -> Outline:
    """A left/right question in short."""
    facts = {
        "task": "t", "capability": "SR", "form": "choice", "options": ("left", "right"),
        "words": (), "places": 2, "letter": 0, "order": (), "asked": stable_hash(name),
        "has_pictures": True,
    } | changes  # fmt: skip
    return Outline(id=name, place=PLACE, scene=scene, answer=answer, **facts)


def skewed(count: int) -> list[Outline]:
    """Left is right in 80 %, over five scenes, of which the first has most questions."""
    draw = random.Random(0)
    scenes = ["a"] * 6 + ["b", "c", "d", "e"]
    return [
        outline(f"q{i}", "left" if draw.random() < 0.8 else "right", draw.choice(scenes))
        for i in range(count)
    ]


def test_answers_of_a_closed_set_come_out_equal() -> None:
    answers = Counter(o.answer for o in choose(skewed(1000), 300, seed=0))
    assert answers == {"left": 150, "right": 150}


def test_a_class_that_runs_out_leaves_its_turns_to_the_others() -> None:
    held = skewed(1000)
    rights = sum(o.answer == "right" for o in held)
    answers = Counter(o.answer for o in choose(held, 900, seed=0))
    assert answers == {"right": rights, "left": 900 - rights}


def test_no_scene_floods_the_choice() -> None:
    scenes = Counter(o.scene for o in choose(skewed(1000), 100, seed=0))
    assert max(scenes.values()) - min(scenes.values()) <= 1


def test_a_thing_asked_before_waits_until_new_ones_are_used() -> None:
    held = [outline(f"q{i}", "left", asked=i % 10) for i in range(40)]
    assert len({o.asked for o in choose(held, 10, seed=3)}) == 10


@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_choice_does_not_depend_on_the_order_of_the_questions(
    shuffler: random.Random, seed: int
) -> None:
    held = skewed(60)
    shuffled = list(held)
    shuffler.shuffle(shuffled)
    expected = [o.id for o in choose(held, 20, seed)]
    assert [o.id for o in choose(shuffled, 20, seed)] == expected
    assert [o.id for o in choose(held, 20, seed + 1)] != expected


def test_numbers_are_spread_over_quantiles() -> None:
    draw = random.Random(1)
    held = [
        outline(f"q{i}", f"{draw.expovariate(1):.2f}", form="number", options=(), places=0)
        for i in range(2000)
    ]
    values = sorted(float(o.answer) for o in held)
    chosen = choose(held, 200, seed=0)
    tenths = Counter(
        min(9, sum(float(o.answer) >= values[200 * k] for k in range(1, 10))) for o in chosen
    )
    assert all(count == 20 for count in tenths.values())


def test_an_option_is_right_no_more_often_than_chance_where_options_change() -> None:
    draw = random.Random(2)
    held = []
    for i in range(3000):
        options = tuple(draw.sample("abcdefghijkl", 4))
        weights = [8 if option == "a" else 1 for option in options]
        answer = draw.choices(options, weights)[0]
        held.append(outline(f"q{i}", answer, options=options, places=4))

    def right_share(chosen: list[Outline]) -> float:
        shown = [o for o in chosen if "a" in o.options]
        return sum(o.answer == "a" for o in shown) / len(shown)

    assert right_share(held) > 0.6
    assert abs(right_share(choose(held, 500, seed=0)) - 0.25) < 0.03


def test_a_word_of_the_question_does_not_tell_the_answer() -> None:
    draw = random.Random(3)
    held = []
    for i in range(2000):
        word = draw.choice(("bed", "sofa", "desk"))
        answer = (
            "left" if draw.random() < {"bed": 0.85, "sofa": 0.15, "desk": 0.5}[word] else "right"
        )
        held.append(outline(f"q{i}", answer, words=("the", word)))
    for word in ("bed", "sofa"):
        answers = Counter(o.answer for o in choose(held, 400, seed=0) if word in o.words)
        assert abs(answers["left"] - answers["right"]) <= 0.1 * answers.total()


@given(st.lists(st.sampled_from(["left", "right", "back"]), max_size=40), st.integers(0, 5))
def test_letters_differ_by_at_most_one_overall_and_for_each_answer(
    answers: list[str], seed: int
) -> None:
    options = ("left", "right", "back")
    held = [outline(f"q{i}", a, options=options, places=3) for i, a in enumerate(answers)]
    places = place_letters(held, seed)
    assert set(places) == {o.id for o in held}
    for group in (held, *([o for o in held if o.answer == a] for a in options)):
        letters = Counter(places[o.id] for o in group)
        counts = [letters[k] for k in range(3)]
        assert max(counts) - min(counts) <= 1


def test_letters_are_balanced_for_each_number_of_options() -> None:
    held = [
        outline(f"q{i}", "a", options=tuple("abcd"[: 2 + i % 3]), places=2 + i % 3)
        for i in range(90)
    ]
    places = place_letters(held, seed=0)
    for count in (2, 3, 4):
        letters = Counter(places[o.id] for o in held if o.places == count)
        assert max(letters.values()) - min(letters.values()) <= 1
        assert set(letters) == set(range(count))


def test_the_right_option_moves_and_the_others_lie_in_any_order(
    make_question: Callable[..., Question],
) -> None:
    options = ("bed", "sofa", "desk", "lamp")
    orders = set()
    for number in range(40):
        facts = {"question": "?", "answer": "sofa", "options": options}
        question = with_right_option_at(make_question("t", "s", number, facts), number % 4, seed=0)
        assert question.letter == LETTERS[number % 4]
        assert question.options[number % 4] == "sofa"
        assert sorted(question.options) == sorted(options)
        orders.add(tuple(option for option in question.options if option != "sofa"))
    assert len(orders) == 6


def test_neither_of_two_things_comes_first_more_often() -> None:
    """Large things are seen sooner; a mix must not teach that without pictures."""
    orders = [("bed", "cup"), ("bed", "cup"), ("bed", "cup"), ("cup", "bed")] * 50
    outlines = [
        outline(f"q{i}", "", f"s{i % 7}", order=order, places=2) for i, order in enumerate(orders)
    ]
    chosen = choose(outlines, 80, 0)
    first = sum(one.order == ("bed", "cup") for one in chosen)
    assert abs(first - 40) <= 2
