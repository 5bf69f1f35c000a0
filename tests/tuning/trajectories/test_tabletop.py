"""Orbits around LIBERO's tables: boxes, pixels and depths tell one story."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import minimum_filter
from scipy.spatial.transform import Rotation

from spatune.envs.houses.frames import to_mujoco
from spatune.envs.libero_orbit import STILL, LiberoOrbit
from spatune.errors import SpatuneError
from spatune.tuning.scenes.trajectory import Frame, Trajectory
from spatune.tuning.trajectories import tabletop
from spatune.tuning.trajectories.tabletop import (
    OrbitConfig,
    Tabletop,
    orbit_path,
    scene_box,
)

SIZE = 96


@pytest.fixture(scope="module")
def table() -> Iterator[Tabletop]:
    """A table with a cabinet whose drawer is open, a stove, bowls and dishes."""
    with Tabletop("libero_spatial", 4) as made:
        yield made


@pytest.fixture(scope="module")
def orbit(table: Tabletop) -> Trajectory:
    """Four frames of its first orbit."""
    return table.orbit(0, 0, frames=4, width=SIZE, height=SIZE, seed=0)


@pytest.fixture(scope="module")
def reach(table: Tabletop) -> Trajectory:
    """Four frames of the expert on its way to its bowl."""
    return table.reach(0, frames=4, width=SIZE, height=SIZE)


def mask_of(frame: Frame, name: str) -> np.ndarray:
    """Pixels (H, W) that show an object."""
    assert frame.labels is not None
    return frame.labels.owners == frame.labels.names.index(name)


def test_things_are_named_in_words_and_all_are_seen(orbit: Trajectory) -> None:
    categories = {thing.id: thing.category for thing in orbit.scene.objects}
    assert categories == {
        "akita_black_bowl_1": "akita black bowl",
        "akita_black_bowl_2": "akita black bowl",
        "cookies_1": "cookies",
        "glazed_rim_porcelain_ramekin_1": "glazed rim porcelain ramekin",
        "plate_1": "plate",
        "wooden_cabinet_1": "wooden cabinet",
        "flat_stove_1": "flat stove",
    }
    assert {name for frame in orbit.frames for name in frame.sightings} == set(categories)
    assert orbit.scene.source == "libero" and orbit.scene.rooms == ()
    assert [frame.index for frame in orbit.frames] == [0, 1, 2, 3]


def test_boxes_cover_the_pixels_of_what_they_are_around(orbit: Trajectory) -> None:
    for frame in orbit.frames:
        for name, sighting in frame.sightings.items():
            rows, columns = np.nonzero(mask_of(frame, name))
            corners = frame.camera.project(orbit.scene.by_id[name].box.corners)
            assert (corners[:, 2] > 0).all()
            low, high = corners[:, :2].min(axis=0) - 1, corners[:, :2].max(axis=0) + 1
            assert columns.min() + 0.5 >= low[0] and columns.max() + 0.5 <= high[0], name
            assert rows.min() + 0.5 >= low[1] and rows.max() + 0.5 <= high[1], name
            assert sighting.pixels == len(rows) and sighting.share == len(rows) / SIZE**2


def test_what_is_seen_of_a_thing_lies_in_its_box_and_touches_it(orbit: Trajectory) -> None:
    rows, columns = np.indices((SIZE, SIZE)) + 0.5
    for name, thing in orbit.scene.by_id.items():
        seen = []
        for frame in orbit.frames:
            assert frame.labels is not None
            points = frame.camera.unproject(columns, rows, frame.labels.depth)
            # At its edge a pixel mixes the depths of a thing and of what is behind it.
            inner = minimum_filter(mask_of(frame, name), 3)
            seen.append((points[inner] - thing.box.center) @ thing.box.axes.T)
        local = np.concatenate(seen)
        assert len(local) >= 10, name
        assert (np.abs(local) <= thing.box.lengths / 2 + 0.02).all(axis=1).mean() > 0.98, name
        # A box that is much too large would hold the pixels, too: seen from above on the way round,
        # a thing reaches its box's upper face.
        up = int(np.argmax(np.abs(thing.box.axes[:, 1])))
        assert local[:, up].max() > thing.box.lengths[up] / 2 - 0.04, name


def test_the_camera_keeps_to_its_ranges_and_sees_the_table_from_above(orbit: Trajectory) -> None:
    config = OrbitConfig()
    middle = np.mean([thing.box.center for thing in orbit.scene.objects], axis=0)
    for frame in orbit.frames:
        offset = frame.camera.position - middle
        assert config.radius[0] <= np.hypot(offset[0], offset[2]) <= config.radius[1]
        assert config.height[0] <= offset[1] <= config.height[1]
        assert frame.camera.axes[2, 1] < 0 and frame.camera.axes[1, 1] < 0
        np.testing.assert_allclose(frame.camera.axes @ frame.camera.axes.T, np.eye(3), atol=1e-9)
        # Left-handed like the scene: right x up = -forward would mirror the picture.
        right, down, forward = frame.camera.axes
        np.testing.assert_allclose(np.cross(-down, forward), right, atol=1e-9)
        assert frame.agent == tuple(frame.camera.position)


def test_an_orbit_is_the_same_whatever_ran_before(table: Tabletop, orbit: Trajectory) -> None:
    other = table.orbit(3, 1, frames=4, width=SIZE, height=SIZE, seed=0)
    assert other.id != orbit.id
    moved = [
        thing.id
        for thing in orbit.scene.objects
        if np.abs(other.scene.by_id[thing.id].box.center - thing.box.center).max() > 1e-3
    ]
    assert moved, "another init index has the objects elsewhere"
    again = table.orbit(0, 0, frames=4, width=SIZE, height=SIZE, seed=0)
    assert again.id == orbit.id
    for before, after in zip(orbit.frames, again.frames, strict=True):
        assert before.labels is not None and after.labels is not None
        assert before.image is not None and after.image is not None
        np.testing.assert_array_equal(before.image, after.image)
        np.testing.assert_array_equal(before.labels.depth, after.labels.depth)
        np.testing.assert_array_equal(before.labels.owners, after.labels.owners)
        np.testing.assert_array_equal(before.camera.position, after.camera.position)
        assert before.sightings == after.sightings


def test_things_on_the_way_of_the_expert_lie_in_their_boxes(reach: Trajectory) -> None:
    """Nothing has moved, the camera is where it says, and depths fit: to the last frame."""
    rows, columns = np.indices((SIZE, SIZE)) + 0.5
    checked = 0
    for frame in reach.frames:
        assert frame.labels is not None and frame.sightings
        points = frame.camera.unproject(columns, rows, frame.labels.depth)
        for name in frame.sightings:
            inner = minimum_filter(mask_of(frame, name), 3)
            box = reach.scene.by_id[name].box
            local = (points[inner] - box.center) @ box.axes.T
            assert (np.abs(local) <= box.lengths / 2 + 0.01).all(axis=1).mean() > 0.98 or (
                len(local) < 10
            ), name
            checked += len(local) >= 10
    assert checked >= 8


def test_the_expert_s_camera_moves_level_and_towards_its_object(reach: Trajectory) -> None:
    bowl = reach.scene.by_id["akita_black_bowl_1"].box
    gaps = []
    for frame in reach.frames:
        right, down, forward = frame.camera.axes
        assert abs(right[1]) < 1e-9 and down[1] < 0
        np.testing.assert_allclose(np.cross(-down, forward), right, atol=1e-9)
        assert 25.0 < np.degrees(np.arccos(-forward[1])) < 50.0, "ahead means something"
        gaps.append(np.hypot(*(bowl.center - frame.camera.position)[[0, 2]]))
    assert gaps[-1] < 0.5 * gaps[0]
    assert [frame.time for frame in reach.frames] == [f.index / 10 for f in reach.frames]


def test_the_expert_reaches_the_same_way_whatever_ran_before(
    table: Tabletop, reach: Trajectory, orbit: Trajectory
) -> None:
    whole = table.reach(0, width=SIZE, height=SIZE)
    assert [frame.index for frame in reach.frames] == [
        int(place) for place in np.linspace(0, len(whole.frames) - 1, 4)
    ]
    for frame in reach.frames:
        same = whole.frames[frame.index]
        assert frame.image is not None and same.image is not None
        np.testing.assert_array_equal(frame.image, same.image)
        assert frame.sightings == same.sightings
    assert (reach.scene.name, reach.name) == (orbit.scene.name, "reach-0000")


def test_the_robot_is_no_object(table: Tabletop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking nearly straight down, as LIBERO mounts it, the camera has the hand in view."""
    monkeypatch.setattr(tabletop, "WRIST_TILT", 8.0)
    (frame,) = table.reach(0, frames=1, width=SIZE, height=SIZE).frames
    assert frame.labels is not None and frame.image is not None
    shown = {frame.labels.names[number] for number in np.unique(frame.labels.owners)}
    assert "PandaGripper0" in shown and "PandaGripper0" not in frame.sightings
    assert mask_of(frame, "PandaGripper0")[-1].mean() > 0.9, "its bar is along the lower edge"


def test_a_reach_ends_when_something_moves() -> None:
    simulator = LiberoOrbit("libero_object", 0)
    simulator.place(0)
    before = {name: simulator.box(name)[0] for name in simulator.things}
    states = simulator.reach(1)
    gaps = {n: np.linalg.norm(simulator.box(n)[0] - middle) for n, middle in before.items()}
    assert max(gaps, key=lambda name: gaps[name]) == "alphabet_soup_1"
    assert 0.8 * STILL < gaps["alphabet_soup_1"] < 0.05, "the step after the last state"
    for state in (states[0], states[-1]):
        simulator.put(state)
        for name, middle in before.items():
            assert np.linalg.norm(simulator.box(name)[0] - middle) <= STILL
    simulator.close()


def test_unknown_tasks_and_init_states_are_named(table: Tabletop) -> None:
    with pytest.raises(SpatuneError, match="init states"):
        table.orbit(999, 0, frames=1, width=32, height=32, seed=0)
    with pytest.raises(SpatuneError, match="unknown LIBERO suite"):
        Tabletop("libero_nowhere", 0)


@given(st.integers(0, 2**32), st.integers(2, 9))
def test_arcs_stay_away_from_the_robot(seed: int, frames: int) -> None:
    config = OrbitConfig()
    places, aim = orbit_path(np.array([0.1, 0.9, 0.0]), frames, config, np.random.default_rng(seed))
    x, _, z = (places - [0.1, 0.9, 0.0]).T
    angles = np.degrees(np.arctan2(z, x))
    assert np.abs(angles).max() <= config.reach + 1e-6
    assert config.sweep[0] - 1e-6 <= np.ptp(angles) <= config.sweep[1] + 1e-6
    assert np.abs(aim - [0.1, 0.9, 0.0]).max() <= config.aim


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_a_box_is_the_same_box_in_the_scene_with_its_own_y_up(quaternion) -> None:
    rotation = Rotation.from_quat(quaternion).as_matrix()
    center, lengths = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])
    box = scene_box(center, lengths, rotation)
    assert np.linalg.det(box.axes) == pytest.approx(1.0)
    assert abs(box.axes[1, 1]) == pytest.approx(np.abs(rotation[2]).max())
    assert box.axes[1, 1] > 0
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    corners = to_mujoco(center + (signs * lengths / 2) @ rotation.T)
    gaps = np.linalg.norm(corners[:, None] - box.corners[None], axis=2)
    assert gaps.min(axis=1).max() < 1e-9 and gaps.min(axis=0).max() < 1e-9
