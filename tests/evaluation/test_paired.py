"""Paired comparison: pairs by key, McNemar's exact test, an interval that covers."""

from __future__ import annotations

import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.evaluation import EpisodeKey, EpisodeRecord, EpisodeStore
from spatune.evaluation.paired import PairedCounts
from spatune.evaluation.paired_metrics import PairedMetric

counts = st.integers(0, 60)


def record(index: int, success: bool | None, digest: str = "a", task: int = 0) -> EpisodeRecord:
    return EpisodeRecord(
        key=EpisodeKey("libero", "libero_object", task, index),
        control="none",
        success=success,
        steps=5,
        max_steps=10,
        first_success_step=5 if success else None,
        return_=float(bool(success)),
        wall_seconds=1.0,
        error=None if success is not None else "RuntimeError",
        message=None,
        action_digest=digest,
        state_digest="s",
        instruction="pick",
        mode="exact",
        backend="torch-cpu",
    )


def measured(index: int, **metrics: float | None) -> EpisodeRecord:
    return replace(record(index, True), metrics=metrics)


def test_pairs_by_key_whatever_the_order_and_leaves_errors_out() -> None:
    first = [record(0, True), record(1, True), record(2, False), record(3, None), record(4, True)]
    second = [record(2, True, "b"), record(1, False), record(0, True), record(3, True)]
    pairs = PairedCounts.of_runs(first, second)
    assert pairs == PairedCounts(1, 1, 1, 0, unpaired=2, same_actions=2)
    assert pairs.successes == (2, 2)
    assert pairs.difference == 0


def test_runs_that_cannot_be_paired_are_refused() -> None:
    with pytest.raises(SpatuneError, match="share no episode"):
        PairedCounts.of_runs([record(0, True)], [record(0, True, task=1)])
    with pytest.raises(SpatuneError, match="10 and 20 steps"):
        PairedCounts.of_runs([record(0, True)], [replace(record(0, True), max_steps=20)])


@given(counts, counts)
def test_p_value_is_the_exact_binomial_sum(lost: int, gained: int) -> None:
    n = lost + gained
    outcome = [comb(n, k) / 2**n for k in range(n + 1)]
    expected = sum(p for p in outcome if p <= outcome[gained] * (1 + 1e-7))
    assert PairedCounts(7, lost, gained, 3).p_value() == pytest.approx(min(1.0, expected))


@given(counts, counts, counts, counts)
def test_interval_holds_the_difference_and_mirrors(a: int, b: int, c: int, d: int) -> None:
    pairs = PairedCounts(a, b, c, d + 1)
    low, high = pairs.interval()
    assert -1 <= low <= pairs.difference <= high <= 1
    mirrored = PairedCounts(a, c, b, d + 1).interval()
    assert mirrored == pytest.approx((-high, -low))


@pytest.mark.parametrize(("lost", "gained"), [(0.02, 0.02), (0.1, 0.05), (0.02, 0.2)])
def test_interval_covers_the_truth_95_times_in_100(lost: float, gained: float) -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(100, [0.8 - lost - gained, lost, gained, 0.2], size=4000)
    covered = 0
    for a, b, c, d in draws.tolist():
        low, high = PairedCounts(a, b, c, d).interval()
        covered += low <= gained - lost <= high
    assert covered / len(draws) >= 0.94


def test_command_compares_run_directories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, outcomes in (("a", (True, True, False)), ("b", (True, False, False))):
        with EpisodeStore(tmp_path / name, {"policy": name}) as store:
            for index, success in enumerate(outcomes):
                store.append(record(index, success, digest=name))
    out = tmp_path / "deep" / "compare.json"
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["first"]["successes"] == 2
    (other,) = found["others"]
    assert other["paired"]["first_only"] == 1
    assert other["paired"]["mcnemar_p"] == 1.0
    assert "2/3" in capsys.readouterr().out


def test_command_splits_the_comparison_by_perturbation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for name, moved in (("a", False), ("b", True)):
        with EpisodeStore(tmp_path / name, {"policy": name}) as store:
            for index in range(2):
                store.append(record(index, True, digest=name))
                key = replace(record(index, None).key, perturbation="camera:1")
                store.append(replace(record(index, moved), key=key))
    out = tmp_path / "compare.json"
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out)]) == 0
    (other,) = json.loads(out.read_text())["others"]
    gains = {name: part["second_only"] for name, part in other["perturbations"].items()}
    assert gains == {"camera:1": 2, "none": 0}
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["camera:1", "0/2", "2/2", "0", "2"] in [row[:5] for row in rows]


def test_metrics_are_compared_on_the_pairs_that_have_a_value() -> None:
    first = [measured(i, spl=0.1 * i, only=1.0) for i in range(6)]
    second = [measured(i, spl=0.1 * i + (0.2 if i % 2 else 0.4)) for i in range(1, 6)]
    second[4] = measured(5, spl=None)
    (metric,) = PairedMetric.of_runs(first, second[::-1])
    assert (metric.name, metric.episodes, metric.missing) == ("spl", 4, 1)
    assert metric.means == pytest.approx((0.25, 0.55))
    assert metric.difference == pytest.approx(0.3)
    assert metric.interval is not None
    # Between the smallest and the largest difference: pairs are drawn, not values of each run.
    assert 0.2 - 1e-9 <= metric.interval[0] < 0.3 < metric.interval[1] <= 0.4 + 1e-9
    (mirrored,) = PairedMetric.of_runs(second, first)
    assert mirrored.difference == pytest.approx(-0.3)


def test_a_metric_without_a_pair_has_no_difference() -> None:
    (metric,) = PairedMetric.of_runs([measured(0, spl=None)], [measured(0, spl=0.5)])
    assert (metric.episodes, metric.missing) == (0, 1)
    assert metric.means is metric.difference is metric.interval is None
    assert PairedMetric.of_runs([measured(0, a=1.0)], [measured(0, b=1.0)]) == ()


def test_command_compares_metrics_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, values in (("a", (0.2, 0.4, 0.6)), ("b", (0.3, 0.5, None))):
        with EpisodeStore(tmp_path / name, {"policy": name}) as store:
            for index, value in enumerate(values):
                store.append(measured(index, spl=value))
    out = tmp_path / "compare.json"
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out)]) == 0
    (other,) = json.loads(out.read_text())["others"]
    assert other["metrics"]["spl"] == {
        "episodes": 2,
        "missing": 1,
        "means": pytest.approx([0.3, 0.4]),
        "difference": pytest.approx(0.1),
        "difference95": pytest.approx([0.1, 0.1]),
    }
    text = capsys.readouterr().out
    assert "+0.100 [+0.100, +0.100]" in text
    assert "spl: 1 shared episodes in which a run has no value" in " ".join(text.split())


def test_a_folder_of_runs_is_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        for task in (0, 1):
            with EpisodeStore(tmp_path / name / str(task), {"policy": name}) as store:
                store.append(record(0, name == "a" or task == 0, task=task))
    out = tmp_path / "compare.json"
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out)]) == 0
    (other,) = json.loads(out.read_text())["others"]
    assert (other["successes"], other["episodes"]) == (1, 2)


def test_command_without_a_second_run_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path)]) == 2
    assert "nothing to compare" in capsys.readouterr().err
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 2
    assert "is it a run directory?" in capsys.readouterr().err
