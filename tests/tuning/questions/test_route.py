"""Routes: a robot that follows the answer arrives, and only that answer fits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.route import (
    BACK_DEGREES,
    BESIDE,
    FACED,
    LEAST_WALK,
    MARGIN_DEGREES,
    SKILLS,
    STOP,
    STRAIGHT_DEGREES,
    route_planning,
)
from spatune.tuning.questions.skill import Unsuitable
from spatune.tuning.questions.walkable import TOLERANCE, WalkableFloor, rectangle_gap
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.scene import Scene, SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Trajectory

SIDE, GRID, RADIUS = 6.0, 0.25, 0.2
Point = tuple[float, float]
Rectangle = tuple[Point, Point]


@dataclass(frozen=True)
class Home:
    """A square room with objects in it, and perhaps a wall across at z = 3 with a door."""

    objects: dict[str, Rectangle]
    wall: bool = False
    door: Rectangle | None = None
    floors: tuple[tuple[Point, ...], ...] = field(default=())

    def subject(self, turned: int = 0, mirror: bool = False) -> Subject:
        """As given, after quarter turns to the right, or in a mirror."""

        def moved(point: Point) -> Point:
            x, z = (-point[0] if mirror else point[0]), point[1]
            for _ in range(turned):
                x, z = z, -x
            return x, z

        things = []
        for name, corners in self.objects.items():
            (x0, z0), (x1, z1) = (moved(corner) for corner in corners)
            low, high = (min(x0, x1), 0.0, min(z0, z1)), (max(x0, x1), 0.8, max(z0, z1))
            things.append(SceneObject(f"{name}|1", name, Box.from_bounds(low, high)))
        rooms = tuple(
            SceneRoom(f"room {n}", "", 1.0, tuple(moved(corner) for corner in floor))
            for n, floor in enumerate(self.floors)
        )
        walkable = tuple(moved(point) for point in self.free())
        return Subject(Trajectory("t", Scene("s", "test", tuple(things), rooms, walkable)))

    def free(self) -> list[Point]:
        """Grid points with room for an agent."""
        axis = np.arange(GRID, SIDE, GRID)
        points = np.array([(x, z) for x in axis for z in axis])
        free = np.ones(len(points), bool)
        for low, high in self.objects.values():
            free &= rectangle_gap(points, np.array(low), np.array(high)) >= RADIUS
        if self.wall:
            free &= (np.abs(points[:, 1] - 3.0) >= RADIUS) | self._in_door(points)
        return [(float(x), float(z)) for x, z in points[free]]

    def _in_door(self, points: np.ndarray) -> np.ndarray:
        if self.door is None:
            return np.zeros(len(points), bool)
        low, high = np.array(self.door)
        return ((points >= low) & (points <= high)).all(axis=1)


def spot(x: float, z: float, size: float = 0.4) -> Rectangle:
    return (x - size / 2, z - size / 2), (x + size / 2, z + size / 2)


SQUARE = Home(
    {
        "lamp": spot(0.5, 0.5),
        "sofa": ((2.0, 0.0), (4.0, 0.8)),
        "desk": spot(5.5, 0.6, 0.8),
        "bed": ((3.8, 4.0), (6.0, 6.0)),
        "sink": spot(0.4, 5.5),
        "rug": spot(2.8, 3.1, 0.3),
    }
)


def drafts(asked: Subject, draws: int = 60) -> list[Draft]:
    found = []
    for seed in range(draws):
        try:
            found.append(route_planning(asked, np.random.default_rng(seed)))
        except Unsuitable:
            continue
    return found


def steps(draft: Draft) -> tuple[str, str, str, list[str]]:
    """Start, faced object, target and the actions."""
    found = re.fullmatch(
        r"You are a robot beginning at the (.+) facing the (.+)\. You want to navigate to the "
        r"(.+)\. You will perform the following actions \(Note: for each \[please fill in\], "
        r"choose either 'turn back,' 'turn left,' or 'turn right\.'\): (1\. .+)\. You have reached "
        r"the final destination\.",
        draft.question,
    )
    assert found
    numbered = re.split(r"(?:^| )(\d)\. ", found.group(4))
    assert numbered[1::2] == [str(n) for n in range(1, len(numbered) // 2 + 1)]
    return found.group(1), found.group(2), found.group(3), numbered[2::2]


def degrees_right(before: np.ndarray, after: np.ndarray) -> float:
    return float(-np.degrees(np.angle(complex(*after) / complex(*before))))


def called(degrees: float) -> str:
    """The name of a clear turn, or empty.

    Half of the margin is left over, as this robot's steps are others than the generator's.
    """
    if abs(degrees) >= BACK_DEGREES + MARGIN_DEGREES / 2:
        return "Turn Back"
    low, high = STRAIGHT_DEGREES + MARGIN_DEGREES / 2, BACK_DEGREES - MARGIN_DEGREES / 2
    if low <= abs(degrees) <= high:
        return "Turn Right" if degrees > 0 else "Turn Left"
    return ""


def follow(asked: Subject, draft: Draft) -> None:
    """Walk the route by its text and answer; fails where a turn, a way or a stop is wrong."""
    boxes = {thing.category: thing.box for thing in asked.scene.objects}
    tree = KDTree(np.array(asked.scene.walkable))
    start, facing, target, actions = steps(draft)
    turns = draft.answer.split(", ")

    def gap(name: str, place: np.ndarray) -> float:
        return float(rectangle_gap(place, boxes[name].low[[0, 2]], boxes[name].high[[0, 2]]))

    places = list(draft.provenance["places"])
    place, here = np.array(places.pop(0)), start
    assert tree.query(place)[0] < 1e-3 and gap(start, place) <= BESIDE
    to_faced = boxes[facing].ground - place
    assert FACED[0] <= np.linalg.norm(to_faced) or actions[0].startswith("Go")
    heading, mapped = to_faced, boxes[facing].ground - boxes[start].ground
    pending = ""
    for action in actions:
        if action == "[please fill in]":
            pending = turns.pop(0)
            continue
        name = action.removeprefix("Go forward until the ")
        before = heading, mapped
        heading, mapped = boxes[name].ground - place, boxes[name].ground - boxes[here].ground
        if pending:
            assert called(degrees_right(before[0], heading)) == pending
            assert called(degrees_right(before[1], mapped)) == pending
        else:
            assert abs(degrees_right(before[0], heading)) < 1e-6
        way = place + np.linspace(0, 1, 1 + int(np.linalg.norm(heading) / 0.005))[:, None] * heading
        left, place = place, np.array(places.pop(0))
        along = int(np.argmin(np.linalg.norm(way - place, axis=1)))
        assert np.linalg.norm(way[along] - place) < 0.005
        assert np.linalg.norm(place - left) >= LEAST_WALK
        # What is between two looks of the generator, 1 cm apart, it knows to half of that.
        near = tree.query(way)[0]
        assert near[: along + 1].max() <= TOLERANCE + 0.01
        # It stops there because it has arrived, or because its next stride is blocked.
        assert gap(name, place) <= BESIDE + 1e-4
        before_stop, after_stop = way[along - 12], near[along : along + 12]
        arrived = gap(name, place) <= STOP + 0.005 <= gap(name, before_stop) + 0.01
        assert arrived or after_stop.max() > TOLERANCE - 0.01 or len(after_stop) < 12
        pending, here = "", name
    assert here == target and not turns and not places


def by_key(asked: Subject, draws: int = 30) -> dict[tuple[str, ...], str]:
    return {
        (*draft.key, str("1. [" in draft.question)): draft.answer for draft in drafts(asked, draws)
    }


def test_the_wording_is_vsi_benchs() -> None:
    found = drafts(SQUARE.subject(), 60)
    note = (
        "You will perform the following actions (Note: for each [please fill in], choose either "
        "'turn back,' 'turn left,' or 'turn right.'): "
    )
    names = [steps(draft) for draft in found]
    for draft, (start, facing, target, actions) in zip(found, names, strict=True):
        numbered = " ".join(f"{n}. {action}" for n, action in enumerate(actions, 1))
        assert draft.question == (
            f"You are a robot beginning at the {start} facing the {facing}. You want to navigate "
            f"to the {target}. {note}{numbered}. You have reached the final destination."
        )
    forms = {tuple(action.split()[0] for action in actions) for *_, actions in names}
    fill, go = "[please", "Go"
    assert forms == {
        (fill, go),
        (fill, go, fill, go),
        (fill, go, fill, go, fill, go),
        (go, fill, go),
        (go, fill, go, fill, go),
    }


def test_a_robot_that_follows_the_answer_arrives() -> None:
    asked = SQUARE.subject()
    found = drafts(asked, 50)
    assert len(found) > 40
    for draft in found:
        follow(asked, draft)


PLACES = st.lists(
    st.tuples(st.integers(1, 11), st.integers(1, 11), st.sampled_from((0.2, 0.4, 0.9))),
    min_size=3,
    max_size=7,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=25, deadline=None)
@given(places=PLACES, wall=st.booleans(), seed=st.integers(0, 2**32))
def test_every_route_leads_to_its_target(
    places: list[tuple[int, int, float]], wall: bool, seed: int
) -> None:
    spots = {f"thing {n}": spot(x / 2, z / 2, size) for n, (x, z, size) in enumerate(places)}
    asked = Home(spots, wall, ((2.4, 2.0), (3.6, 4.0))).subject()
    for more in range(4):
        try:
            draft = route_planning(asked, np.random.default_rng([seed, more]))
        except Unsuitable:
            continue
        follow(asked, draft)


@settings(max_examples=4, deadline=None)
@given(places=PLACES, turned=st.integers(1, 3))
def test_answers_stay_when_the_scene_turns_and_swap_in_a_mirror(
    places: list[tuple[int, int, float]], turned: int
) -> None:
    home = Home({f"thing {n}": spot(x / 2, z / 2, size) for n, (x, z, size) in enumerate(places)})
    before = by_key(home.subject())
    after = by_key(home.subject(turned))
    swapped = by_key(home.subject(mirror=True))
    words = {"Left": "Right", "Right": "Left"}
    assert all(after[key] == before[key] for key in before.keys() & after.keys())
    for key in before.keys() & swapped.keys():
        mirror = " ".join(words.get(w.rstrip(","), w.rstrip(",")) for w in before[key].split())
        assert swapped[key].replace(",", "") == mirror


def test_no_turn_is_within_ten_degrees_of_another_kind() -> None:
    for draft in drafts(SQUARE.subject(), 60):
        for key in ("degrees_clockwise", "degrees_between_centres"):
            for degrees in draft.provenance[key]:
                assert min(abs(abs(degrees) - edge) for edge in (45, 135)) >= 10


def test_known_turns() -> None:
    home = Home({"lamp": spot(3, 0.5), "sofa": spot(3, 5.5), "bed": spot(0.5, 5.4)})
    found = by_key(home.subject(), 120)
    # North to the sofa, then west to the bed.
    assert found["lamp", "sofa", "sofa", "bed", "False"] == "Turn Left"
    assert found["bed", "sofa", "sofa", "lamp", "False"] == "Turn Right"
    # At the sofa, facing west; the lamp is south.
    assert found["sofa", "bed", "lamp", "True"] == "Turn Left"
    # The bed is ahead on the left of who faces the lamp's way to the sofa: nobody asks that.
    assert ("lamp", "sofa", "bed", "True") not in found
    assert ("lamp", "bed", "sofa", "True") not in found


def test_wrong_options_are_other_turns() -> None:
    counts = set()
    for draft in drafts(SQUARE.subject(), 100):
        options = [draft.answer, *draft.wrong]
        asked = draft.question.count("[please fill in]") - 1
        counts.add((asked, len(options)))
        assert len(set(options)) == len(options)
        for option in options:
            turns = option.split(", ")
            assert len(turns) == asked and set(turns) <= {"Turn Back", "Turn Left", "Turn Right"}
    assert counts == {(1, 3), (2, 4), (3, 4)}


def test_every_turn_comes_up() -> None:
    turns = Counter(t for d in drafts(SQUARE.subject(), 150) for t in d.answer.split(", "))
    assert len(turns) == 3 and min(turns.values()) > 0.1 * sum(turns.values())


def test_nobody_walks_through_walls() -> None:
    south = {"lamp": spot(0.5, 0.5), "sofa": spot(3.0, 0.5), "bed": spot(5.5, 1.5)}
    north = {"desk": spot(0.5, 5.5), "sink": spot(3.0, 5.5), "rug": spot(5.5, 4.5)}
    closed = Home(south | north, wall=True).subject()
    across = [d for d in drafts(closed) if len({n in south for n in (d.key[0], *d.key[2:])}) > 1]
    assert not across
    door = Home(south | north, wall=True, door=((2.6, 2.0), (3.4, 4.0))).subject()
    across = [d for d in drafts(door) if len({n in south for n in (d.key[0], *d.key[2:])}) > 1]
    assert across
    for draft in across:
        follow(door, draft)


def test_an_object_behind_a_wall_is_not_reached() -> None:
    south = {"lamp": spot(0.5, 0.5), "sofa": spot(5.5, 0.5), "bed": spot(5.5, 1.9)}
    home = Home(
        south | {"sink": spot(1.0, 3.3)},
        wall=True,
        floors=(
            ((0.0, 0.0), (6.0, 0.0), (6.0, 3.0), (0.0, 3.0)),
            ((0.0, 3.0), (6.0, 3.0), (6.0, 6.0), (0.0, 6.0)),
        ),
    )
    assert not any("sink" in draft.key for draft in drafts(home.subject(), 100))
    # Without the floors nobody knows of the wall.
    unknown = Home(home.objects, wall=True).subject()
    assert any("sink" in draft.key for draft in drafts(unknown, 100))


def test_unsuitable_scenes() -> None:
    asked = SQUARE.subject()
    scene = asked.scene
    unknown = Subject(Trajectory("t", Scene("s", "test", scene.objects)))
    few = Subject(Trajectory("t", Scene("s", "test", scene.objects[:2], (), scene.walkable)))
    far = Subject(Trajectory("t", Scene("s", "test", scene.objects, (), ((50.0, 50.0),))))
    for subject, reason in (
        (unknown, "no walkable points"),
        (few, "too few objects"),
        (far, "no clear route"),
    ):
        with pytest.raises(Unsuitable, match=f"^{reason}$"):
            route_planning(subject, np.random.default_rng(0))


def test_the_seed_alone_decides() -> None:
    assert drafts(SQUARE.subject(), 10) == drafts(SQUARE.subject(), 10)
    assert [skill.name for skill in SKILLS] == ["route_planning"]


def test_a_way_ends_before_the_first_obstacle() -> None:
    floor = WalkableFloor(tuple(Home({}, wall=True).free()))
    way = floor.ahead(np.array([1.0, 1.0]), np.array([1.0, 5.0]))
    assert tuple(way[0]) == (1.0, 1.0)
    assert 2.7 <= way[-1][1] <= 2.75 + TOLERANCE
    clear = floor.ahead(np.array([1.0, 1.0]), np.array([4.0, 2.1]))
    assert tuple(clear[-1]) == (4.0, 2.1)


def test_places_beside_a_rectangle_are_sorted() -> None:
    floor = WalkableFloor(tuple(Home({}).free()))
    low, high = np.array([2.0, 0.0]), np.array([4.0, 0.8])
    places = floor.beside(low, high, 0.5)
    gaps = rectangle_gap(places, low, high)
    assert (np.diff(gaps) >= -1e-3).all() and gaps.max() <= 0.5 and (places[0] == (3, 0.5)).all()
