"""The map of an episode: to scale, north up, yaw clockwise, and nothing of it hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from spatune.bench_nav import MapBox, MapRoom, Target, TopDownMap, Trip, draw_map
from spatune.bench_nav.map_picture import (
    FAILURE,
    OBSTACLE,
    OTHER_ROOM,
    ROOM_COLOURS,
    SUCCESS,
    TARGET,
)

LEFT = MapRoom("Kitchen", ((0, 0), (4, 0), (4, 3), (0, 3)))
RIGHT = MapRoom("Bedroom", ((4, 0), (6, 0), (6, 3), (4, 3)))
HOUSE = TopDownMap((LEFT, RIGHT), walls=(((0, 0), (6, 0)),), doors=(((4, 1), (4, 2)),))
TRIP = Trip("find a Television", True, 0.5, path=((0.5, 0.5), (1.5, 0.5), (5.5, 2.5)))


def pixels(world: TopDownMap = HOUSE, trip: Trip = TRIP) -> np.ndarray:
    """The picture, uint8 (height, width, 3)."""
    return np.asarray(draw_map(world, trip))


def places(picture: np.ndarray, colour: str) -> np.ndarray:
    """Pixels of exactly that colour in the map itself, left of the legend: (N, 2) row, column."""
    rgb = np.round(np.array(to_rgb(colour)) * 255).astype(np.uint8)
    found = np.argwhere((picture == rgb).all(axis=2))
    return found[found[:, 1] < map_width(picture)]


def map_width(picture: np.ndarray) -> int:
    """Columns of the map: it ends where the bedroom does, and the legend follows."""
    bedroom = np.round(np.array(to_rgb(ROOM_COLOURS["Bedroom"])) * 255).astype(np.uint8)
    columns = (picture == bedroom).all(axis=2).sum(axis=0)
    # A column of the room is tall; one of the legend's patch is not.
    return int(np.flatnonzero(columns > picture.shape[0] // 4).max()) + 1


def extent(found: np.ndarray) -> tuple[float, float]:
    """Height and width of the pixels."""
    height, width = np.ptp(found, axis=0) + 1
    return float(height), float(width)


def test_map_is_to_scale_and_rooms_lie_where_they_are() -> None:
    picture = pixels()
    kitchen, bedroom = (places(picture, ROOM_COLOURS[n]) for n in ("Kitchen", "Bedroom"))
    (height, width), (same, half) = extent(kitchen), extent(bedroom)
    assert width / height == pytest.approx(4 / 3, rel=0.03)
    assert half / same == pytest.approx(2 / 3, rel=0.03)
    assert kitchen[:, 1].max() < bedroom[:, 1].min() + 5


def test_z_points_up() -> None:
    low = replace(HOUSE, obstacles=(MapBox(2, 0.5, 0.2, 0.2),))
    high = replace(HOUSE, obstacles=(MapBox(2, 2.5, 0.2, 0.2),))
    rows = [places(pixels(world), OBSTACLE)[:, 0].mean() for world in (low, high)]
    assert rows[1] < rows[0]


def test_yaw_turns_a_box_clockwise() -> None:
    def box(yaw: float) -> np.ndarray:
        return places(pixels(replace(HOUSE, obstacles=(MapBox(2, 1.5, 0.2, 0.8, yaw),))), OBSTACLE)

    tall, wide = extent(box(0)), extent(box(90))
    assert tall[0] / tall[1] == pytest.approx(4, rel=0.05)
    assert tall == pytest.approx(wide[::-1], rel=0.02)
    # Turned clockwise, the far end of its z axis goes to the right: up in rows, right in columns.
    rows, columns = (box(30) - box(30).mean(axis=0)).T
    assert (rows * columns).sum() < 0


def test_corners_of_a_box() -> None:
    corners = MapBox(1, 2, 0.5, 1.0, yaw=90).corners()
    # Its z axis points along +x.
    assert np.array(corners) == pytest.approx(
        np.array([(2, 1.5), (0, 1.5), (0, 2.5), (2, 2.5)]), abs=1e-12
    )


def test_outcome_colours_the_end_and_the_title() -> None:
    solved, failed = pixels(), pixels(trip=replace(TRIP, success=False, spl=0.0))
    for picture, there, absent in ((solved, SUCCESS, FAILURE), (failed, FAILURE, SUCCESS)):
        assert len(places(picture, there)) > 50
        assert len(places(picture, absent)) == 0
    end = places(solved, SUCCESS)
    right_half = end[end[:, 1] > map_width(solved) // 2]
    assert len(right_half) > 50, "the path ends in the bedroom on the right"


def test_every_target_is_marked() -> None:
    def count(*positions: tuple[float, float]) -> int:
        trip = replace(TRIP, targets=tuple(Target("Television", p) for p in positions))
        return len(places(pixels(trip=trip), TARGET))

    one = count((2, 2))
    assert count() == 0 and one > 50
    assert count((2, 2), (3, 1)) == pytest.approx(2 * one, rel=0.1)


def test_path_headings_reachable_points_walls_and_doors_are_drawn() -> None:
    base = pixels()
    for world, trip in (
        (HOUSE, replace(TRIP, path=((0.5, 0.5), (0.5, 2.5), (5.5, 2.5)))),
        (HOUSE, replace(TRIP, shortest=((0.5, 0.5), (5.5, 2.5)))),
        (HOUSE, replace(TRIP, headings=(0.0, 180.0, 270.0))),
        (replace(HOUSE, reachable=((1, 2), (2, 2))), TRIP),
        (replace(HOUSE, walls=()), TRIP),
        (replace(HOUSE, doors=()), TRIP),
    ):
        found = pixels(world, trip)
        width = min(map_width(base), map_width(found))
        height = min(len(base), len(found))
        assert (base[:height, :width] != found[:height, :width]).any(axis=2).sum() > 10


def test_a_heading_for_every_point_or_none() -> None:
    with pytest.raises(ValueError, match="shorter"):
        pixels(trip=replace(TRIP, headings=(0.0,)))


def test_an_agent_that_never_moved_and_an_unknown_room_have_a_map() -> None:
    world = TopDownMap((replace(LEFT, room_type="Garage"), RIGHT))
    still = Trip("find a Television", False, None, path=((1, 1),))
    picture = pixels(world, still)
    assert extent(places(picture, OTHER_ROOM))[1] > 100
    assert len(places(picture, FAILURE)) > 50


def test_a_long_title_is_not_cut_off() -> None:
    long = draw_map(HOUSE, replace(TRIP, instruction="find " + "a very " * 20 + "large sofa"))
    assert long.width > draw_map(HOUSE, TRIP).width
    # White on all sides: nothing touches the border.
    border = np.asarray(long).copy()
    border[5:-5, 5:-5] = 255
    assert (border == 255).all()
