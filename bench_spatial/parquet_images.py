"""`ParquetImage`: one of many pictures in one parquet file (columns `id` and `bytes`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SpatuneError, first_line
from .media import decode_image

if TYPE_CHECKING:
    from .media import Images


@dataclass(frozen=True)
class ParquetImage:
    """A picture by its id; the file is read once, when its first picture is shown.

    Attributes:
        path: The parquet file.
        id: Value of its column `id`.
    """

    path: Path
    id: str

    def count(self, frames: int) -> int:
        """One."""
        return 1

    def load(self, frames: int) -> Images:
        """The picture."""
        places, column = _pictures(self.path)
        if self.id not in places:
            raise SpatuneError(f"{self.path} holds no picture {self.id!r}")
        return [decode_image(column[places[self.id]].as_py(), f"{self.path}: {self.id}")]


def image_ids(path: Path) -> frozenset[str]:
    """Ids of all pictures, without reading the pictures.

    Raises:
        SpatuneError: The file is missing, has other columns, or two pictures of one id.
    """
    names = [str(name) for name in _read(path, ["id"])["id"].to_pylist()]
    if len(set(names)) != len(names):
        twice = sorted(name for name in set(names) if names.count(name) > 1)[0]
        raise SpatuneError(f"{path} holds two pictures of the id {twice!r}")
    return frozenset(names)


@lru_cache(maxsize=2)
def _pictures(path: Path) -> tuple[dict[str, int], Any]:
    table = _read(path, ["id", "bytes"])
    places = {str(name): place for place, name in enumerate(table["id"].to_pylist())}
    return places, table["bytes"]


def _read(path: Path, columns: list[str]) -> Any:
    import pyarrow
    import pyarrow.parquet as parquet

    if not path.is_file():
        raise SpatuneError(f"{path}: no such file; a parquet file of pictures belongs there")
    try:
        held = parquet.read_schema(path).names
        lacking = [name for name in columns if name not in held]
        if lacking:
            raise SpatuneError(f"{path} has no column {lacking[0]!r}")
        return parquet.read_table(path, columns=columns)
    except (pyarrow.ArrowException, OSError) as error:
        raise SpatuneError(f"{path} is not a readable parquet file: {first_line(error)}") from None
