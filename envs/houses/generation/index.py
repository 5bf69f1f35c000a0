"""`HouseIndex`: which houses a folder holds, and which seeds gave none."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from ....errors import SpatuneError
from ..assets import find_asset
from ..house import House
from ..polygon import signed_area
from ..write import house_sha256, save_house
from .seed_house import SeedTask

INDEX_FILE = "houses.json"
FAILURES_FILE = "failures.jsonl"

_DIGITS = 12


@dataclass(frozen=True)
class HouseRow:
    """What the index says of one house.

    Attributes:
        file: Name of its file.
        sha256: Hash of the file.
        split: Which assets it may hold.
        seed: Seed that gave it.
        generator: `procthor` or `simple`.
        room_spec: The generator's name of its floor plan.
        rooms: Number of rooms.
        room_types: Their types, sorted.
        floor_m2: Area of all floors, square metres.
        objects: Number of objects, small ones included.
        object_types: How many there are of each type, by name.
    """

    file: str
    sha256: str
    split: str
    seed: int
    generator: str
    room_spec: str
    rooms: int
    room_types: list[str]
    floor_m2: float
    objects: int
    object_types: dict[str, int]

    @classmethod
    def save(cls, house: House, task: SeedTask, folder: Path) -> HouseRow:
        """Write a house into a folder."""
        digest = house_sha256(house)
        name = f"{task.split}-{digest[:_DIGITS]}.json"
        save_house(house, folder / name)
        kinds = Counter(find_asset(thing.asset_id).object_type for thing, _ in house.all_objects())
        return cls(
            file=name,
            sha256=digest,
            split=task.split,
            seed=task.seed,
            generator="procthor" if task.rooms is None else "simple",
            room_spec=house.room_spec,
            rooms=len(house.rooms),
            room_types=sorted(room.room_type for room in house.rooms),
            floor_m2=round(sum(abs(signed_area(room.floor)) for room in house.rooms), 2),
            objects=kinds.total(),
            object_types=dict(sorted(kinds.items())),
        )


class HouseIndex:
    """The houses of a folder and the seeds that gave none; both are files in it.

    Attributes:
        entries: The houses, by seed.
        failures: Why a seed gave none, by seed.
    """

    def __init__(self, folder: Path) -> None:
        """Read what is there.

        Raises:
            SpatuneError: A file of the index is no index.
        """
        self._folder = folder
        self.entries: dict[int, HouseRow] = {}
        self.failures: dict[int, str] = {}
        try:
            for row in _rows(folder / INDEX_FILE, whole=True):
                entry = HouseRow(**row)
                if (folder / entry.file).is_file():
                    self.entries[entry.seed] = entry
            for row in _rows(folder / FAILURES_FILE, whole=False):
                self.failures[row["seed"]] = row["reason"]
        except (ValueError, TypeError, KeyError) as error:
            raise SpatuneError(
                f"{folder} holds an index that cannot be read ({error}); remove the folder"
            ) from None

    def remove_strays(self, split: str) -> None:
        """Remove houses that a killed run wrote and did not live to list."""
        listed = {entry.file for entry in self.entries.values()}
        for path in self._folder.glob(f"{split}-{'[0-9a-f]' * _DIGITS}.json"):
            if path.name not in listed:
                path.unlink()

    def add(self, entry: HouseRow) -> None:
        """Keep a house that was written."""
        self.entries[entry.seed] = entry
        rows = [asdict(self.entries[seed]) for seed in sorted(self.entries)]
        partial = self._folder / (INDEX_FILE + ".partial")
        partial.write_text(json.dumps(rows, indent=1) + "\n")
        os.replace(partial, self._folder / INDEX_FILE)

    def add_failure(self, seed: int, reason: str) -> None:
        """Keep why a seed gave no house."""
        self.failures[seed] = reason
        with open(self._folder / FAILURES_FILE, "a") as file:
            file.write(json.dumps({"seed": seed, "reason": reason}) + "\n")


def _rows(path: Path, *, whole: bool) -> list[dict]:
    if not path.is_file():
        return []
    text = path.read_text()
    if whole:
        return json.loads(text)
    # A killed run may leave the start of a line behind.
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
