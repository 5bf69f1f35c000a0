"""`Asset`: what AI2-THOR's asset database knows of a piece of furniture or a small object."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ...errors import SpatuneError

Split = Literal["train", "val", "test"]

_FILE = Path(__file__).parent / "data" / "assets.json"


@dataclass(frozen=True)
class Asset:
    """One asset.

    Attributes:
        id: For example `Fridge_1`.
        object_type: For example `Fridge`.
        size: Extents (x, y, z) of its bounding box in its own frame (y up, z its front), metres.
        split: Which houses may hold it, or None for all.
        primary: `Static`, `Moveable`, `CanPickup`, or empty for frames of doors.
        properties: AI2-THOR's secondary properties, for example `Receptacle`, `CanOpen`.
        materials: Kinds of material that it is drawn with, for example `Wood`, `Metal`.
        mass: Kilograms; 0 for what cannot be moved.
        visible_materials: AI2-THOR's salient materials.
    """

    id: str
    object_type: str
    size: tuple[float, float, float]
    split: Split | None
    primary: str
    properties: frozenset[str]
    materials: tuple[str, ...]
    mass: float
    visible_materials: tuple[str, ...]


def find_asset(asset_id: str) -> Asset:
    """The asset of that id.

    Raises:
        SpatuneError: There is none.
    """
    try:
        return all_assets()[asset_id]
    except KeyError:
        near = difflib.get_close_matches(asset_id, all_assets(), n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise SpatuneError(f"unknown asset {asset_id!r}{hint}") from None


def assets_of_type(object_type: str) -> tuple[Asset, ...]:
    """All assets of a type, in order of their ids; none for an unknown type."""
    return _by_type().get(object_type, ())


def object_types() -> tuple[str, ...]:
    """All object types, sorted."""
    return tuple(sorted(_by_type()))


@cache
def all_assets() -> dict[str, Asset]:
    """Every asset by its id."""
    data = json.loads(_FILE.read_text())
    words = data["properties"]
    return {
        name: Asset(
            id=name,
            object_type=object_type,
            size=(size[0], size[1], size[2]),
            split=split or None,
            primary=primary,
            properties=frozenset(words[index] for index in properties),
            materials=tuple(materials),
            mass=mass,
            visible_materials=tuple(visible),
        )
        for name, object_type, size, split, primary, properties, materials, mass, visible in (
            data["assets"]
        )
    }


@cache
def _by_type() -> dict[str, tuple[Asset, ...]]:
    groups: dict[str, list[Asset]] = {}
    for asset in sorted(all_assets().values(), key=lambda asset: asset.id):
        groups.setdefault(asset.object_type, []).append(asset)
    return {name: tuple(group) for name, group in groups.items()}
