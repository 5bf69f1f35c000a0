"""The houses that come with the package: ProcTHOR houses, frozen, found by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...errors import SpatuneError
from .assets import Split
from .house import House
from .read import read_house
from .write import house_sha256

_FOLDER = Path(__file__).parent / "data" / "frozen"


@dataclass(frozen=True)
class HouseEntry:
    """One house of the package.

    Attributes:
        name: `<split>-<first 12 digits of its hash>`.
        split: Which assets it is furnished with.
        sha256: Content hash, checked when it is loaded.
        rooms: Number of rooms.
    """

    name: str
    split: Split
    sha256: str
    rooms: int


@cache
def house_entries() -> tuple[HouseEntry, ...]:
    """All houses of the package: training, validation, test; by number of rooms within each."""
    rows = json.loads((_FOLDER / "houses.json").read_text())
    entries = [
        HouseEntry(Path(row["file"]).stem, row["split"], row["sha256"], row["rooms"])
        for row in rows
    ]
    order = ("train", "val", "test")
    return tuple(sorted(entries, key=lambda e: (order.index(e.split), e.rooms, e.name)))


def house_names(split: Split | None = None) -> tuple[str, ...]:
    """Names of the houses of a split, or of all."""
    return tuple(entry.name for entry in house_entries() if split in (None, entry.split))


def house_sha256_of(name: str) -> str:
    """Content hash of a house of the package.

    Raises:
        SpatuneError: There is none of that name.
    """
    return _entry(name).sha256


def load_house(name: str) -> House:
    """A house of the package.

    Raises:
        SpatuneError: There is none of that name, or its file was changed.
    """
    entry = _entry(name)
    house = read_house(_FOLDER / f"{name}.json", check=False)
    if house_sha256(house) != entry.sha256:
        raise SpatuneError(
            f"the file of house {name!r} was changed: its content hash is not that of houses.json"
        )
    return house


def _entry(name: str) -> HouseEntry:
    entry = next((entry for entry in house_entries() if entry.name == name), None)
    if entry is None:
        raise SpatuneError(f"there is no house {name!r}; houses are: {', '.join(house_names())}")
    return entry
