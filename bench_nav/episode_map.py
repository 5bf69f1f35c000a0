"""`episode_map`: the map of the episode that an environment has just played."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..envs.houses.assets import find_asset
from ..envs.houses.floorplan import FloorPlan, is_passable
from ..envs.houses.house import GroundPoint, House, Opening
from ..envs.thor import ThorEnv
from .map_picture import Target, Trip, draw_map
from .metrics import episode_metrics
from .top_down import MapBox, MapRoom, Segment, TopDownMap


def episode_map(env: ThorEnv, info: dict) -> Image.Image:
    """Draw the house, the way that the agent took, and the shortest way.

    Args:
        env: After the last step of an episode.
        info: Of that step.
    """
    episode, house = env.episode, env.house
    assert episode is not None and house is not None, "an episode was played"
    shortest = env.guide.path(episode, episode.start)
    targets: list[Target] = []
    if episode.target:
        targets = [
            Target(episode.target, (thing.position[0], thing.position[2]))
            for thing, _ in house.all_objects()
            if find_asset(thing.asset_id).object_type == episode.target
        ]
    elif episode.goal is not None:
        targets = [Target("goal", episode.goal)]
    trip = Trip(
        instruction=episode.instruction,
        success=bool(info["success"]),
        spl=episode_metrics(info)["spl"],
        path=tuple(env.path),
        headings=(),
        targets=tuple(targets),
        shortest=() if shortest is None else tuple((float(x), float(z)) for x, z in shortest),
    )
    return draw_map(house_map(house, env.guide.reachable()), trip)


def house_map(house: House, reachable: np.ndarray) -> TopDownMap:
    """What a map shows of a house.

    Args:
        house: The house.
        reachable: Points (P, 2) where an agent can stand, metres.
    """
    walls = {wall.id: wall for wall in house.walls}
    plan = FloorPlan(house)
    things = {thing.id for thing, _ in house.all_objects()}
    obstacles = [
        MapBox(x, z, half_x, half_z, float(np.degrees(yaw)))
        for owner, (x, z, half_x, half_z, yaw) in zip(plan.owners, plan.boxes, strict=True)
        if owner in things
    ]
    doors = [door for door in house.doors if is_passable(door, door.openness)]
    return TopDownMap(
        rooms=tuple(MapRoom(room.room_type, room.floor) for room in house.rooms),
        walls=tuple(
            (wall.start, wall.end) for wall in house.walls if not (wall.empty or wall.exterior)
        ),
        doors=tuple(_segment(door, walls) for door in doors),
        obstacles=tuple(obstacles),
        reachable=tuple((float(x), float(z)) for x, z in reachable),
    )


def _segment(door: Opening, walls: dict) -> Segment:
    wall = walls[door.walls[0]]
    start, end = np.array(wall.start), np.array(wall.end)
    along = (end - start) / wall.length

    def at(distance: float) -> GroundPoint:
        x, z = start + along * distance
        return float(x), float(z)

    return at(door.left), at(door.right)
