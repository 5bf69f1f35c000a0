"""A real policy folder in real LIBERO: checked before it is loaded, then run by the command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from spatune.agent.reasoning import ReasoningPolicy
from spatune.bench_libero import EvalLiberoConfig
from spatune.bench_libero.plan import make_plan
from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.evaluation.controls import BlindPolicy


def edited(policy: Path, out: Path, **changes) -> Path:
    """A copy of a policy folder whose conventions are changed and whose weights are gone."""
    shutil.copytree(policy, out)
    path = out / "policy_spec.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    (out / "model.safetensors").unlink()
    return out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"control_hz": 10.0}, "differ in control_hz: the policy has 10.0, the environment 20.0"),
        (
            {"state_layout": ["x"]},
            "differ in state_layout: the policy has x, the environment eef_x",
        ),
        ({"gripper_convention": "0 close, 1 open"}, "differ in gripper_convention"),
    ],
)
def test_another_convention_is_refused_before_weights_are_read(
    untrained_policy: Path, tmp_path: Path, changes: dict, message: str
) -> None:
    folder = edited(untrained_policy, tmp_path / "policy", **changes)
    with pytest.raises(SpatuneError, match=message) as error:
        make_plan(EvalLiberoConfig(policy=str(folder), episodes=1))
    assert len(str(error.value).splitlines()) == 1


def test_the_plan_shows_libero_as_the_policy_was_trained(untrained_policy: Path) -> None:
    config = EvalLiberoConfig(policy=str(untrained_policy), episodes=1, device="cpu")
    identity = make_plan(config).identity
    assert (identity["image_size"], identity["state_frame"]) == (64, "base")
    assert (identity["mode"], identity["device"]) == ("exact", "cpu")
    assert len(identity["policy_sha256"]) == 64
    blind = make_plan(replace(config, control="blind"))
    assert blind.keys == make_plan(config).keys


def test_reasoning_is_as_in_training_and_part_of_the_run(
    untrained_policy: Path, make_untrained
) -> None:
    plain = EvalLiberoConfig(policy=str(untrained_policy), episodes=1, device="cpu")
    assert "reason_every" not in make_plan(plain).identity
    with pytest.raises(SpatuneError, match="leave --reason-every out|--reason-anyway"):
        make_plan(replace(plain, reason_every=1))
    forced = make_plan(replace(plain, reason_every=2, reason_anyway=True))
    assert forced.identity["reason_every"] == 2 and "reasoning every 2" in forced.title
    assert forced.directory != make_plan(plain).directory
    trained = replace(plain, policy=str(make_untrained(reasoning=True, reason_max_new_tokens=2)))
    plan = make_plan(trained)
    assert plan.identity["reason_every"] == 1
    assert plan.identity["reasoning"]["max_new_tokens"] == 2
    actor = plan.load_actor()
    assert isinstance(actor, ReasoningPolicy) and actor.reason_every == 1
    blind = make_plan(replace(trained, control="blind")).load_actor()
    assert isinstance(blind, BlindPolicy) and blind.reason_every == 1
    with pytest.raises(SpatuneError, match="trained with an answer behind its task"):
        make_plan(replace(trained, reason_every=0))
    with pytest.raises(SpatuneError, match="control zero cannot be asked"):
        make_plan(replace(plain, control="zero", reason_every=1))


@pytest.mark.slow
def test_a_policy_that_reasons_is_scored_by_the_command(make_untrained, tmp_path: Path) -> None:
    policy = make_untrained(reasoning=True, reason_max_new_tokens=2, n_action_steps=16)
    words = ["eval", "libero", "--policy", str(policy), "--tasks", "3", "--episodes", "1"]
    assert main([*words, "--reason-every", "2", "--device", "cpu", "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "episodes.jsonl").read_text())
    assert (record["reason_every"], record["error"]) == (2, None)
    assert json.loads((tmp_path / "report.json").read_text())["config"]["reason_every"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("control", ["none", "blind"])
def test_a_policy_is_scored_by_the_command(
    untrained_policy: Path, tmp_path: Path, control: str
) -> None:
    words = ["eval", "libero", "--policy", str(untrained_policy), "--control", control]
    words += ["--tasks", "3", "--episodes", "1", "--device", "cpu", "--out", str(tmp_path)]
    assert main(words) == 0
    record = json.loads((tmp_path / "episodes.jsonl").read_text())
    assert (record["control"], record["mode"]) == (control, "exact")
    assert (record["backend"], record["error"]) == ("torch-cpu", None)
    assert record["steps"] == 280 or record["success"]
