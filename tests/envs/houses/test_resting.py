"""Where small objects rest, and the stand-in for AI2-THOR that ProcTHOR's generator asks."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.houses.assets import Asset, all_assets, find_asset
from spatune.envs.houses.generation.procthor_controller import GeometricController
from spatune.envs.houses.shapes import Part, parts_of
from spatune.envs.houses.supports import supports
from spatune.envs.houses.yaw_box import YawBox
from spatune.errors import SpatuneError

RECEPTACLES = (
    "ArmChair", "Bed", "Box", "Chair", "CoffeeMachine", "CoffeeTable", "CounterTop", "Desk",
    "DiningTable", "Dresser", "Ottoman", "Plate", "ShelvingUnit", "SideTable", "Sink", "Sofa",
    "Stool", "TVStand", "Toilet",
)  # fmt: skip


def resting_gap(box: YawBox, furniture: Asset, where: YawBox) -> float:
    """Metres from a box to the nearest support of a piece of furniture."""
    heights = [where.bottom + area.height for area in supports(furniture)]
    return min((box.bottom - height for height in heights), key=abs)


# Where things rest


@pytest.mark.parametrize("kind", RECEPTACLES)
def test_supports_are_where_furniture_is_drawn(kind: str) -> None:
    """Most of a support must have the top of a drawn part right below it, and nothing in it."""
    for asset in [asset for asset in all_assets().values() if asset.object_type == kind]:
        for area in supports(asset):
            shares = (np.arange(7) + 0.5) / 7
            low, high = np.array(area.low), np.array(area.high)
            points = [low + (high - low) * (x, z) for x in shares for z in shares]
            height = area.height - asset.size[1] / 2
            good = sum(is_supported(parts_of(asset), point, height) for point in points)
            assert good >= 0.75 * len(points), (asset, area)


def is_supported(parts: tuple[Part, ...], point: np.ndarray, height: float) -> bool:
    gaps = []
    for part in parts:
        reach = top_at(part, point)
        if reach is None:
            continue
        low, high = reach
        if high > height + 0.03 and low < height + 0.05:
            return False
        gaps.append(abs(high - height))
    return bool(gaps) and min(gaps) < 0.03


def top_at(part: Part, point: np.ndarray) -> tuple[float, float] | None:
    """Lower and upper end of an upright part over a point of the ground."""
    x, z = (point - (part.centre[0], part.centre[2])) / (part.size[0] / 2, part.size[2] / 2)
    half = part.size[1] / 2
    if part.tilt or (part.kind == "cylinder" and part.axis != "y"):
        return None
    if part.kind == "box":
        inside = max(abs(x), abs(z)) < 1
    else:
        inside = x**2 + z**2 < 1
        half *= np.sqrt(1 - x**2 - z**2) if inside and part.kind == "ellipsoid" else 1.0
    return (part.centre[1] - half, part.centre[1] + half) if inside else None


# The stand-in for AI2-THOR


def scene(*objects: dict) -> GeometricController:
    """A controller with a house of one room that holds these objects."""
    corners = [(0, 0), (0, 6), (6, 6), (6, 0)]
    floor = [{"x": x, "y": 0, "z": z} for x, z in corners]
    controller = GeometricController()
    assert controller.step("CreateHouse", house={"rooms": [{"floorPolygon": floor}],
                                                 "objects": objects})  # fmt: skip
    return controller


def piece(name: str, asset_id: str, x: float, z: float, yaw: float = 0.0, **more) -> dict:
    height = find_asset(asset_id).size[1]
    return {
        "id": name,
        "assetId": asset_id,
        "position": {"x": x, "y": height / 2, "z": z},
        "rotation": {"x": 0, "y": yaw, "z": 0},
        **more,
    }


@pytest.mark.parametrize(
    ("asset_id", "kinds"),
    [
        ("Dining_Table_201_1", ("Bowl_1", "Apple_1", "Laptop_1", "Plate_1")),
        ("Shelving_Unit_313_1", ("Apple_1", "Vase_Flat_4", "Alarm_Clock_1")),
        ("Bed_1", ("pillow_1", "Laptop_1", "Apple_1")),
        ("Sofa_208_1", ("Laptop_1", "Apple_1")),
        ("Desk_304_1", ("Laptop_1", "Apple_1", "Mug_1")),
        ("Countertop_L_8x6", ("Bowl_1", "Apple_1", "Plate_1")),
        ("Fridge_1", ("Apple_1", "Egg_1")),
    ],
)
def test_small_things_rest_on_what_holds_them(asset_id: str, kinds: tuple[str, ...]) -> None:
    furniture, where = find_asset(asset_id), None
    controller = scene(piece("2|1", asset_id, 3.0, 3.0, 90.0), piece("2|10", asset_id, 3.0, 0.5))
    placed: list[YawBox] = []
    for index in range(24):
        asset = find_asset(kinds[index % len(kinds)])
        name = f"small|2|{index}"
        controller.step("SpawnAsset", assetId=asset.id, generatedId=name,
                        position={"x": 0, "y": -20, "z": 0})  # fmt: skip
        event = controller.step("InitialRandomSpawn", objectIds=[name], randomSeed=index,
                                receptacleObjectIds=["2|10", "2|1"])  # fmt: skip
        if not event:
            controller.step("DisableObject", objectId=name)
            continue
        record = next(one for one in event.metadata["objects"] if one["objectId"] == name)
        centre, yaw = record["axisAlignedBoundingBox"]["center"], record["rotation"]["y"]
        box = YawBox((centre["x"], centre["y"], centre["z"]), asset.size, yaw)
        where = YawBox((3.0, furniture.size[1] / 2, 3.0), furniture.size, 90.0)
        assert resting_gap(box, furniture, where) == pytest.approx(0.0, abs=1e-6)
        halves = furniture.size[0] / 2, furniture.size[2] / 2
        assert all(
            abs(own) <= half
            for corner in box.corners
            for own, half in zip(where.to_own(corner), halves, strict=True)
        )
        assert all(box.overlap(other) < 2e-3 for other in placed)
        # ProcTHOR would lift what may break by 5 cm, and leave it in the air.
        assert not record["breakable"]
        placed.append(box)
    assert len(placed) >= 3


def test_what_fits_nowhere_is_not_placed() -> None:
    controller = scene(piece("2|1", "Stool_1_3", 3.0, 3.0))
    controller.step("SpawnAsset", assetId="Television_27", generatedId="small|2|0",
                    position={"x": 0, "y": -20, "z": 0})  # fmt: skip
    assert not controller.step("InitialRandomSpawn", objectIds=["small|2|0"], randomSeed=0,
                               receptacleObjectIds=["2|1"])  # fmt: skip


def test_pillows_fall_on_the_mattress_and_dropped_bats_lie_down() -> None:
    bed = find_asset("Bed_6")
    pillow = piece("2|0|1", "pillow_1", 3.0, 3.2)
    pillow["position"]["y"] = bed.size[1] + find_asset("pillow_1").size[1] / 2
    bat = piece("small|2|0", "BaseballBat_4", 3.0, 2.9)
    bat["position"]["y"], bat["rotation"]["x"] = 3.0, 4.0
    loose = piece("2|1", "BaseballBat_4", 0.2, 5.0)
    loose["position"]["y"], loose["rotation"]["x"] = 3.0, 4.0
    controller = scene(piece("2|0", "Bed_6", 3.0, 3.0, children=[pillow, bat]), loose)
    first = controller.step("AdvancePhysicsStep", timeStep=0.01).metadata["objects"]
    assert first == controller.step("AdvancePhysicsStep", timeStep=0.01).metadata["objects"]
    heights = {record["objectId"]: record["position"]["y"] for record in first}
    mattress = supports(bed)[0].height
    bat_size = find_asset("BaseballBat_4").size
    assert heights["2|0|1"] == pytest.approx(mattress + find_asset("pillow_1").size[1] / 2)
    assert heights["small|2|0"] == pytest.approx(mattress + bat_size[2] / 2)
    assert heights["2|1"] == pytest.approx(bat_size[2] / 2)
    corner = next(record for record in first if record["objectId"] == "2|1")
    assert corner["rotation"]["x"] == 90.0
    extent = corner["axisAlignedBoundingBox"]
    assert extent["center"]["x"] - extent["size"]["x"] / 2 >= 0.0


def test_unknown_action_is_refused() -> None:
    with pytest.raises(SpatuneError, match="cannot do 'MoveAhead'"):
        GeometricController().step("MoveAhead")
