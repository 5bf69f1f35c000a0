"""`simple_house`: a small house of our own, the same for the same seed everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....errors import SpatuneError
from ..assets import Asset, Split, assets_of_type
from ..house import AgentPose, House, HouseObject, Light
from ..targets import TARGET_TYPES, target_types
from ..yaw_box import YawBox
from .resting import rest_on
from .simple_catalogue import FIXED, SMALL_THINGS
from .simple_plan import ROOM_CHAINS, SimplePlan, simple_plan
from .simple_room import Furniture, RoomFurnisher

_SPLITS: tuple[Split, ...] = ("train", "val", "test")
_ATTEMPTS = 20
_DOOR_DEPTH = 1.0
_WINDOW_DEPTH = 0.4
_EYE = 0.95
_PLANT_HEIGHT = 0.75
"""ProcTHOR's limit between plants for tables and for floors, metres."""


def simple_house(seed: int, rooms: int = 2, split: Split = "train") -> House:
    """Make a house of rectangular rooms in a row or an L, furnished along the walls.

    Every room can be walked to, furniture stands clear of doors, and there is at least one of
    ObjectNav's targets. The same arguments give the same house in every process.

    Args:
        seed: Any integer from 0.
        rooms: One to three.
        split: Which of AI2-THOR's assets it holds.

    Raises:
        SpatuneError: An argument is out of range.
    """
    if rooms not in ROOM_CHAINS:
        raise SpatuneError(f"a simple house has 1 to {max(ROOM_CHAINS)} rooms, not {rooms}")
    if seed < 0:
        raise SpatuneError(f"a seed is 0 or more, not {seed}")
    for attempt in range(_ATTEMPTS):
        random = np.random.default_rng([seed, rooms, _SPLITS.index(split), attempt])
        house = _furnished(simple_plan(rooms, split, random), split, random)
        if house is not None:
            return house
    raise SpatuneError(f"seed {seed} gave no house of {rooms} rooms; take another seed")


def _furnished(plan: SimplePlan, split: Split, random: np.random.Generator) -> House | None:
    """The house with furniture, or None if a room stays empty or there is no target."""
    objects: list[HouseObject] = []
    starts = []
    for room in plan.plans:
        doors = plan.spaces_before(plan.doors, room.id, _DOOR_DEPTH)
        windows = plan.spaces_before(plan.windows, room.id, _WINDOW_DEPTH)
        furnisher = RoomFurnisher(room, doors, windows, split, random)
        furnisher.furnish()
        if not furnisher.placed:
            return None
        objects += _room_objects(room.number, furnisher.placed, split, random)
        starts.append(furnisher.start())
    x, z = starts[random.integers(len(starts))]
    house = House(
        rooms=plan.rooms,
        walls=plan.walls,
        doors=plan.doors,
        windows=plan.windows,
        objects=tuple(objects),
        lights=_lights(plan),
        ceiling_material=plan.ceiling,
        skybox="Sky1",
        agent=AgentPose((x, _EYE, z), yaw=90.0 * random.integers(4), horizon=30.0),
        room_spec=f"simple-{len(plan.plans)}",
    )
    return house if target_types(house) else None


def _room_objects(
    number: int, placed: Sequence[Furniture], split: Split, random: np.random.Generator
) -> Iterator[HouseObject]:
    """The furniture of a room with what lies on it; no two small things of a room are alike."""
    seen: set[str] = set()
    for index, furniture in enumerate(placed):
        name = f"{number}|{index}"
        kind = furniture.asset.object_type
        children = []
        if kind == "TVStand":
            children = [*_television(f"{name}|1", furniture, split, random)]
        elif kind in SMALL_THINGS:
            children = [
                _object(f"small|{name}|{place}", asset, box)
                for place, (asset, box) in enumerate(_on(furniture, seen, split, random))
            ]
        yield _object(name, furniture.asset, furniture.box, tuple(children))


def _on(
    furniture: Furniture, seen: set[str], split: Split, random: np.random.Generator
) -> Iterator[tuple[Asset, YawBox]]:
    """Small things for a piece; the first one is a target if there is room for it."""
    kinds = [kind for kind in SMALL_THINGS[furniture.asset.object_type] if kind not in seen]
    targets = [kind for kind in kinds if kind in TARGET_TYPES]
    chosen = [targets[random.integers(len(targets))]] if targets else []
    others = [kind for kind in kinds if kind not in chosen]
    chosen += [others[place] for place in random.permutation(len(others))[: random.integers(1, 4)]]
    boxes: list[YawBox] = []
    for kind in chosen:
        asset = _small_asset(kind, split, random)
        if asset is None:
            continue
        box = rest_on(furniture.asset, furniture.box, asset.size, boxes, random)
        if box is not None:
            seen.add(kind)
            boxes.append(box)
            yield asset, box


def _small_asset(kind: str, split: Split, random: np.random.Generator) -> Asset | None:
    fitting = [
        asset
        for asset in assets_of_type(kind)
        if asset.split in (split, None) and (kind != "HousePlant" or asset.size[1] < _PLANT_HEIGHT)
    ]
    return fitting[random.integers(len(fitting))] if fitting else None


def _television(
    name: str, stand: Furniture, split: Split, random: np.random.Generator
) -> Iterator[HouseObject]:
    """A television that is no larger than its stand, if there is one."""
    fitting = [
        asset
        for asset in assets_of_type("Television")
        if asset.split in (split, None)
        and asset.size[0] <= stand.box.size[0]
        and asset.size[2] <= stand.box.size[2]
    ]
    if fitting:
        asset = fitting[random.integers(len(fitting))]
        x, _, z = stand.box.centre
        box = YawBox((x, stand.box.top + asset.size[1] / 2, z), asset.size, stand.box.yaw)
        yield _object(name, asset, box)


def _object(
    name: str, asset: Asset, box: YawBox, children: tuple[HouseObject, ...] = ()
) -> HouseObject:
    fixed = asset.object_type in FIXED
    return HouseObject(name, asset.id, box.centre, (0.0, box.yaw, 0.0), fixed, children)


def _lights(plan: SimplePlan) -> tuple[Light, ...]:
    """The sun, and a lamp under the ceiling of each room."""
    sun = Light("DirectionalLight", "directional", (0.84, 0.1855, -1.09), (66.0, 75.0, 0.0), 1.0,
                None, (1.0, 1.0, 1.0))  # fmt: skip
    lamps = [
        Light(
            id=f"light_{room.number}",
            kind="point",
            position=(
                (room.low[0] + room.high[0]) / 2,
                plan.height - 0.2,
                (room.low[1] + room.high[1]) / 2,
            ),
            rotation=None,
            intensity=0.45,
            reach=15.0,
            colour=(1.0, 0.855, 0.722),
        )
        for room in plan.plans
    ]
    return (sun, *lamps)
