"""`ArrayColumns`: columns of a data set as `.npy` files that grow episode by episode."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from ...digests import file_sha256

FOLDER, MANIFEST = "columns", "manifest.json"
_HEADER = 128
"""Bytes in front of the data, which are filled in when the number of rows is known."""


class ArrayColumns:
    """Writes `columns/<name>.npy` and `columns/manifest.json`, as `spatune features` reads them.

    Args:
        root: Of the data set.
        shapes: Name of a column -> type and shape of a row.
    """

    def __init__(self, root: Path, shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        self._folder, self._shapes = root / FOLDER, dict(shapes)
        self._folder.mkdir(parents=True)
        self._rows = 0
        self._files: dict[str, IO[bytes]] = {}
        for name in self._shapes:
            self._files[name] = (self._folder / f"{name}.npy").open("wb")
            self._files[name].write(bytes(_HEADER))

    def add(self, row: Mapping[str, np.ndarray]) -> None:
        """Add a row: an array for every column."""
        for name, (dtype, shape) in self._shapes.items():
            value = np.ascontiguousarray(row[name], dtype)
            assert value.shape == shape, f"{name} has shape {value.shape}, not {shape}"
            self._files[name].write(value.tobytes())
        self._rows += 1

    def finish(self) -> None:
        """Complete the files and write the manifest."""
        digests = {}
        for name, (dtype, shape) in self._shapes.items():
            file = self._files[name]
            header = io.BytesIO()
            description = np.lib.format.dtype_to_descr(np.dtype(dtype))
            fields = {"descr": description, "fortran_order": False, "shape": (self._rows, *shape)}
            np.lib.format.write_array_header_1_0(header, fields)
            assert len(header.getvalue()) == _HEADER, f"{name}: the header has another length"
            file.seek(0)
            file.write(header.getvalue())
            file.close()
            digests[name] = file_sha256(self._folder / f"{name}.npy")
        manifest = {
            "frames": self._rows,
            "columns": digests,
            "features": [],
            "vlm": "",
            "source": "",
        }
        (self._folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
