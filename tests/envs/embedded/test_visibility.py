"""What an agent sees, against rays that are cast into the same meshes without any renderer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from spatune.envs.embedded.viewpoints import HORIZONS, gaps_to, view_from
from spatune.envs.embedded.world import World
from spatune.envs.houses.frames import rotation_matrix, to_mujoco
from spatune.envs.houses.library import house_names

WIDTH, HEIGHT = 64, 48
REACH = 1.5


@dataclass
class Rays:
    """What rays hit: owner and distance along the camera's axis, both (R,)."""

    owners: np.ndarray
    depth: np.ndarray


class RayCaster:
    """Casts rays at the drawn geoms of a world; faces are hit from their front only."""

    def __init__(self, world: World) -> None:
        house, self.geoms = world.model, []
        model, data = house.model, house.data
        for geom in range(model.ngeom):
            if not house.shown[geom]:
                continue
            mesh = model.geom_dataid[geom]
            first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
            face, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
            turn = data.geom_xmat[geom].reshape(3, 3)
            corners = model.mesh_vert[first : first + count] @ turn.T + data.geom_xpos[geom]
            triangles = corners[model.mesh_face[face : face + faces]].astype(float)
            centre = corners.mean(axis=0)
            radius = np.linalg.norm(corners - centre, axis=1).max()
            self.geoms.append((house.geom_owner[geom], centre, radius, triangles))

    def cast(self, eye: np.ndarray, rays: np.ndarray) -> Rays:
        """Nearest hits of rays (R, 3) that are 1 m long along the camera's axis."""
        found = Rays(np.zeros(len(rays), int), np.full(len(rays), np.inf))
        units = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        for owner, centre, radius, triangles in self.geoms:
            offset = centre - eye
            along = units @ offset
            aside = np.linalg.norm(offset - along[:, None] * units, axis=1)
            near = np.flatnonzero((aside < radius + 1e-6) & (along > -radius))
            if not len(near):
                continue
            depth = _nearest(eye, rays[near], triangles)
            closer = depth < found.depth[near]
            found.depth[near[closer]], found.owners[near[closer]] = depth[closer], owner
        return found


def _nearest(eye: np.ndarray, rays: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Moeller and Trumbore's intersection: distances (R,), infinite where nothing is hit."""
    a, b, c = triangles.transpose(1, 0, 2)
    first, second = b - a, c - a
    across = np.cross(rays[:, None], second[None])  # (R, T, 3)
    facing = np.einsum("td,rtd->rt", first, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(facing > 1e-12, 1 / facing, np.nan)
        offset = eye - a
        u = np.einsum("td,rtd->rt", offset, across) * scale
        turned = np.cross(offset, first)
        v = (rays @ turned.T) * scale
        distance = np.einsum("td,td->t", second, turned) * scale
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0.02)
    return np.where(hit, distance, np.inf).min(axis=1)


def agent_rays(world: World) -> tuple[np.ndarray, np.ndarray]:
    """The camera and a ray through the middle of each pixel (R, 3), MuJoCo's frame."""
    agent = world.agent
    slope = np.tan(np.radians(world.settings.field_of_view) / 2)
    across = ((np.arange(WIDTH) + 0.5) / WIDTH * 2 - 1) * slope * WIDTH / HEIGHT
    up = (1 - (np.arange(HEIGHT) + 0.5) / HEIGHT * 2) * slope
    rays = np.stack(np.broadcast_arrays(across[None], up[:, None], 1.0), axis=-1).reshape(-1, 3)
    turn = rotation_matrix((agent.horizon, agent.yaw, 0.0))
    return to_mujoco(np.array(agent.eye)), to_mujoco(rays @ turn.T)


def near_pixels(world: World, rays: Rays, directions: np.ndarray) -> dict[str, int]:
    """Rays that hit each object within reach of the agent's vertical line."""
    ground = np.linalg.norm(directions[:, :2], axis=1) * rays.depth
    counts = np.bincount(rays.owners[ground <= REACH], minlength=len(world.model.owners))
    return {name: int(counts[number]) for name, number in world.numbers.items()}


@pytest.mark.parametrize("name", ["two", "four", house_names("test")[1]])
def test_visible_objects_are_those_that_rays_hit_in_reach(play, request, name: str) -> None:
    settings = {"snapToGrid": False, "visibilityDistance": REACH, "fieldOfView": 63.453}
    if name in ("two", "four"):
        player = play(request.getfixturevalue(f"{name}_rooms"), WIDTH, HEIGHT, **settings)
    else:
        player = play(None, WIDTH, HEIGHT)
        player.ok("Reset", sceneName=name)
        player.ok("Initialize", **settings)
    world, random = player.world, np.random.default_rng(7)
    caster = RayCaster(world)
    seen = 0
    for _ in range(9):
        x, z = world.grid.points[random.integers(len(world.grid.points))]
        yaw, horizon = random.uniform(0, 360), float(random.choice([-30, 0, 30, 60]))
        player.go(float(x), float(z), yaw, horizon)
        player.ok("Pass", renderDepthImage=True, renderInstanceSegmentation=True)
        eye, directions = agent_rays(world)
        rays = caster.cast(eye, directions)
        visible = {o["objectId"] for o in player.reply.agent["objects"] if o["visible"]}
        for thing, pixels in near_pixels(world, rays, directions).items():
            seen += thing in visible
            if pixels >= 10:
                assert thing in visible, thing
            elif thing in visible:
                # An edge may fall on either side of a pixel's middle, not more.
                assert pixels > 0 or _is_at_an_edge(player, world, thing), thing
        image = player.reply.view.depth.reshape(-1)
        same = np.abs(image - rays.depth) < 1e-3 * rays.depth
        assert same.mean() > 0.97
    assert seen > 20


def _is_at_an_edge(player, world: World, thing: str) -> bool:
    """Whether so few pixels show the thing that rays may miss it."""
    colours = {c["name"]: c["color"] for c in player.reply.agent["colors"]}
    shown = (player.reply.view.instances[..., :3] == colours[thing]).all(axis=-1)
    return 0 < shown.sum() < 10 or _is_at_the_limit(world, thing)


def _is_at_the_limit(world: World, thing: str) -> bool:
    here = np.array([[world.agent.x, world.agent.z]])
    return abs(float(gaps_to(world, here, thing)[0]) - REACH) < 0.03


def test_what_is_behind_a_wall_is_not_visible_however_near(four) -> None:
    """The sofa is on the other side of the wall that the agent looks at."""
    four.go(6.6, 7.3, 180.0, 30.0)
    gap = gaps_to(four.world, np.array([[6.6, 7.3]]), "Sofa|7|2")[0]
    assert gap < 1.0
    assert not four.thing("Sofa|7|2")["visible"]
    assert four.thing("wall|6|3.49|6.97|8.71|6.97")["visible"]
    assert not four.thing("wall|7|3.49|6.97|8.71|6.97")["visible"]


def test_a_thing_is_visible_up_to_the_distance_that_was_set(play, four_rooms) -> None:
    player = play(four_rooms, snapToGrid=False, visibilityDistance=1.0, fieldOfView=63.453)
    bed = "Bed|4|0"
    for x in np.arange(3.2, 1.9, -0.1):
        if not player.world.plan.free(np.array([x, 5.2]))[0]:
            break
        player.go(float(x), 5.2, 270.0, 30.0)
        gap = gaps_to(player.world, np.array([[x, 5.2]]), bed)[0]
        if gap > 1.0:
            assert not player.thing(bed)["visible"]
        if gap < 0.85:
            assert player.thing(bed)["visible"]


def test_what_the_agent_carries_is_visible_and_hides_what_is_behind(two) -> None:
    two.go(4.0, 4.0, 90.0, 0.0)
    two.ok("PickupObject", objectId="Box|3|2", forceAction=True)
    before = two.simulator.visible()
    assert "Box|3|2" in before and two.thing("Box|3|2")["isPickedUp"]
    two.ok("LookDown")
    assert "Box|3|2" in two.simulator.visible()


@pytest.mark.parametrize("target", ["Apple|small|6|10", "Toilet|5|0", "Laptop|small|4|5"])
def test_views_that_are_found_are_views(four, target: str) -> None:
    world = four.world
    gaps = gaps_to(world, world.grid.points, target)
    found = 0
    for index in np.flatnonzero(gaps < world.settings.visibility_distance):
        x, z = (float(value) for value in world.grid.points[index])
        look = view_from(four.simulator, (x, z), target)
        stepped = view_from(four.simulator, (x, z), target, [30.0 * turn for turn in range(12)])
        if look is not None:
            found += 1
            four.go(x, z, *look)
            assert four.thing(target)["visible"] and look[1] in HORIZONS
        if stepped is not None:
            four.go(x, z, *stepped)
            assert four.thing(target)["visible"] and stepped[0] % 30 == 0
    assert found


def test_the_gap_to_a_lying_object_is_to_its_box_as_it_lies(play, four_rooms) -> None:
    import json

    house = json.loads(json.dumps(four_rooms))
    plunger = next(thing for thing in house["objects"] if thing["id"] == "5|3")
    plunger["assetId"] = "BaseballBat_2"
    plunger["position"] = {"x": 1.7, "y": 0.05, "z": 2.0}
    plunger["rotation"] = {"x": 90, "y": 0, "z": 0}
    world = play(house, snapToGrid=False).world
    name = "BaseballBat|5|3"
    assert world.entities[name].size[1] > 0.8
    along = gaps_to(world, np.array([[1.7, 3.0]]), name)[0]
    assert along == pytest.approx(1.0 - world.entities[name].size[1] / 2, abs=1e-6)
