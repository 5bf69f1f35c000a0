"""Where a round agent can stand and go, against a disc that is moved in small steps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spatune.envs.houses.floorplan import AGENT_HEIGHT, AGENT_RADIUS, FloorPlan, is_passable
from spatune.envs.houses.house import House
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.openings import opening_span
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.read import read_house
from spatune.envs.houses.yaw_box import object_box

DATA = Path(__file__).parent / "data"
NAMES = ("two", "four", house_names("test")[0], house_names("val")[4])
STEPS = 400
shares = st.floats(0, 1)


@cache
def house_of(name: str) -> House:
    file = DATA / f"{name}_rooms.json"
    return read_house(file) if file.exists() else load_house(name)


@cache
def plan_of(name: str) -> FloorPlan:
    return FloorPlan(house_of(name))


@cache
def outlines(name: str) -> list[tuple[str, np.ndarray]]:
    """Obstacles as closed polylines of corners (K, 2), made without `FloorPlan`."""
    house, found = house_of(name), []
    for thing, parent in house.all_objects():
        box = object_box(thing)
        low = box.bottom < AGENT_HEIGHT and box.top > 0.03
        if low and (parent is None or box.bottom <= 0.3):
            found.append((thing.id, np.array([*box.corners, box.corners[0]])))
    for wall in house.walls:
        if wall.empty or wall.exterior:
            continue
        gaps = [
            opening_span(door, wall)
            for door in house.doors
            if wall.id in door.walls and is_passable(door, door.openness)
        ]
        ends = [0.0, *(end for gap in sorted(gaps) for end in gap), wall.length]
        start = np.array(wall.start)
        along = (np.array(wall.end) - start) / wall.length
        for left, right in zip(ends[::2], ends[1::2], strict=True):
            found.append((wall.id, np.array([start + left * along, start + right * along])))
    return found


def distances(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Metres from points (P, 2) to an obstacle; 0 inside it."""
    nearest = np.full(len(points), np.inf)
    for a, b in zip(outline, outline[1:], strict=False):
        way = b - a
        share = np.clip((points - a) @ way / max(way @ way, 1e-18), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - a - share[:, None] * way, axis=1))
    if len(outline) > 2:
        ways, offsets = np.diff(outline, axis=0), points[:, None] - outline[:-1]
        sides = np.sign(ways[:, 0] * offsets[..., 1] - ways[:, 1] * offsets[..., 0])
        nearest[np.abs(sides.sum(axis=1)) == len(ways)] = 0.0
    return nearest


def sweep(name: str, start: np.ndarray, end: np.ndarray) -> float:
    """Least distance (m) of a straight way to anything, sampled."""
    points = start + np.linspace(0, 1, STEPS)[:, None] * (end - start)
    low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
    return min(
        (
            distances(points, outline).min()
            for _, outline in outlines(name)
            if (outline.max(axis=0) > low).all() and (outline.min(axis=0) < high).all()
        ),
        default=1.0,
    )


def place(name: str, x: float, z: float) -> np.ndarray:
    low, high = plan_of(name).bounds
    return low + (high - low) * [x, z]


def in_house(name: str, point: np.ndarray) -> bool:
    x, z = float(point[0]), float(point[1])
    return any(contains(room.floor, (x, z)) for room in house_of(name).rooms)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NAMES),
    shares,
    shares,
    st.one_of(st.just(0.0), st.floats(0, 2.5)),
    st.floats(0, 2 * np.pi),
)
def test_a_way_is_clear_if_a_moving_disc_touches_nothing(
    name: str, x: float, z: float, length: float, angle: float
) -> None:
    start = place(name, x, z)
    end = start + length * np.array([np.sin(angle), np.cos(angle)])
    gap = sweep(name, start, end)
    # Closer to touching than the samples tell apart is left to the exact test.
    assume(abs(gap - AGENT_RADIUS) > 0.002)
    expected = gap > AGENT_RADIUS and in_house(name, start) and in_house(name, end)
    plan = plan_of(name)
    assert plan.clear(start, end).tolist() == [expected]
    assert plan.clear(end, start).tolist() == [expected]
    if gap < AGENT_RADIUS:
        assert plan.blocker(start, end) in {owner for owner, _ in outlines(name)}
    else:
        assert plan.blocker(start, end) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), shares, shares)
def test_the_blocker_is_the_obstacle_nearest_to_the_start(name: str, x: float, z: float) -> None:
    start = place(name, x, z)
    end = start + [1.0, 1.5]
    plan = plan_of(name)
    assume(plan.free(start)[0])
    way = start + np.linspace(0, 1, STEPS)[:, None] * (end - start)
    gaps = {
        owner: distances(start[None], outline)[0]
        for owner, outline in outlines(name)
        if distances(way, outline).min() < AGENT_RADIUS - 0.002
    }
    blocker = plan.blocker(start, end)
    if gaps and blocker is not None:
        own = [distances(start[None], o)[0] for owner, o in outlines(name) if owner == blocker]
        assert min(own) <= min(gaps.values()) + 1e-6
    assert (blocker is None) <= (not gaps)


def test_many_ways_at_once_are_as_one_at_a_time() -> None:
    plan = plan_of("four")
    random = np.random.default_rng(0)
    low, high = plan.bounds
    starts = random.uniform(low, high, (5000, 2))
    ends = starts + random.uniform(-0.5, 0.5, (5000, 2))
    together = plan.clear(starts, ends)
    for index in range(0, 5000, 97):
        assert plan.clear(starts[index], ends[index])[0] == together[index]
    assert 0.05 < together.mean() < 0.95
    assert plan.clear(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


def test_standing_is_a_way_without_length() -> None:
    plan = plan_of("two")
    low, high = plan.bounds
    points = np.random.default_rng(1).uniform(low, high, (500, 2))
    np.testing.assert_array_equal(plan.free(points), plan.clear(points, points))


@pytest.mark.parametrize("name", ["four", *house_names("test")[2:6]])
def test_open_doors_are_passages_and_closed_ones_are_walls(name: str) -> None:
    house = replace(house_of(name), objects=())
    walls = {wall.id: wall for wall in house.walls}
    inner = [door for door in house.doors if not door.outside]
    assert inner
    for door in inner:
        wall = walls[door.walls[0]]
        start, end = np.array(wall.start), np.array(wall.end)
        along = (end - start) / wall.length
        middle = start + along * (door.left + door.right) / 2
        normal = np.array([-along[1], along[0]])
        here, there = middle - 0.3 * normal, middle + 0.3 * normal
        opened = FloorPlan(house, openness={door.id: 1.0})
        assert opened.clear(here, there)[0] and opened.free(middle)[0]
        assert opened.blocker(here, there) is None
        closed = FloorPlan(house, openness={door.id: 0.0})
        assert closed.clear(here, there)[0] == (not door.openable)
        if door.openable:
            assert closed.blocker(here, there) in door.walls
            assert is_passable(door, 0.6) and not is_passable(door, 0.5)


def test_doors_that_lead_outside_are_never_passages() -> None:
    house = house_of("four")
    door = next(door for door in house.doors if door.outside)
    assert not is_passable(replace(door, openable=True), 1.0)
    assert not is_passable(replace(door, openable=False), 1.0)


def test_things_on_furniture_are_over_an_agents_feet_but_not_its_head() -> None:
    house = house_of("two")
    owners = set(FloorPlan(house).owners)
    for thing, parent in house.all_objects():
        if parent is not None and thing.position[1] > 0.5:
            assert thing.id not in owners
        if parent is None and thing.position[1] < 1.0:
            assert thing.id in owners


def test_what_is_removed_stands_in_the_way_no_more() -> None:
    house = house_of("two")
    table = next(thing for thing in house.objects if thing.id == "3|0")
    middle = np.array([table.position[0], table.position[2]])
    assert not FloorPlan(house).free(middle)[0]
    plan = FloorPlan(house, removed=frozenset({table.id}))
    assert plan.free(middle)[0] and table.id not in plan.owners


def test_a_thinner_agent_gets_further() -> None:
    low, high = plan_of("four").bounds
    points = np.random.default_rng(2).uniform(low, high, (2000, 2))
    wide = FloorPlan(house_of("four"), radius=0.3).free(points)
    usual = plan_of("four").free(points)
    thin = FloorPlan(house_of("four"), radius=0.05).free(points)
    assert not (wide & ~usual).any() and not (usual & ~thin).any()
    assert wide.sum() < usual.sum() < thin.sum()


def test_nowhere_outside_is_free() -> None:
    low, high = plan_of("two").bounds
    corners = np.array([low - 1, high + 1, [low[0] - 0.5, high[1]]])
    assert not plan_of("two").free(corners).any()
    assert not plan_of("two").inside(corners).any()
