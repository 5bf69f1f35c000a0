"""Latency: every call counts, and the report says what it was measured on."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.export.bundle import Bundle
from spatune.export.latency.config import LatencyConfig
from spatune.export.latency.run import run_latency
from spatune.export.latency.subject import typical_inputs
from spatune.export.latency.timing import measure
from spatune.export.runtime import RobotPolicy


def test_percentiles_deadlines_and_warm_up() -> None:
    calls = count()

    def call() -> None:
        # The first calls are slow; then every fifth misses the deadline.
        index = next(calls)
        time.sleep(0.02 if index < 10 or index % 5 == 0 else 0.002)

    timing, times = measure(call, iterations=50, seconds=10, deadline_ms=15)
    assert timing.calls == 50 == len(times) and timing.warm_up >= 20
    assert timing.missed == pytest.approx(0.2, abs=0.05)
    assert 2 <= timing.p50 < 15 < timing.p90 <= timing.p99 <= timing.largest
    assert timing.jitter == timing.p99 - timing.p50
    assert timing.mean == pytest.approx(np.mean(times))


def test_time_is_up_before_the_iterations() -> None:
    timing, _ = measure(lambda: time.sleep(0.01), iterations=10**6, seconds=0.2, deadline_ms=1)
    assert 1 <= timing.calls <= 21 and timing.missed == 1


@pytest.fixture
def config(flow_bundle: Path, tmp_path: Path) -> LatencyConfig:
    return LatencyConfig(flow_bundle, iterations=20, seconds=2, threads=1, out=tmp_path / "out")


def test_report(config: LatencyConfig) -> None:
    config = replace(config, engine=("ort-cpu", "torch"))
    robot, trained = run_latency(config)
    assert list(robot.stages) == ["policy", "vision", "prefill", "head", "denoise"]
    assert list(trained.stages) == ["policy"]
    assert set(robot.floor_ms) == set(robot.stages) and robot.floor_ms["policy"] > 0
    assert robot.whole.timing.calls == 20 and robot.whole.memory_mb > 50
    # Each has its own process: torch's memory and loading are not in the robot's figures.
    assert trained.whole.load_s > robot.whole.load_s
    assert trained.whole.memory_mb > 2 * robot.whole.memory_mb
    assert config.out is not None
    report = json.loads((config.out / "latency.json").read_text())
    # Chunks are due when the actions of the last one are used up: 20 Hz over 8 actions.
    assert report["replan_hz"] == 2.5 and report["deadline_ms"] == 400
    assert report["machine"]["cores"] >= 1 and "onnxruntime" in report["versions"]
    assert [row["name"] for row in report["rows"]] == ["ort-cpu-fp32", "torch-cpu-fp32"]
    assert "| ort-cpu-fp32 |" in (config.out / "latency.md").read_text()
    assert (config.out / "latency.png").stat().st_size > 5000


def test_bad_input_is_refused_before_anything_is_measured(config: LatencyConfig) -> None:
    with pytest.raises(SpatuneError, match="engine 'abacus' is unknown; use one of ort-cpu"):
        run_latency(replace(config, engine=("abacus",)))
    with pytest.raises(SpatuneError, match="ort-cpu runs this bundle in fp32, not in fp16"):
        run_latency(replace(config, precision=("fp16",)))
    with pytest.raises(SpatuneError, match="must be positive"):
        run_latency(replace(config, hz=0.0))
    assert config.out is not None and not config.out.exists()


def test_an_engine_that_fails_says_why(config: LatencyConfig) -> None:
    with pytest.raises(SpatuneError, match="ort-cuda needs CUDAExecutionProvider"):
        run_latency(replace(config, engine=("ort-cuda",)))


def test_what_was_measured_is_kept_when_another_engine_fails(config: LatencyConfig) -> None:
    config = replace(config, engine=("ort-cpu", "ort-cuda"), stages=False)
    with pytest.raises(
        SpatuneError, match="ort-cuda needs CUDAExecutionProvider.*the others are in"
    ):
        run_latency(config)
    assert config.out is not None
    report = json.loads((config.out / "latency.json").read_text())
    assert [row["name"] for row in report["rows"]] == ["ort-cpu-fp32"]
    assert "CUDAExecutionProvider" in report["not_measured"]["ort-cuda-fp32 policy"]


def test_typical_inputs_fit_the_policy(flow_bundle: Path) -> None:
    observation, noise = typical_inputs(Bundle.load(flow_bundle))
    chunk = RobotPolicy.load(flow_bundle).predict_action_chunk(observation, noise)
    assert chunk.shape == (16, 7) and np.isfinite(chunk).all()
