"""Normalisation is invertible, keeps the gripper, and never goes on without its statistics."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from spatune.errors import SpatuneError
from spatune.policies.normalisation import Statistics
from spatune.policies.spec import NormalisationMode

MODES = get_args(NormalisationMode)
VALUES = st.floats(-100, 100, width=32)


def statistics(data: np.ndarray) -> Statistics:
    """Statistics of (N, D) actions."""
    names = {
        "mean": data.mean(0),
        "std": data.std(0),
        "min": data.min(0),
        "max": data.max(0),
        "q01": np.quantile(data, 0.01, axis=0),
        "q99": np.quantile(data, 0.99, axis=0),
    }
    return Statistics({"action": {k: tuple(map(float, v)) for k, v in names.items()}})


@given(
    data=npst.arrays(np.float64, (12, 3), elements=VALUES),
    x=npst.arrays(np.float64, (5, 2, 3), elements=VALUES),
    mode=st.sampled_from(MODES),
    keep=st.sampled_from([(), (2,)]),
)
def test_unnormalise_undoes_normalise(data, x, mode, keep) -> None:
    affine = statistics(data).affine("action", mode, size=3, keep=keep)
    np.testing.assert_allclose(affine.unnormalise(affine.normalise(x)), x, atol=1e-9)


def test_modes_reach_their_scale() -> None:
    data = np.random.default_rng(0).normal([1.0, -2.0], [0.1, 5.0], (500, 2))
    of = statistics(data)
    standard = of.affine("action", "mean_std", size=2).normalise(data)
    np.testing.assert_allclose([standard.mean(), standard.std()], [0, 1], atol=1e-9)
    bounded = of.affine("action", "min_max", size=2).normalise(data)
    np.testing.assert_allclose([bounded.min(0), bounded.max(0)], [[-1, -1], [1, 1]])
    robust = of.affine("action", "quantile", size=2).normalise(data)
    np.testing.assert_allclose(np.quantile(robust, [0.01, 0.99], axis=0), [[-1, -1], [1, 1]])
    np.testing.assert_array_equal(of.affine("action", "identity", size=2).normalise(data), data)


def test_kept_entry_passes_unchanged() -> None:
    data = np.random.default_rng(0).uniform(3, 4, (50, 3))
    normalised = statistics(data).affine("action", "quantile", size=3, keep=[2]).normalise(data)
    np.testing.assert_array_equal(normalised[:, 2], data[:, 2])
    assert np.abs(normalised[:, :2] - data[:, :2]).min() > 1


def test_entry_that_never_moves_is_not_blown_up() -> None:
    data = np.full((10, 1), 0.3)
    affine = statistics(data).affine("action", "quantile", size=1)
    np.testing.assert_allclose(affine.normalise(np.array([0.4])), [0.1])


def test_dtype_is_kept() -> None:
    affine = statistics(np.eye(3)).affine("action", "mean_std", size=3)
    assert affine.normalise(np.zeros(3, np.float32)).dtype == np.float32


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "identity"])
def test_missing_statistic_raises(mode: NormalisationMode) -> None:
    with pytest.raises(SpatuneError, match="needs the statistic"):
        Statistics({"action": {}}).affine("action", mode, size=3)


def test_wrong_size_and_infinite_statistics_raise() -> None:
    with pytest.raises(SpatuneError, match="3 entries instead of 7"):
        statistics(np.eye(3)).affine("action", "mean_std", size=7)
    broken = Statistics({"action": {"mean": (float("nan"),), "std": (1.0,)}})
    with pytest.raises(SpatuneError, match="not finite"):
        broken.affine("action", "mean_std", size=1)


def test_file_round_trip_keeps_the_digest(tmp_path: Path) -> None:
    original = statistics(np.random.default_rng(0).normal(size=(20, 3)))
    original.save(tmp_path / "statistics.json")
    loaded = Statistics.load(tmp_path / "statistics.json", sha256=original.sha256)
    assert loaded == original


def test_missing_or_foreign_file_raises(tmp_path: Path) -> None:
    path = tmp_path / "statistics.json"
    with pytest.raises(SpatuneError, match="statistics.json is missing"):
        Statistics.load(path)
    statistics(np.eye(3)).save(path)
    with pytest.raises(SpatuneError, match="take both files from one checkpoint"):
        Statistics.load(path, sha256="0" * 64)


def test_lerobot_statistics_must_hold_state_and_action() -> None:
    stats = {"action": {"mean": np.zeros(2), "std": np.ones(2), "count": np.array([5])}}
    with pytest.raises(SpatuneError, match="no statistics of 'observation.state'"):
        Statistics.from_lerobot(stats)
    both = Statistics.from_lerobot({**stats, "observation.state": {"mean": np.zeros((3, 1))}})
    assert both.values["observation.state"]["mean"] == (0.0, 0.0, 0.0)
    assert "count" not in both.values["action"]
