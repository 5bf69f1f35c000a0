"""Images of a house: right distances, right owners, and the same bits everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.gl import _egl_answers, _osmesa_answers
from spatune.envs.houses import renderer as renderer_module
from spatune.envs.houses.frames import rotation_matrix
from spatune.envs.houses.generation.simple import simple_house
from spatune.envs.houses.house import House, HouseObject, Wall
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.model import FAR, LEAF, HouseModel
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.read import read_house
from spatune.envs.houses.renderer import Camera, HouseRenderer, Images
from spatune.envs.houses.walls import solid_rectangles

DATA = Path(__file__).parent / "data"
FOUR = read_house(DATA / "four_rooms.json")
POSE = Camera((2.25, 1.576, 1.25), (30.0, 315.0, 0.0), 63.453)
GOLDEN = {
    "rgb": "383509da92e6714e8a4b87d65648d60dd091d380482e0ea6be7c8a3000487885",
    "depth": "14130c8ee16e3735290b96a50f5de04bbd0a2945df409d2fee711a2c47c06770",
    "owners": "762e25fbc1632a0a59478ae7fcca28b043743fc1aedd59193f7574e1036650f5",
}
"""sha256 with Mesa's software renderer, which EGL without a GPU and OSMesa share."""


@pytest.fixture(scope="module")
def four() -> Iterator[HouseRenderer]:
    model = HouseModel(FOUR)
    drawer = HouseRenderer(model, 64, 48)
    yield drawer
    drawer.close()


def everything(drawer: HouseRenderer, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    images = drawer.render(camera, rgb=True, depth=True, owners=True)
    assert images.rgb is not None and images.depth is not None and images.owners is not None
    return images.rgb, images.depth, images.owners


def poses(house: House, count: int, seed: int = 0) -> list[Camera]:
    """Cameras in rooms, off the walls, at any height and in any direction."""
    random = np.random.default_rng(seed)
    found: list[Camera] = []
    while len(found) < count:
        room = house.rooms[random.integers(len(house.rooms))]
        corners = np.array(room.floor)
        x, z = random.uniform(corners.min(axis=0), corners.max(axis=0))
        around = [(x + dx, z + dz) for dx in (-0.2, 0.2) for dz in (-0.2, 0.2)]
        if all(contains(room.floor, point) for point in around):
            height, yaw = random.uniform(0.3, 2.0), random.uniform(0, 360)
            pitch, roll = random.choice([-30, 0, 30, 60]), random.choice([0, 0, 25])
            fov = float(random.choice([45, 63.453, 90]))
            found.append(Camera((x, height, z), (float(pitch), yaw, float(roll)), fov))
    return found


def digest(images: Images) -> dict[str, str]:
    return {
        name: hashlib.sha256(np.ascontiguousarray(getattr(images, name)).tobytes()).hexdigest()
        for name in GOLDEN
    }


def drawn() -> dict[str, str]:
    """Hashes of a picture of the four rooms, for comparison between processes."""
    drawer = HouseRenderer(HouseModel(FOUR), 96, 64)
    hashes = digest(drawer.render(POSE, rgb=True, depth=True, owners=True))
    drawer.close()
    return hashes


def drawn_elsewhere(backend: str) -> dict[str, str]:
    """`drawn` in a new process with another backend of OpenGL."""
    program = f"import sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    program += f"from {Path(__file__).stem} import drawn; print(json.dumps(drawn()))"
    environment = {**os.environ, "MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def directions(width: int, height: int, camera: Camera) -> np.ndarray:
    """Direction of each pixel's ray (H, W, 3), AI2-THOR's frame, 1 m along the camera's axis."""
    slope = np.tan(np.radians(camera.fov) / 2)
    across = ((np.arange(width) + 0.5) / width * 2 - 1) * slope * width / height
    up = (1 - (np.arange(height) + 0.5) / height * 2) * slope
    rays = np.stack(np.broadcast_arrays(across[None], up[:, None], 1.0), axis=-1)
    return rays @ rotation_matrix(camera.rotation).T


@pytest.mark.parametrize("seed", range(4))
def test_depth_in_an_empty_room_is_that_of_its_box(seed: int) -> None:
    house = replace(simple_house(seed, rooms=1), objects=())
    corners = np.array(house.rooms[0].floor)
    low = np.array([corners[:, 0].min(), 0.0, corners[:, 1].min()])
    high = np.array([corners[:, 0].max(), house.ceiling_height, corners[:, 1].max()])
    model = HouseModel(house)
    drawer = HouseRenderer(model, 64, 48)
    flat = {
        number for number, owner in enumerate(model.owners) if owner.startswith(("wall", "room"))
    }
    for camera in poses(house, 4, seed):
        _, depth, owners = everything(drawer, camera)
        rays = directions(64, 48, camera)
        with np.errstate(divide="ignore"):
            ends = np.maximum((low - camera.position) / rays, (high - camera.position) / rays)
        expected = ends.min(axis=-1)
        plain = np.isin(owners, [*flat, 0])
        assert plain.mean() > 0.5
        error = np.abs(depth - expected)[plain] / expected[plain]
        assert error.max() < 1e-3
        # What stands out from a wall is nearer than the wall.
        assert (depth[~plain] < expected[~plain] + 0.07).all()
    drawer.close()


@pytest.mark.parametrize("size", [2.0, 7.5])
def test_an_orthographic_camera_sees_heights(size: float) -> None:
    house = replace(simple_house(1, rooms=1), objects=())
    corners = np.array(house.rooms[0].floor)
    (low_x, low_z), (high_x, high_z) = corners.min(axis=0), corners.max(axis=0)
    middle = ((low_x + high_x) / 2, 2.0, (low_z + high_z) / 2)
    model = HouseModel(house)
    drawer = HouseRenderer(model, 60, 40)
    _, depth, owners = everything(drawer, Camera(middle, (90.0, 0.0, 0.0), size, True))
    floor = owners == model.owners.index(house.rooms[0].id)
    np.testing.assert_allclose(depth[floor], 2.0, rtol=1e-3)
    # Rows are `size` metres high in all; north (greater z) is on top.
    z = middle[2] + (0.5 - (np.arange(40) + 0.5) / 40) * size
    x = middle[0] + ((np.arange(60) + 0.5) / 60 - 0.5) * size * 1.5
    inside = ((low_x + 0.08 < x) & (x < high_x - 0.08))[None] & (
        (low_z + 0.08 < z) & (z < high_z - 0.08)
    )[:, None]
    outside = ((x < low_x - 0.12) | (x > high_x + 0.12))[None] | (
        (z < low_z - 0.12) | (z > high_z + 0.12)
    )[:, None]
    assert floor[inside].all() and inside.any()
    assert (owners[outside] == 0).all()
    np.testing.assert_allclose(depth[outside], FAR, rtol=1e-3)
    drawer.close()


def face_points(wall: Wall, house: House) -> list[np.ndarray]:
    """Middles of the solid pieces of a face, AI2-THOR's frame."""
    start, end = np.array(wall.start), np.array(wall.end)
    along = (end - start) / wall.length
    pieces = solid_rectangles(wall, (*house.doors, *house.windows))
    return [
        np.array([x, (low + high) / 2, z])
        for left, right, low, high in pieces
        if right - left > 0.1 and high - low > 0.1
        for x, z in [start + along * (left + right) / 2]
    ]


def inward(wall: Wall, house: House) -> np.ndarray:
    """Unit normal (3,) of a wall on its room's side."""
    along = (np.array(wall.end) - wall.start) / wall.length
    floor = next(room.floor for room in house.rooms if room.id == wall.room_id)
    x, z = (np.array(wall.start) + wall.end) / 2 + 0.01 * np.array([-along[1], along[0]])
    side = 1.0 if contains(floor, (x, z)) else -1.0
    return side * np.array([-along[1], 0.0, along[0]])


@pytest.mark.parametrize("name", ["four", "two", house_names("test")[0]])
def test_walls_are_seen_from_their_own_side_alone(name: str) -> None:
    file = DATA / f"{name}_rooms.json"
    house = replace(read_house(file) if file.exists() else load_house(name), objects=())
    model = HouseModel(house)
    drawer = HouseRenderer(model, 15, 15)
    seen = 0
    for wall in house.walls:
        if wall.empty:
            continue
        normal = inward(wall, house) * (-1.0 if wall.exterior else 1.0)
        yaw = float(np.degrees(np.arctan2(-normal[0], -normal[2])))
        for point in face_points(wall, house):
            front, back = point + 0.25 * normal, point - 0.25 * normal
            _, depth, owners = everything(drawer, Camera(tuple(front), (0.0, yaw, 0.0), 20.0))
            assert model.owners[owners[7, 7]] == wall.id
            assert depth[7, 7] == pytest.approx(0.25, rel=1e-3)
            _, _, owners = everything(drawer, Camera(tuple(back), (0.0, yaw + 180, 0.0), 20.0))
            assert model.owners[owners[7, 7]] != wall.id
            seen += 1
    assert seen >= len(house.walls) - 2
    drawer.close()


def test_an_open_door_is_a_hole_and_a_closed_one_is_not() -> None:
    house = replace(FOUR, objects=())
    model = HouseModel(house)
    drawer = HouseRenderer(model, 15, 15)
    walls = {wall.id: wall for wall in house.walls}
    leaves = 0
    for door in house.doors:
        if door.outside:
            continue
        wall = walls[door.walls[0]]
        start, end = np.array(wall.start), np.array(wall.end)
        x, z = start + (end - start) / wall.length * (0.7 * door.left + 0.3 * door.right)
        normal = inward(wall, house)
        yaw = float(np.degrees(np.arctan2(-normal[0], -normal[2])))
        eye = np.array([x, 1.2, z]) + 0.7 * normal
        camera = Camera((eye[0], eye[1], eye[2]), (0.0, yaw, 0.0), 20.0)
        if door.id + LEAF in model.named:
            leaves += 1
            _, depth, owners = everything(drawer, camera)
            assert model.owners[owners[7, 7]] == door.id
            assert depth[7, 7] == pytest.approx(0.7, abs=0.1)
            model.show(door.id + LEAF, False)
        _, depth, owners = everything(drawer, camera)
        assert model.owners[owners[7, 7]] not in (door.id, *door.walls)
        assert depth[7, 7] > 1.5
    assert leaves >= 2
    drawer.close()


def test_owners_and_depth_tell_one_story(four: HouseRenderer) -> None:
    """The point behind a pixel lies on what owns the pixel."""
    walls = {wall.id: wall for wall in FOUR.walls}
    rooms = {room.id: room for room in FOUR.rooms}
    names = four._house.owners
    counted = 0
    for camera in poses(FOUR, 12, seed=5):
        _, depth, owners = everything(four, camera)
        points = camera.position + directions(64, 48, camera) * depth[..., None]
        for number in np.unique(owners):
            there, name = points[owners == number], names[number]
            if name in rooms:
                np.testing.assert_allclose(there[:, 1], 0.0, atol=0.01)
                counted += 1
            elif name in walls:
                wall = walls[name]
                along = (np.array(wall.end) - wall.start) / wall.length
                offset = there[:, [0, 2]] - wall.start
                height = there[:, 1]
                away = np.abs(offset @ np.array([-along[1], along[0]]))
                assert away.max() < 0.05 and (height < wall.top + 0.01).all()
                assert (offset @ along > -0.05).all()
                assert (offset @ along < wall.length + 0.05).all()
                counted += 1
    assert counted > 20


def test_more_things_than_a_byte_counts_are_told_apart() -> None:
    """Hiding a thing changes the pixels that were said to be its own, and no others."""
    house = simple_house(1, rooms=1)
    corners = np.array(house.rooms[0].floor)
    low, high = corners.min(axis=0), corners.max(axis=0)
    spots = np.stack(np.meshgrid(*np.linspace(low + 0.2, high - 0.2, 17).T), -1).reshape(-1, 2)
    egg = HouseObject("egg", "Egg_1", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), True)
    eggs = [replace(egg, id=f"egg|{i}", position=(x, 2.0, z)) for i, (x, z) in enumerate(spots)]
    house = replace(house, objects=tuple(eggs))
    middle, size = (low + high) / 2, float((high - low).max())
    above = Camera((middle[0], 6.0, middle[1]), (90.0, 0.0, 0.0), size, True)
    model = HouseModel(house)
    drawer = HouseRenderer(model, 160, 160)
    assert model.model.ngeom > 260
    _, depth, owners = everything(drawer, above)
    geoms = np.flatnonzero(np.bincount(owners.ravel(), minlength=len(model.owners))[1:] > 3) + 1
    late = [n for n in geoms if np.flatnonzero(model.geom_owner == n)[0] > 255]
    assert len(late) > 10
    for number in (*geoms[:3], *late[::5]):
        (its,) = np.nonzero(model.geom_owner == number)
        model.shown[its] = False
        _, other_depth, other_owners = everything(drawer, above)
        model.shown[its] = True
        assert not (other_owners == number).any()
        np.testing.assert_array_equal(other_owners != owners, owners == number)
        assert (other_depth[owners == number] >= depth[owners == number]).all()
    drawer.close()


def test_leaving_out_what_is_beside_the_view_changes_no_pixel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = load_house(house_names("test")[0])
    drawer = HouseRenderer(HouseModel(house), 64, 48)
    cameras = poses(house, 20, seed=1)
    culled = [everything(drawer, camera) for camera in cameras]
    monkeypatch.setattr(renderer_module, "outside_frustum", lambda centres, *_: centres[:, 0] > 1e9)
    for camera, images in zip(cameras, culled, strict=True):
        for one, other in zip(images, everything(drawer, camera), strict=True):
            np.testing.assert_array_equal(one, other)
    drawer.close()


def test_only_what_is_asked_for_is_drawn_and_alone_it_is_the_same(four: HouseRenderer) -> None:
    rgb, depth, owners = everything(four, POSE)
    assert rgb.shape == (48, 64, 3) and rgb.dtype == np.uint8 and rgb.std() > 5
    assert depth.dtype == np.float32 and owners.dtype == np.int32
    only = four.render(POSE)
    assert only.depth is None and only.owners is None
    np.testing.assert_array_equal(only.rgb, rgb)
    only = four.render(POSE, rgb=False, depth=True)
    assert only.rgb is None and only.owners is None
    np.testing.assert_array_equal(only.depth, depth)
    only = four.render(POSE, rgb=False, owners=True)
    assert only.depth is None
    np.testing.assert_array_equal(only.owners, owners)


def test_images_do_not_depend_on_other_renderers_or_on_what_came_before(
    four: HouseRenderer,
) -> None:
    before = everything(four, POSE)
    other = HouseRenderer(HouseModel(simple_house(3)), 32, 80)
    for camera in poses(FOUR, 3):
        everything(four, camera)
        everything(other, camera)
    for one, same in zip(before, everything(four, POSE), strict=True):
        np.testing.assert_array_equal(one, same)
    other.close()
    other.close()
    for one, same in zip(before, everything(four, POSE), strict=True):
        np.testing.assert_array_equal(one, same)


def test_pixels_are_those_of_another_process() -> None:
    assert drawn_elsewhere(os.environ["MUJOCO_GL"]) == drawn()


def test_pixels_are_as_ever() -> None:
    if _has_gpu() and os.environ["MUJOCO_GL"] == "egl":
        pytest.skip("the hashes are Mesa's: run with MUJOCO_GL=osmesa on a machine with a GPU")
    assert drawn() == GOLDEN


def test_egl_and_osmesa_draw_the_same() -> None:
    if not _osmesa_answers():
        pytest.skip("needs libOSMesa: apt-get install -y libosmesa6")
    if not _egl_answers():
        pytest.skip("needs EGL: apt-get install -y libegl1 libgl1-mesa-dri")
    if _has_gpu():
        pytest.skip("EGL draws with the GPU here, which rounds in its own way")
    other = "osmesa" if os.environ["MUJOCO_GL"] == "egl" else "egl"
    assert drawn_elsewhere(other) == drawn()


def _has_gpu() -> bool:
    return Path("/dev/nvidia0").exists() or Path("/dev/dri/renderD128").exists()
