"""Orders of appearance: true for whatever share of a frame someone needs to notice a thing."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.tuning.questions.absent import absent_categories
from spatune.tuning.questions.lookalikes import alike
from spatune.tuning.questions.order import (
    SHARE_OF_YES,
    SKILLS,
    appearances,
    obj_appearance_order,
    relative_temporal_order,
    temporal_order,
    was_seen,
)
from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Sighting, Trajectory

Ask = Callable[[Subject, np.random.Generator], Draft]
ORDERS: list[Ask] = [obj_appearance_order, temporal_order, relative_temporal_order]
CAMERA = Pinhole.looking((0, 1.5, 0), (0, 0, 0), 60, 100, 100)
BOX = Box.from_bounds((0, 0, 0), (1, 1, 1))
SEEN, FAINT, GONE = 0.1, 0.01, 0.0


def subject(shows: list[dict[str, float]], hidden: tuple[str, ...] = ()) -> Subject:
    """A walk whose frames show these shares; an object's id is its category, a bar and a number."""
    names = sorted({name for shares in shows for name in shares} | set(hidden))
    things = tuple(SceneObject(name, name.split("|")[0], BOX) for name in names)
    scene = Scene("s", "test", things, (SceneRoom("r", "", 9.0),))
    frames = tuple(
        Frame(
            index=10 * place,
            time=float(place),
            camera=CAMERA,
            sightings={name: Sighting(1, share, 1.0) for name, share in shares.items() if share},
            agent=(0.0, 0.9, 0.0),
        )
        for place, shares in enumerate(shows)
    )
    return Subject(Trajectory("t", scene, frames))


def one_by_one(*names: str) -> list[dict[str, float]]:
    return [{f"{name}|1": SEEN} for name in names]


def drafts(ask: Ask, shown: Subject, draws: int = 60) -> list[Draft]:
    """What comes up, each key once."""
    found: dict[tuple[str, ...], Draft] = {}
    for seed in range(draws):
        try:
            draft = ask(shown, np.random.default_rng(seed))
        except Unsuitable:
            continue
        found.setdefault(draft.key, draft)
    return list(found.values())


def noticed(shows: list[dict[str, float]], category: str, share: float) -> int:
    """The first frame in which someone sees a category who needs that share."""
    return next(
        place
        for place, shares in enumerate(shows)
        if any(n.split("|")[0] == category and s >= share for n, s in shares.items())
    )


def test_the_answer_is_the_order_of_the_frames() -> None:
    shown = subject(one_by_one("sofa", "bed", "lamp", "sink"))
    for seed in range(20):
        draft = obj_appearance_order(shown, np.random.default_rng(seed))
        assert draft.answer == "sofa, bed, lamp, sink"
        assert draft.key == ("bed", "lamp", "sink", "sofa")
        assert draft.provenance["order"] == ["sofa", "bed", "lamp", "sink"]
        assert draft.provenance["salient_frames"] == [0, 10, 20, 30]


def test_the_wording_is_vsi_benchs() -> None:
    draft = obj_appearance_order(
        subject(one_by_one("sofa", "bed", "lamp", "sink")), np.random.default_rng(0)
    )
    listed = re.fullmatch(
        r"What will be the first-time appearance order of the following categories in the video: "
        r"(\w+, \w+, \w+, \w+)\?",
        draft.question,
    )
    assert listed and set(listed.group(1).split(", ")) == {"sofa", "bed", "lamp", "sink"}


def test_the_listed_order_says_nothing() -> None:
    shown = subject(one_by_one("sofa", "bed", "lamp", "sink"))
    texts = {obj_appearance_order(shown, np.random.default_rng(n)).question for n in range(200)}
    assert len(texts) == 24


def test_the_earliest_object_of_a_category_counts() -> None:
    shows = one_by_one("bed", "sofa", "lamp", "sink")
    shows[0]["chair|1"] = GONE
    shows += [{"bed|2": SEEN}]
    (draft,) = drafts(obj_appearance_order, subject(shows))
    assert draft.answer == "bed, sofa, lamp, sink"


@pytest.mark.parametrize("ask", ORDERS)
def test_categories_that_come_into_view_together_are_not_compared(ask: Ask) -> None:
    shows = one_by_one("sofa", "bed", "lamp", "sink", "desk")
    shows[1]["rug|1"] = SEEN
    keys = [draft.key for draft in drafts(ask, subject(shows))]
    assert any("rug" in key for key in keys) and any("bed" in key for key in keys)
    assert not any({"rug", "bed"} <= set(key) for key in keys)


@pytest.mark.parametrize("ask", ORDERS)
def test_a_faint_sight_before_another_category_makes_the_order_doubtful(ask: Ask) -> None:
    shows = one_by_one("sofa", "bed", "lamp", "sink", "desk")
    shows[1]["desk|1"] = FAINT
    keys = [draft.key for draft in drafts(ask, subject(shows))]
    # The sofa is clearly before it; bed, lamp and sink are neither before nor after it.
    assert not any("desk" in key and {"bed", "lamp", "sink"} & set(key) for key in keys)
    if ask is not obj_appearance_order:
        assert ("desk", "sofa") in keys
    # Below the faint share nobody sees it.
    shows[1]["desk|1"] = 0.001
    keys = [draft.key for draft in drafts(ask, subject(shows))]
    assert any("desk" in key and {"bed", "lamp", "sink"} & set(key) for key in keys)


@pytest.mark.parametrize("ask", ORDERS)
def test_doubtful_categories_are_not_asked_about(ask: Ask) -> None:
    shows = one_by_one("sofa", "bed", "lamp", "sink", "desk")
    shows[2]["desk|2"] = FAINT
    assert not any("desk" in draft.key for draft in drafts(ask, subject(shows)))


SHARES = st.sampled_from((0.0, 0.0, 0.001, 0.005, 0.015, 0.05, 0.3))
CATEGORIES = ("bed", "desk", "lamp", "rug", "sink", "sofa")
OBJECTS = tuple(f"{name}|{number}" for name in CATEGORIES for number in (1, 2))


@pytest.mark.parametrize("ask", ORDERS)
@settings(max_examples=60, deadline=None)
@given(
    shows=st.lists(
        st.fixed_dictionaries({name: SHARES for name in OBJECTS}), min_size=1, max_size=9
    ),
    needs=st.fixed_dictionaries({name: st.floats(0.002, 0.02) for name in CATEGORIES}),
    seed=st.integers(0, 2**32),
)
def test_the_order_is_true_for_everyone(
    ask: Ask, shows: list[dict[str, float]], needs: dict[str, float], seed: int
) -> None:
    try:
        draft = ask(subject(shows), np.random.default_rng(seed))
    except Unsuitable:
        return
    first = {name: noticed(shows, name, needs[name]) for name in draft.key}
    assert len(set(first.values())) == len(first)
    order = sorted(first, key=lambda name: first[name])
    if ask is relative_temporal_order:
        found = re.fullmatch(
            r"Did the (\w+) appear before the (\w+) in the video\?", draft.question
        )
        assert found
        assert (draft.answer == "yes") == ([found.group(1), found.group(2)] == order)
        assert {draft.answer, *draft.wrong} == {"yes", "no"}
    else:
        assert draft.answer == ", ".join(order)
        options = [draft.answer, *draft.wrong]
        assert len(set(options)) == (2 if len(order) == 2 else 4)
        assert all(sorted(option.split(", ")) == sorted(order) for option in options)


def test_temporal_order_takes_two_to_six() -> None:
    shown = subject(one_by_one("sofa", "bed", "lamp", "sink", "desk", "rug", "toilet"))
    assert {len(draft.key) for draft in drafts(temporal_order, shown, 99)} == {2, 3, 4, 5, 6}


def test_yes_and_no_are_even_in_relative_order() -> None:
    shown = subject(one_by_one("sofa", "bed", "lamp", "sink"))
    answers = [relative_temporal_order(shown, np.random.default_rng(n)).answer for n in range(300)]
    assert 120 < answers.count("yes") < 180


def test_yes_and_no_are_drawn_alike_in_was_seen() -> None:
    shown = subject(one_by_one("sofa", "bed", "armchair"), hidden=("teddy bear|1",))
    got = [was_seen(shown, np.random.default_rng(n)) for n in range(600)]
    yes = [draft for draft in got if draft.answer == "yes"]
    assert len(yes) / len(got) == pytest.approx(SHARE_OF_YES, abs=0.07)
    assert {draft.key[0] for draft in yes} == {"sofa", "bed", "armchair"}
    for draft in got:
        assert draft.question == f"Does any {draft.key[0]} appear in the video?"
        assert {draft.answer, *draft.wrong} == {"yes", "no"}


def test_what_is_in_the_scene_is_never_said_to_be_absent() -> None:
    shows = [{"sofa|1": SEEN, "fridge|1": FAINT, "laptop|1": 0.001}]
    shown = subject(shows, hidden=("toilet|1",))
    got = [was_seen(shown, np.random.default_rng(n)) for n in range(300)]
    said = {draft.key[0]: draft.answer for draft in got}
    # A toilet is behind the camera, the fridge may have been noticed, an armchair is like a sofa.
    assert not {"toilet", "fridge", "laptop", "armchair", "dog bed"} & set(said)
    assert said.pop("sofa") == "yes"
    assert said and set(said.values()) == {"no"}


def test_absent_categories_are_unlike_anything_in_the_scene() -> None:
    home = subject(one_by_one("sofa", "coffee table", "mug")).scene
    absent = absent_categories(home)
    assert "bed" not in absent and "desk" not in absent and "toilet" in absent
    assert not any(alike(name, thing.category) for name in absent for thing in home.objects)
    table = Scene("t", "test", home.objects)
    assert "spoon" in absent_categories(table) and "toilet" not in absent_categories(table)
    assert "bowl" not in absent_categories(table)


def test_appearances_are_places_in_the_shown_frames() -> None:
    shows = [{"bed|1": GONE}, {"bed|1": FAINT}, {"bed|2": FAINT}, {"bed|2": SEEN, "bed|1": SEEN}]
    assert appearances(subject(shows)) == {"bed": (1, 3)}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_without_frames_nothing_is_asked(skill) -> None:
    shown = subject([], hidden=("bed|1", "sofa|1", "lamp|1", "sink|1"))
    for seed in range(5):
        with pytest.raises(Unsuitable, match="^no frames$"):
            skill.ask(shown, np.random.default_rng(seed))


@pytest.mark.parametrize("ask", ORDERS)
def test_without_a_clear_order_nothing_is_asked(ask: Ask) -> None:
    together = {f"{name}|1": SEEN for name in ("bed", "sofa", "lamp", "sink", "desk", "rug")}
    for seed in range(5):
        with pytest.raises(Unsuitable, match="^no clear order$"):
            ask(subject([together]), np.random.default_rng(seed))
    with pytest.raises(Unsuitable, match="^too few objects$"):
        ask(subject([{"bed|1": SEEN}]), np.random.default_rng(0))


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_the_seed_alone_decides(skill) -> None:
    shown = subject(one_by_one("sofa", "bed", "lamp", "sink", "desk", "rug", "toilet"))
    first = [skill.ask(shown, np.random.default_rng(seed)) for seed in range(5)]
    assert first == [skill.ask(shown, np.random.default_rng(seed)) for seed in range(5)]
