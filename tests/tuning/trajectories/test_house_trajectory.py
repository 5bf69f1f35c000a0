"""Drawn and annotated walks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest

from spatune.envs.houses.library import house_entries, load_house
from spatune.envs.thor_backends.controller import ThorController
from spatune.tuning.trajectories.house_trajectory import HouseWalker, WalkCamera
from spatune.tuning.trajectories.thor_walk import thor_scene, thor_walk

NAME = next(e.name for e in house_entries() if e.split == "train" and e.rooms == 2)


@pytest.fixture(scope="module")
def walker() -> Iterator[HouseWalker]:
    with HouseWalker(load_house(NAME), NAME) as walker:
        yield walker


def test_depth_of_an_object_s_pixels_lies_in_its_box(walker: HouseWalker) -> None:
    checked = 0
    for frame in walker.walk(0, 0, 12).frames:
        assert frame.labels is not None
        for name in frame.sightings:
            rows, columns = np.nonzero(frame.labels.owners == frame.labels.names.index(name))
            depth = frame.labels.depth[rows, columns]
            points = frame.camera.unproject(columns + 0.5, rows + 0.5, depth)
            box = walker.scene.by_id[name].box
            gaps = [box.distance_to(point) for point in points[:: max(1, len(points) // 50)]]
            # The depth buffer is exact to about a thousandth of the distance squared.
            assert max(gaps) < 0.05
            checked += 1
    assert checked > 30


def test_sightings_are_the_pixels_of_each_object(walker: HouseWalker) -> None:
    (frame,) = walker.walk(0, 0, 1).frames
    assert frame.labels is not None
    names, counts = np.unique(frame.labels.owners, return_counts=True)
    pixels = {frame.labels.names[n]: int(c) for n, c in zip(names, counts, strict=True)}
    for name, sighting in frame.sightings.items():
        assert sighting.pixels == pixels[name]
        assert sighting.share == pixels[name] / frame.labels.owners.size
    assert set(frame.sightings) == set(pixels) & set(walker.scene.by_id)


def test_a_sampled_walk_has_the_frames_of_the_whole_one(walker: HouseWalker) -> None:
    whole, some = walker.walk(1, 0), walker.walk(1, 0, 5)
    assert [frame.index for frame in some.frames] == [
        int(i) for i in np.linspace(0, len(whole.frames) - 1, 5)
    ]
    for frame in some.frames:
        same = whole.frames[frame.index]
        assert same.image is not None and frame.image is not None
        assert (same.image == frame.image).all()
        assert same.sightings == frame.sightings


def test_a_walk_does_not_depend_on_the_walks_before_it(walker: HouseWalker) -> None:
    first = [digest(walker, number) for number in (0, 1, 0)]
    with HouseWalker(load_house(NAME), NAME) as fresh:
        assert [digest(fresh, 1), digest(fresh, 0)] == [first[1], first[0]]
    assert first[0] == first[2] != first[1]


def test_the_controller_of_ai2thor_sees_the_same() -> None:
    """The adapter from AI2-THOR's events gives what the direct way gives."""
    camera = WalkCamera(96, 96)
    with HouseWalker(load_house(NAME), NAME, camera) as walker:
        direct = walker.walk(0, 0, 6)
        poses = [walker.plan(0, 0)[frame.index] for frame in direct.frames]
    with ThorController(
        NAME,
        width=96,
        height=96,
        fieldOfView=camera.fov,
        renderDepthImage=True,
        renderInstanceSegmentation=True,
    ) as controller:
        scene = thor_scene(controller.last_event.metadata, NAME)
        walk = thor_walk(controller, scene, poses, "walk")
    assert {thing.id for thing in scene.objects} == {t.id for t in direct.scene.objects}
    for thing in scene.objects:
        box = direct.scene.by_id[thing.id].box
        assert np.allclose(thing.box.low, box.low, atol=1e-4)
        assert np.allclose(thing.box.high, box.high, atol=1e-4)
    for one, other in zip(direct.frames, walk.frames, strict=True):
        assert one.image is not None and other.image is not None
        assert (one.image == other.image).all()
        assert {n: (s.pixels, s.visible) for n, s in one.sightings.items()} == {
            n: (s.pixels, s.visible) for n, s in other.sightings.items()
        }
        assert np.allclose(one.camera.position, other.camera.position, atol=1e-6)
        assert np.allclose(one.camera.axes, other.camera.axes, atol=1e-9)
        assert other.labels is not None and walk.frames[0].labels is not None
        assert other.labels.names == walk.frames[0].labels.names
        for name, sighting in other.sightings.items():
            number = other.labels.names.index(name)
            assert np.count_nonzero(other.labels.owners == number) == sighting.pixels


def digest(walker: HouseWalker, number: int) -> str:
    digest = hashlib.sha256()
    for frame in walker.walk(number, 0, 4).frames:
        assert frame.image is not None
        digest.update(frame.image.tobytes())
    return digest.hexdigest()
