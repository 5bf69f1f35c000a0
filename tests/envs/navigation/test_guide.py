"""What navigation asks of a controller: distances, views and places."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.houses.house import GroundPoint
from spatune.envs.houses.library import house_sha256_of
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.reachable import path_length
from spatune.envs.navigation.episode import NavEpisode
from spatune.envs.navigation.guide import NavGuide


@pytest.fixture
def guide(controller) -> NavGuide:
    return NavGuide(controller)


def place(guide: NavGuide, index: int) -> GroundPoint:
    x, z = guide.reachable()[index]
    return float(x), float(z)


def episode(controller, task, start, **what) -> NavEpisode:
    house = controller.scene
    return NavEpisode(task, house, house_sha256_of(house), start, 0.0, 0.0, **what)


def test_places_are_those_of_the_action(controller, guide: NavGuide) -> None:
    places = guide.reachable()
    asked = controller.step("GetReachablePositions").metadata["actionReturn"]
    np.testing.assert_array_equal(places, [[place["x"], place["z"]] for place in asked])
    assert len(places) > 50


def test_the_distance_to_a_point_is_the_length_of_the_way(controller, guide: NavGuide) -> None:
    world, places = controller.simulator.world, guide.reachable()
    start = place(guide, 3)
    for index in range(0, len(places), 30):
        goal = place(guide, index)
        task = episode(controller, "pointnav", start, goal=goal)
        way, found = world.path(start, goal), guide.path(task, start)
        assert found is not None
        np.testing.assert_allclose(found, way)
        assert guide.distance(task, start) == pytest.approx(path_length(way))
        assert guide.distance(task, goal) == 0.0


def test_there_is_no_distance_to_where_nobody_can_go(controller, guide: NavGuide) -> None:
    start = place(guide, 0)
    assert guide.distance(episode(controller, "pointnav", start, goal=(-9.0, -9.0)), start) is None
    assert guide.distance(episode(controller, "objectnav", start, target="Piano"), start) is None


def test_the_distance_to_a_type_is_that_to_its_nearest_object(controller, guide: NavGuide) -> None:
    world = controller.simulator.world
    kinds: dict[str, list[str]] = {}
    for name, entity in world.entities.items():
        kinds.setdefault(entity.object_type, []).append(name)
    start = place(guide, 5)
    position = {"x": start[0], "y": 0.9, "z": start[1]}
    compared = 0
    for kind, names in kinds.items():
        if not 2 <= len(names) <= 4 or kind in ("Floor", "Wall"):
            continue
        found = guide.distance(episode(controller, "objectnav", start, target=kind), start)
        singles = []
        for name in names:
            event = controller.step("GetShortestPath", objectId=name, position=position)
            if event:
                corners = event.metadata["actionReturn"]["corners"]
                singles.append(path_length(np.array([[c["x"], c["z"]] for c in corners])))
        if singles and found is not None:
            # Places are ranked by the grid, whose ways are up to half a metre off at the start.
            assert min(singles) - 1e-9 <= found <= min(singles) + 0.3
            compared += 1
    assert compared >= 2


def test_a_tour_leads_into_every_room(controller, guide: NavGuide) -> None:
    start = place(guide, 0)
    way = guide.path(episode(controller, "roomvisit", start), start)
    assert way is not None
    rooms = controller.simulator.world.house.rooms
    for room in rooms:
        assert any(contains(room.floor, (float(x), float(z))) for x, z in way)
    assert controller.simulator.world.plan.clear(way[:-1], way[1:]).all()
    assert guide.distance(episode(controller, "roomvisit", start), start) == path_length(way)


def test_seeing_a_type_is_seeing_one_of_its_objects(controller, guide: NavGuide) -> None:
    agreed = set()
    for index in range(0, 60, 7):
        x, z = map(float, guide.reachable()[index])
        controller.step("Teleport", position={"x": x, "y": 0.9, "z": z}, rotation=60 * index)
        controller.step("ResetObjectFilter")
        objects = controller.last_event.metadata["objects"]
        for kind in ("Floor", "Sofa", "Chair", "GarbageCan", "Sink", "Piano"):
            seen = any(o["visible"] for o in objects if o["objectType"] == kind)
            assert guide.sees(kind) == seen
            agreed.add(seen)
    assert agreed == {True, False}


def test_objects_are_hidden_after_each_question(controller, guide: NavGuide) -> None:
    guide.hide_objects()
    assert "Floor" in guide.object_types()
    assert controller.step("Pass").metadata["objects"] == []
    guide.sees("Floor")
    assert controller.step("Pass").metadata["objects"] == []
