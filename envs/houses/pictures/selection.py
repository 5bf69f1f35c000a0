"""`HouseSource`: a house that the command line names, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ....errors import SpatuneError
from ..check import check_house
from ..generation.index import INDEX_FILE, HouseIndex
from ..house import House
from ..library import HouseEntry, house_entries, load_house
from ..read import read_house
from ..write import house_sha256

SPLITS = ("train", "val", "test")
_ALL = "all"
_NAMED_BY_HASH = re.compile(r"-([0-9a-f]{12})$")


@dataclass(frozen=True)
class HouseSource:
    """One house, not yet read.

    Attributes:
        name: Its name, or the stem of its file.
        group: The split of a house of the package, else the folder of its file.
        path: Its file, or None for a house of the package.
        sha256: How its content hash must begin; empty where nothing says that.
    """

    name: str
    group: str
    path: Path | None = None
    sha256: str = ""

    def load(self) -> House:
        """Read and check it.

        Raises:
            SpatuneError: The file cannot be read, is no house, has an impossible geometry, or was
                changed since it got its name.
        """
        if self.path is None:
            house = load_house(self.name)
            check_house(house)
            return house
        house = read_house(self.path)
        found = house_sha256(house)
        if not found.startswith(self.sha256):
            raise SpatuneError(
                f"{self.path}: was changed: its content hash is {found[:12]}..., "
                f"not {self.sha256[:12]}...; restore the file or rename it"
            )
        return house


def house_sources(words: Sequence[str]) -> tuple[HouseSource, ...]:
    """The houses that words name, each once, in the order of the words.

    Args:
        words: `train`, `val`, `test`, `all`, names of houses of the package, JSON files, or folders
            with an index.

    Raises:
        SpatuneError: A word names no house, or two files have one name.
    """
    found: dict[str, HouseSource] = {}
    for word in words:
        for source in _sources(word):
            known = found.setdefault(source.name, source)
            if known != source:
                raise SpatuneError(
                    f"two houses have the name {source.name!r}; rename a file, or render them apart"
                )
    if not found:
        raise SpatuneError(f"name a house; {_choices()}")
    return tuple(found.values())


def _sources(word: str) -> Iterator[HouseSource]:
    entries = house_entries()
    if word == _ALL or word in SPLITS:
        yield from (_frozen(entry) for entry in entries if word in (_ALL, entry.split))
        return
    named = next((entry for entry in entries if entry.name == word), None)
    path = Path(word)
    if named is not None:
        yield _frozen(named)
    elif path.is_dir():
        yield from _of_folder(path)
    elif path.is_file():
        yield _of_file(path)
    else:
        raise SpatuneError(f"there is no house {word!r}; {_choices()}")


def _frozen(entry: HouseEntry) -> HouseSource:
    return HouseSource(entry.name, entry.split, sha256=entry.sha256)


def _of_folder(folder: Path) -> Iterator[HouseSource]:
    rows = HouseIndex(folder).entries.values()
    if not rows:
        raise SpatuneError(f"{folder} has no houses in a {INDEX_FILE}; name its JSON files instead")
    for row in rows:
        yield HouseSource(Path(row.file).stem, str(folder), folder / row.file, row.sha256)


def _of_file(path: Path) -> HouseSource:
    name = path.name.removesuffix(".gz").removesuffix(".json")
    promised = _NAMED_BY_HASH.search(name)
    return HouseSource(name, str(path.parent), path, promised.group(1) if promised else "")


def _choices() -> str:
    return f"use {', '.join(SPLITS)}, {_ALL}, a name such as {house_entries()[0].name}, or a path"
