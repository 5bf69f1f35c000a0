"""A bundle acts in the evaluation like any policy, and its records name the engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spatune.bench_libero.config import EvalLiberoConfig
from spatune.bench_libero.plan import make_plan
from spatune.bench_libero.runner import run_eval
from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.evaluation.store import read_records


def test_an_episode_with_a_bundle(bundle: Path, tmp_path: Path) -> None:
    config = EvalLiberoConfig(
        str(bundle), tasks="0", episodes=1, workers=1, out=tmp_path / "run", engine="ort-cpu"
    )
    report = run_eval(config)
    (record,) = read_records(tmp_path / "run")
    assert record.backend == "ort-cpu-fp32" and record.mode == "exact" and not record.is_error
    assert report.config["engine"] == "ort-cpu" and report.config["precision"] == "fp32"
    assert "torch" not in record.backend


def test_engine_and_precision_are_part_of_what_a_run_is(bundle: Path) -> None:
    config = EvalLiberoConfig(str(bundle), episodes=1)
    plan = make_plan(config)
    assert plan.identity["engine"] == "ort-cpu" and plan.device == "cpu"
    narrow = make_plan(replace(config, engine="ort-cpu", precision="int8"))
    assert narrow.identity != plan.identity
    assert narrow.directory != plan.directory and "int8" in narrow.directory.name
    manifest = bundle / "manifest.json"
    assert plan.policy is not None
    before = manifest.read_bytes()
    try:
        manifest.write_text(json.dumps({**json.loads(before), "note": 1}))
        assert make_plan(config).identity["policy_sha256"] != plan.policy.sha256
    finally:
        manifest.write_bytes(before)


def test_what_does_not_fit_is_refused_before_any_episode(
    bundle: Path, untrained_policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EvalLiberoConfig(str(bundle), episodes=1)
    with pytest.raises(SpatuneError, match="not in 'bf16', only in fp32, fp16, int8"):
        make_plan(replace(config, precision="bf16"))
    with pytest.raises(SpatuneError, match="engine 'abacus' is unknown; use one of ort-cpu"):
        make_plan(replace(config, engine="abacus"))
    words = ["eval", "libero", "--policy", str(untrained_policy), "--engine", "ort-cpu"]
    assert main(words) == 2
    assert "--engine and --precision are for bundles" in capsys.readouterr().err
