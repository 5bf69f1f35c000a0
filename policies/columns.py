"""Columns of a data set outside LeRobot's rows, read by frame index: `FrameColumns`.

LeRobotDataset turns each row into Python lists before it makes tensors: a row with the 34,816
floats of the embedded features takes about 15 ms. Frame columns are plain `.npy` files in the
folder `columns/` of the data set, memory-mapped and gathered for a whole batch at a time.
LeRobot's batches also drop columns it does not know, such as `action.chunk`; those are read from
the data set's own parquet files, once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agent.reasoning import Reasoning
from ..digests import file_sha256
from ..errors import SpatuneError
from .features import FeatureSpec

if TYPE_CHECKING:
    import torch

FOLDER = "columns"
MANIFEST = "manifest.json"
ANSWERS = "answers.jsonl"
"""What the VLM answered about each frame, one JSON string a line, where it was asked."""
CHUNK = "action.chunk"
CHUNK_PAD = "action.chunk_is_pad"
PRIVILEGED = "privileged."
GOAL_POSITIONS = "privileged.goal_positions"
"""Object and place of the goal, (2, 3) in m, in the frame of the state's position."""
GOAL_PIXELS = "privileged.goal_pixels"
"""The same in each camera, (cameras, 2, 3): column and row as fractions of the image, depth (m)."""

_PART_BYTES = 2**26


@dataclass(frozen=True)
class Manifest:
    """What `columns/manifest.json` says.

    Attributes:
        frames: Number of rows of every column.
        columns: Column name -> sha256 of its file.
        features: Specifications of the columns `features.<name>`.
        vlm: Identity of the VLM that made them (`digests.vlm_sha256`).
        source: Digest of the data set they were made from.
        reasoning: The question whose answer stood behind the task when they were made, if any.
    """

    frames: int
    columns: Mapping[str, str]
    features: tuple[FeatureSpec, ...] = ()
    vlm: str = ""
    source: str = ""
    reasoning: Reasoning | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        return {
            "frames": self.frames,
            "columns": dict(self.columns),
            "features": [spec.to_json() for spec in self.features],
            "vlm": self.vlm,
            "source": self.source,
            # Left out where there is none: what was written before it existed stays as it was.
            **({"reasoning": self.reasoning.to_json()} if self.reasoning else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Manifest:
        """Inverse of `to_json`."""
        features = tuple(map(FeatureSpec.from_json, data["features"]))
        asked = Reasoning(**data["reasoning"]) if "reasoning" in data else None
        return cls(data["frames"], data["columns"], features, data["vlm"], data["source"], asked)


@dataclass
class FrameColumns:
    """Read access to the columns of one data set.

    Methods:
        open: The columns of a LeRobotDataset.
        names: Columns there are.
        take: Rows of a column.
        keep: Hold columns on a device, from where `take` then gathers.
        verify: Compare every file with its digest.

    Attributes:
        root: Root of the data set.
        manifest: None for a data set without the folder `columns/`.
    """

    root: Path
    manifest: Manifest | None
    _schema: Mapping[str, tuple[str, tuple[int, ...]]]
    _arrays: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _kept: dict[str, torch.Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, root: str | Path) -> FrameColumns:
        """Reads the manifest and the data set's features; opens no data yet.

        Raises:
            SpatuneError: There is no data set, or its manifest is broken.
        """
        root = Path(root)
        info = root / "meta" / "info.json"
        if not info.is_file():
            raise SpatuneError(f"{root} is not a LeRobotDataset: meta/info.json is missing")
        schema = {
            name: (feature["dtype"], tuple(feature["shape"]))
            for name, feature in json.loads(info.read_text())["features"].items()
            if feature["dtype"] not in ("image", "video", "string", "language")
        }
        manifest = None
        path = root / FOLDER / MANIFEST
        if path.is_file():
            try:
                manifest = Manifest.from_json(json.loads(path.read_text()))
            except (KeyError, TypeError, ValueError) as error:
                raise SpatuneError(
                    f"{path} is broken ({error}); build the features again"
                ) from error
        return cls(root, manifest, schema)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns that `take` reads."""
        own = tuple(self.manifest.columns) if self.manifest else ()
        return own + tuple(name for name in self._schema if name not in own)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one row."""
        if self.manifest and name in self.manifest.columns:
            return self._array(name).shape[1:]
        return self._schema[name][1]

    def take(self, name: str, index: torch.Tensor) -> torch.Tensor:
        """Rows of a column.

        Args:
            name: The column.
            index: (B,) frame indices, the data set's `index`.

        Returns:
            (B, *shape) on the device of `index`; floats are float32.
        """
        import torch

        if name in self._kept:
            kept = self._kept[name]
            return _floats(kept[index.reshape(-1).to(kept.device)]).to(index.device)
        rows = np.atleast_1d(index.cpu().numpy())
        # Ascending reads touch each page once, which matters while the file is not in memory.
        order = np.argsort(rows, kind="stable")
        values = torch.from_numpy(self._array(name)[rows[order]]).to(index.device)
        back = torch.from_numpy(np.argsort(order, kind="stable")).to(index.device)
        return _floats(values[back])

    def keep(self, names: Sequence[str], device: torch.device) -> None:
        """Holds whole columns on a device, as they are stored; those held already stay.

        Raises:
            SpatuneError: They do not fit there.
        """
        arrays = {name: self._array(name) for name in names if name not in self._kept}
        needed = sum(array.nbytes for array in arrays.values())
        # Room is left for the network, its gradients and the batches.
        if needed and needed > 0.8 * (free := _free_bytes(device)):
            raise SpatuneError(
                f"the columns of {self.root} take {needed / 1e9:.1f} GB, and {device} has "
                f"{free / 1e9:.1f} GB free: use --policy.cache_on_device=false"
            )
        for name, array in arrays.items():
            self._kept[name] = _on_device(array, device)

    def array(self, name: str) -> np.ndarray:
        """A whole column, (frames, *shape)."""
        return self._array(name)

    def verify(self) -> None:
        """Compares every file of `columns/` with its digest.

        Raises:
            SpatuneError: A file is missing or has changed.
        """
        for name, sha256 in (self.manifest.columns if self.manifest else {}).items():
            path = column_path(self.root, name)
            if not path.is_file() or file_sha256(path) != sha256:
                raise SpatuneError(f"{path} is missing or has changed; build the features again")

    def _array(self, name: str) -> np.ndarray:
        if name not in self._arrays:
            if self.manifest and name in self.manifest.columns:
                self._arrays[name] = self._mapped(name, self.manifest.frames)
            elif name in self._schema:
                self._arrays[name] = read_parquet_column(self.root, name, *self._schema[name])
            else:
                raise SpatuneError(
                    f"{self.root} has no column {name!r}; it has {', '.join(self.names)}"
                )
        return self._arrays[name]

    def _mapped(self, name: str, frames: int) -> np.ndarray:
        path = column_path(self.root, name)
        if not path.is_file():
            raise SpatuneError(f"{path} is missing; build the features again")
        array = np.load(path, mmap_mode="r")
        if len(array) != frames:
            raise SpatuneError(f"{path} has {len(array)} rows instead of {frames}; build it again")
        return array


def _floats(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _free_bytes(device: torch.device) -> int:
    import psutil
    import torch

    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def _on_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    import torch

    # By parts: a memory-mapped file need not lie in memory as a whole on its way.
    rows = max(1, _PART_BYTES * len(array) // max(1, array.nbytes))
    first = torch.from_numpy(np.array(array[:0]))
    kept = torch.empty(array.shape, dtype=first.dtype, device=device)
    for start in range(0, len(array), rows):
        kept[start : start + rows] = torch.from_numpy(np.array(array[start : start + rows]))
    return kept


def column_path(root: Path, name: str) -> Path:
    """File of a column in a data set (or in a folder where one is being built)."""
    return root / FOLDER / f"{name}.npy"


def read_parquet_column(root: Path, name: str, dtype: str, shape: Iterable[int]) -> np.ndarray:
    """One column of a LeRobotDataset's rows as an array in the order of the frame index.

    Returns:
        (frames, *shape); a shape of (1,) is kept.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    indices, parts = [], []
    for path in sorted((root / "data").glob("*/*.parquet")):
        table = pq.read_table(path, columns=["index", name])
        values: Any = table[name].combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
        if isinstance(values, pa.ExtensionArray):
            values = values.storage
        while hasattr(values, "flatten") and pa.types.is_nested(values.type):
            values = values.flatten()
        parts.append(values.to_numpy(zero_copy_only=False).astype(dtype).reshape(-1, *shape))
        indices.append(table["index"].to_numpy())
    if not parts:
        raise SpatuneError(f"{root} has no rows: data/*/*.parquet is missing")
    order = np.argsort(np.concatenate(indices), kind="stable")
    return np.concatenate(parts)[order]
