"""Frame columns give the rows asked for, in their order, and notice when a file changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spatune.errors import SpatuneError
from spatune.policies import columns as module
from spatune.policies.columns import FrameColumns, column_path


def test_take_returns_rows_in_the_order_asked_for(features_dataset: Path) -> None:
    columns = FrameColumns.open(features_dataset)
    index = torch.tensor([7, 0, 11, 7])
    rows = columns.take("features.fine", index)
    assert rows.dtype == torch.float32 and rows.shape == (4, 2, 40, 8, 8)
    stored = np.load(column_path(features_dataset, "features.fine"))
    np.testing.assert_array_equal(rows, stored[index.numpy()].astype(np.float32))


def test_parquet_columns_equal_the_rows_of_lerobot(chunk_dataset: Path) -> None:
    from lerobot.datasets import LeRobotDataset

    columns = FrameColumns.open(chunk_dataset)
    dataset: Any = LeRobotDataset("local/tiny", root=chunk_dataset)
    for name in (
        "action.chunk",
        "action.chunk_is_pad",
        "privileged.goal_positions",
        "observation.state",
    ):
        taken = columns.take(name, torch.tensor([9, 2]))
        for row, index in zip(taken, (9, 2), strict=True):
            torch.testing.assert_close(row, dataset[index][name])


def test_changed_or_missing_file_is_noticed(features_dataset: Path, tmp_path: Path) -> None:
    root = shutil.copytree(features_dataset, tmp_path / "copy")
    FrameColumns.open(root).verify()
    table = np.load(column_path(root, "features.text"), mmap_mode="r+")
    table[3, 0] += 1
    table.flush()
    with pytest.raises(SpatuneError, match=r"features\.text\.npy is missing or has changed"):
        FrameColumns.open(root).verify()
    column_path(root, "features.text").unlink()
    with pytest.raises(SpatuneError, match="build the features again"):
        FrameColumns.open(root).take("features.text", torch.tensor([0]))


def test_bad_folders_are_one_clear_error(features_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="not a LeRobotDataset"):
        FrameColumns.open(tmp_path)
    with pytest.raises(SpatuneError, match="no column 'features.depth'; it has"):
        FrameColumns.open(features_dataset).take("features.depth", torch.tensor([0]))
    root = shutil.copytree(features_dataset, tmp_path / "copy")
    (root / "columns" / "manifest.json").write_text(json.dumps({"frames": 1}))
    with pytest.raises(SpatuneError, match="is broken"):
        FrameColumns.open(root)


def test_kept_columns_give_the_same_rows(features_dataset: Path) -> None:
    mapped, kept = FrameColumns.open(features_dataset), FrameColumns.open(features_dataset)
    names = ["features.fine", "features.text", "action.chunk", "action.chunk_is_pad"]
    kept.keep(names, torch.device("cpu"))
    assert kept._kept["features.fine"].dtype == torch.float16
    index = torch.tensor([7, 0, 11, 7])
    for name in names:
        assert torch.equal(kept.take(name, index), mapped.take(name, index))
    assert kept.take("features.text", torch.tensor(3)).shape == (1, 32)


def test_columns_that_do_not_fit_are_refused(
    features_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_free_bytes", lambda device: 1000)
    columns = FrameColumns.open(features_dataset)
    with pytest.raises(SpatuneError, match="use --policy.cache_on_device=false"):
        columns.keep(["features.fine"], torch.device("cpu"))
