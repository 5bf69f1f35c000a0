"""Data sets whose pictures lie beside LeRobot's rows: `ArrayColumns`, `DatasetWriter`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.digests import file_sha256
from spatune.envs.experts.array_columns import ArrayColumns
from spatune.policies.columns import FrameColumns

from ..action_demos import write_demos

KEYS = ("observation.images.image", "observation.images.image2")


@settings(max_examples=40, deadline=None)
@given(
    dtype=st.sampled_from(["uint8", "float32", "int64", "bool"]),
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    rows=st.integers(0, 5),
)
def test_rows_added_one_by_one_are_an_array_file(
    dtype: str, shape: tuple[int, ...], rows: int
) -> None:
    values = (np.random.default_rng(rows).random((rows, *shape)) * 100).astype(dtype)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        columns = ArrayColumns(root, {"a": (dtype, shape), "b": ("float32", (2,))})
        for value in values:
            columns.add({"a": value, "b": np.array([1.0, rows]), "unused": value})
        columns.finish()
        stored = np.load(root / "columns" / "a.npy", mmap_mode="r")
        assert stored.dtype == dtype and stored.flags.c_contiguous
        np.testing.assert_array_equal(stored, values)
        manifest = json.loads((root / "columns" / "manifest.json").read_text())
        assert manifest["frames"] == rows
        assert manifest["columns"]["a"] == file_sha256(root / "columns" / "a.npy")
        del stored


def test_arrays_hold_what_rows_hold(tmp_path: Path) -> None:
    from lerobot.datasets import LeRobotDataset

    rows = write_demos(tmp_path / "rows", chunk=4)
    arrays = write_demos(tmp_path / "arrays", chunk=4, pictures="arrays")
    left, right = FrameColumns.open(rows), FrameColumns.open(arrays)
    right.verify()
    for name in ("action.chunk", "action.chunk_is_pad", "observation.state", "action"):
        np.testing.assert_array_equal(left.array(name), right.array(name))
    loaded: list[Any] = [LeRobotDataset("local/x", root=root) for root in (rows, arrays)]
    assert len(loaded[0]) == len(loaded[1]) == 8
    for index in (0, 7):
        for key in KEYS:
            shown = (loaded[0][index][key].permute(1, 2, 0) * 255).round().byte().numpy()
            np.testing.assert_array_equal(shown, right.array(key)[index])
        assert loaded[0][index]["task"] == loaded[1][index]["task"]
    names = parquet.read_schema(next((arrays / "data").glob("**/*.parquet"))).names
    assert not {*KEYS, "action.chunk"} & set(names)
    for file in ("env_spec.json", "spatune_episodes.json"):
        assert (rows / "meta" / file).read_text() == (arrays / "meta" / file).read_text()
