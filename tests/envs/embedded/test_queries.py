"""Reachable places, shortest paths, and metadata of single objects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest


@pytest.fixture
def two(shared_two):
    """Two rooms, which questions leave as they are."""
    return shared_two


@pytest.fixture
def four(shared_four):
    """Four rooms, with everything listed."""
    shared_four.ok("ResetObjectFilter")
    shared_four.go(2.25, 1.25)
    return shared_four


def place(x: float, z: float) -> dict[str, float]:
    return {"x": x, "y": 0.901, "z": z}


def corners(answer: dict) -> np.ndarray:
    return np.array([[corner["x"], corner["z"]] for corner in answer["corners"]])


def test_reachable_positions_are_where_steps_lead(two) -> None:
    """Walking with the action finds the same places as asking for them."""
    two.go(3.9, 4.0)
    asked = {(round(p["x"], 4), round(p["z"], 4)) for p in two.ok("GetReachablePositions")}
    assert all(p["y"] == 0.901 for p in two.ok("GetReachablePositions"))
    found, queue = {(3.9, 4.0)}, [(3.9, 4.0)]
    while queue:
        x, z = queue.pop()
        for action in ("MoveAhead", "MoveRight", "MoveBack", "MoveLeft"):
            two.go(x, z)
            if two.do(action, renderImage=False)["lastActionSuccess"]:
                there = (round(two.pose[0], 4), round(two.pose[1], 4))
                if there not in found:
                    found.add(there)
                    queue.append(there)
    assert found == asked


def test_a_finer_grid_has_more_places(two) -> None:
    two.go(3.9, 4.0)
    usual = len(two.ok("GetReachablePositions"))
    assert 3 * usual < len(two.ok("GetReachablePositions", gridSize=0.125)) < 6 * usual
    assert len(two.ok("GetReachablePositions", gridSize=0.25)) == usual


def test_places_can_be_teleported_to(four) -> None:
    places = four.ok("GetReachablePositions")
    assert len(places) > 200
    for position in places[::40]:
        four.ok("Teleport", position=position)


def test_a_path_to_a_point_goes_round_what_is_in_the_way(four) -> None:
    start, goal = place(1.75, 1.25), place(5.5, 9.5)
    way = corners(four.ok("GetShortestPathToPoint", position=start, target=goal))
    np.testing.assert_allclose(way[[0, -1]], [[1.75, 1.25], [5.5, 9.5]])
    assert four.world.plan.clear(way[:-1], way[1:]).all()
    assert len(way) > 3
    back = corners(four.ok("GetShortestPathToPoint", position=goal, target=start))
    lengths = [np.linalg.norm(np.diff(w, axis=0), axis=1).sum() for w in (way, back)]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.05)
    assert np.hypot(5.5 - 1.75, 9.5 - 1.25) < min(lengths) < 20
    straight = four.ok("GetShortestPathToPoint", position=start, x=2.0, y=0.9, z=2.0)
    np.testing.assert_allclose(corners(straight), [[1.75, 1.25], [2.0, 2.0]])


def test_there_is_no_path_into_furniture_or_out_of_the_house(four) -> None:
    for x, z in ((-3.0, -3.0), (1.2, 5.0)):
        said = four.fails("GetShortestPathToPoint", position=place(1.75, 1.25), target=place(x, z))
        assert said == f"there is no way to x = {x:g}, z = {z:g}"
    said = four.fails("GetShortestPath", position=place(-3.0, -3.0), objectType="Bed")
    assert "no reachable place has a view of Bed|4|0" in said


@pytest.mark.parametrize("kind", ["Apple", "Bed", "Fridge", "Plunger", "Laptop"])
def test_a_path_to_an_object_ends_where_it_can_be_seen(four, kind: str) -> None:
    start = place(1.75, 1.25)
    way = corners(four.ok("GetShortestPath", position=start, objectType=kind))
    np.testing.assert_allclose(way[0], [1.75, 1.25])
    assert four.world.plan.clear(way[:-1], way[1:]).all()
    (name,) = [n for n, entity in four.world.entities.items() if entity.object_type == kind]
    by_id = corners(four.ok("GetShortestPath", position=start, objectId=name))
    np.testing.assert_array_equal(by_id, way)
    there = four.thing(name)["position"]
    x, z = way[-1]
    four.go(float(x), float(z), float(np.degrees(np.arctan2(there["x"] - x, there["z"] - z))))
    seen = four.thing(name)["visible"]
    for look in ("LookUp", "LookDown", "LookDown", "LookDown"):
        seen = seen or (four.do(look) and four.thing(name)["visible"])
    assert seen


def test_no_nearer_place_of_the_grid_has_a_view(four) -> None:
    """The end of the path, against every reachable place, direction and horizon."""
    from spatune.envs.embedded.viewpoints import view_from

    name, start = "Apple|small|6|10", (1.75, 1.25)
    grid = four.world.grid
    way = corners(four.ok("GetShortestPath", position=place(*start), objectId=name))
    length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
    distances = grid.distances(grid.near(start, 0.01 + 2 * grid.spacing))
    apple = np.array(four.world.states[name].position)[[0, 2]]
    for index in np.flatnonzero(distances < length - 0.75):
        point = grid.points[index]
        if np.linalg.norm(point - apple) < 2.5:
            assert view_from(four.simulator, (float(point[0]), float(point[1])), name) is None


def test_the_position_of_a_path_is_the_agents_own_if_none_is_given(four) -> None:
    four.go(1.75, 1.25)
    named = four.ok("GetShortestPath", position=place(1.75, 1.25), objectType="Bed")
    assert four.ok("GetShortestPath", objectType="Bed") == named
    assert four.pose[:2] == (1.75, 1.25)


def test_asking_changes_nothing(four) -> None:
    four.go(1.75, 1.25, 60.0)
    before, image = four.world.digest(), four.reply.view.rgb
    four.ok("GetShortestPath", objectType="Bed")
    four.ok("GetReachablePositions")
    four.ok("GetMapViewCameraProperties")
    four.ok("GetObjectMetadata", objectIds=["Bed|4|0"])
    assert four.world.digest() == before
    np.testing.assert_array_equal(four.reply.view.rgb, image)


def test_unknown_objects_and_types_are_named(four) -> None:
    assert "'Piano|1'" in four.fails("GetShortestPath", objectId="Piano|1")
    assert "type 'Piano'" in four.fails("GetShortestPath", objectType="Piano")
    assert "'Piano|1'" in four.fails("GetObjectMetadata", objectIds=["Bed|4|0", "Piano|1"])


def test_single_objects_are_those_of_the_list(four) -> None:
    names = ["Bed|4|0", "door|4|5", "room|4"]
    listed = [four.thing(name) for name in names]
    assert four.ok("GetObjectMetadata", objectIds=names) == listed
    assert four.ok("GetObjectMetadata", objectId="Bed|4|0") == listed[:1]


def test_a_filter_lists_what_it_names(four) -> None:
    everything = {o["objectId"] for o in four.reply.agent["objects"]}
    four.ok("SetObjectFilter", objectIds=["Bed|4|0", "Apple|small|6|10"])
    assert {o["objectId"] for o in four.reply.agent["objects"]} == {"Bed|4|0", "Apple|small|6|10"}
    four.ok("MoveAhead")
    assert len(four.reply.agent["objects"]) == 2
    four.ok("SetObjectFilter", objectIds=[])
    assert four.reply.agent["objects"] == []
    four.ok("RotateRight", renderImage=False)
    assert four.reply.agent["objects"] == [] and four.reply.view.rgb is None
    four.ok("ResetObjectFilter")
    assert {o["objectId"] for o in four.reply.agent["objects"]} == everything


def test_visibility_does_not_depend_on_the_filter_or_on_what_is_drawn(four) -> None:
    four.go(4.2, 5.1, 90.0)
    seen = four.simulator.visible()
    assert seen
    listed = {o["objectId"] for o in four.reply.agent["objects"] if o["visible"]}
    assert listed == seen
    four.ok("Pass", renderImage=False)
    assert {o["objectId"] for o in four.reply.agent["objects"] if o["visible"]} == seen
    four.ok("SetObjectFilter", objectIds=[])
    four.ok("Pass", renderImage=False)
    assert four.simulator.visible() == seen


def test_shortest_paths_grow_by_no_more_than_a_walk(four) -> None:
    """Triangle inequality with one step between, up to what pulling over a grid may lose."""
    goal = place(5.5, 9.5)
    walk = [place(1.75, 1.25 + 0.25 * n) for n in range(4)]
    lengths = []
    for position in walk:
        way = corners(four.ok("GetShortestPathToPoint", position=position, target=goal))
        lengths.append(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
    for here, there in pairwise(lengths):
        assert abs(here - there) <= 0.25 + 0.1
