"""The grid of reachable points, its distances and its paths."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.floorplan import FloorPlan
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.reachable import ReachableGrid, path_length, pull_tight
from spatune.envs.houses.read import read_house

DATA = Path(__file__).parent / "data"
NAMES = ("two", "four", house_names("test")[1])
indices = st.integers(0, 10**6)


@cache
def grid_of(name: str, spacing: float = 0.25) -> ReachableGrid:
    file = DATA / f"{name}_rooms.json"
    house = read_house(file) if file.exists() else load_house(name)
    plan = FloorPlan(house)
    low, high = plan.bounds
    for x in np.arange(low[0], high[0], 0.25):
        for z in np.arange(low[1], high[1], 0.25):
            if plan.free(np.array([x, z]))[0]:
                grid = ReachableGrid(plan, (float(x), float(z)), spacing)
                if len(grid.points) > 40:
                    return grid
    raise AssertionError("there is a place to stand")


def place(grid: ReachableGrid, index: int) -> tuple[float, float]:
    x, z = grid.points[index % len(grid.points)]
    return float(x), float(z)


def slow_graph(grid: ReachableGrid) -> networkx.Graph:
    """The same graph, edge by edge."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(grid.points)))
    for i, a in enumerate(grid.points):
        gaps = np.linalg.norm(grid.points[:i] - a, axis=1)
        close = np.flatnonzero(gaps < 1.5 * grid.spacing)
        clear = grid.plan.clear(np.tile(a, (len(close), 1)), grid.points[close])
        graph.add_weighted_edges_from((i, j, gaps[j]) for j in close[clear])
    return graph


@pytest.mark.parametrize(("name", "spacing"), [("two", 0.25), ("four", 0.5)])
def test_distances_are_those_of_networkx(name: str, spacing: float) -> None:
    grid = grid_of(name, spacing)
    graph = slow_graph(grid)
    assert graph.number_of_edges() == len(grid.edges[0]) / 2
    for source in range(0, len(grid.points), 25):
        expected = networkx.single_source_dijkstra_path_length(graph, source)
        assert len(expected) == len(grid.points)
        found = grid.distances([source])
        np.testing.assert_allclose(found, [expected[i] for i in range(len(grid.points))])
    sources = [0, len(grid.points) // 2]
    both = np.minimum(grid.distances(sources[:1]), grid.distances(sources[1:]))
    np.testing.assert_allclose(grid.distances(sources), both)


@pytest.mark.parametrize("name", NAMES)
def test_every_free_neighbour_is_a_point(name: str) -> None:
    grid = grid_of(name)
    points = {(round(float(x), 6), round(float(z), 6)) for x, z in grid.points}
    assert len(points) == len(grid.points)
    for step in ((0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25)):
        there = grid.points + step
        for x, z in there[grid.plan.clear(grid.points, there)]:
            assert (round(float(x), 6), round(float(z), 6)) in points
    assert grid.plan.free(grid.points).all()
    order = np.lexsort((grid.points[:, 1], grid.points[:, 0]))
    np.testing.assert_array_equal(order, np.arange(len(order)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), indices, indices)
def test_distances_are_symmetric_and_longer_than_the_straight_way(
    name: str, first: int, second: int
) -> None:
    grid = grid_of(name)
    i, j = first % len(grid.points), second % len(grid.points)
    there, back = grid.distances([i]), grid.distances([j])
    assert there[j] == pytest.approx(back[i])
    straight = np.linalg.norm(grid.points - grid.points[i], axis=1)
    assert (there >= straight - 1e-9).all()
    assert np.isfinite(there).all()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), indices, indices, st.floats(-0.12, 0.12), st.floats(-0.12, 0.12))
def test_a_path_is_clear_leg_by_leg_and_not_longer_than_the_grid(
    name: str, first: int, second: int, dx: float, dz: float
) -> None:
    grid = grid_of(name)
    x, z = place(grid, first)
    start = (x + dx, z + dz)
    if not grid.plan.free(np.array(start))[0] or not len(grid.near(start, 0.5)):
        start = (x, z)
    goal = second % len(grid.points)
    corners = grid.path(start, np.array([goal]))
    assert corners is not None
    np.testing.assert_array_equal(corners[0], start)
    np.testing.assert_array_equal(corners[-1], grid.points[goal])
    assert grid.plan.clear(corners[:-1], corners[1:]).all()
    entries = grid.near(start, 0.5)
    steps = np.linalg.norm(grid.points[entries] - start, axis=1)
    shortest = (steps + grid.distances([goal])[entries]).min()
    straight = float(np.linalg.norm(corners[-1] - corners[0]))
    assert straight - 1e-9 <= path_length(corners) <= shortest + 1e-9


def test_of_several_goals_the_nearest_is_taken() -> None:
    grid = grid_of("four")
    goals = np.arange(5, len(grid.points), 60)
    start = place(grid, 3)
    distances = grid.distances([3])
    corners = grid.path(start, goals)
    assert corners is not None
    nearest = goals[np.argmin(distances[goals])]
    np.testing.assert_array_equal(corners[-1], grid.points[nearest])


def test_a_way_to_where_one_is_has_no_length() -> None:
    grid = grid_of("two")
    corners = grid.path(place(grid, 8), np.array([8]))
    assert corners is not None and path_length(corners) == 0.0


def test_there_is_no_way_from_outside_or_to_nothing() -> None:
    grid = grid_of("two")
    assert grid.path((-9.0, -9.0), np.array([0])) is None
    assert grid.path(place(grid, 0), np.zeros(0, int)) is None
    assert not len(grid.near((-9.0, -9.0), 0.5))
    assert np.isinf(grid.distances(np.zeros(0, int))).all()


def test_a_start_that_is_not_free_reaches_nothing() -> None:
    plan = grid_of("two").plan
    low, _ = plan.bounds
    grid = ReachableGrid(plan, (float(low[0]), float(low[1])))
    assert grid.points.shape == (0, 2)
    assert grid.path((1.0, 1.0), np.zeros(0, int)) is None


def test_near_points_are_those_in_reach_and_in_sight() -> None:
    grid = grid_of("two")
    for index in range(0, len(grid.points), 5):
        start = place(grid, index)
        expected = [
            i
            for i, point in enumerate(grid.points)
            if np.linalg.norm(point - start) <= 0.5 and grid.plan.clear(np.array(start), point)[0]
        ]
        assert grid.near(start, 0.5).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_pulling_a_walk_tight_keeps_its_ends_and_never_lengthens_it(
    name: str, seed: int, steps: int
) -> None:
    grid = grid_of(name)
    random = np.random.default_rng(seed)
    here, walk = int(random.integers(len(grid.points))), []
    for _ in range(steps):
        walk.append(here)
        here = int(random.choice(grid._row(here)[0]))
    corners = grid.points[walk]
    tight = pull_tight(grid.plan, corners)
    np.testing.assert_array_equal(tight[[0, -1]], corners[[0, -1]])
    assert path_length(tight) <= path_length(corners) + 1e-9
    assert grid.plan.clear(tight[:-1], tight[1:]).all()


def test_a_straight_corridor_is_pulled_to_its_ends() -> None:
    grid = grid_of("two")
    for point in grid.points:
        there = point + [0.0, 1.0]
        if grid.plan.clear(point, there)[0]:
            walk = point + np.linspace(0, 1, 5)[:, None] * [0.0, 1.0]
            np.testing.assert_allclose(pull_tight(grid.plan, walk), [point, there])
            return
    raise AssertionError("a metre of free floor somewhere")


def test_the_length_of_a_path() -> None:
    assert path_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])) == 6.0
    assert path_length(np.array([[1.0, 1.0]])) == 0.0
