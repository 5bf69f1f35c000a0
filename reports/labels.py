"""`reading_notes` and `command_of`: what numbers compare with, and how to make them again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..bench_libero.config import EvalLiberoConfig
from ..bench_nav.config import EvalNavConfig
from .run import EvaluatedRun, plain_path

_SCRIPTED = (
    "The embedded policy learnt from scripted demonstrations, which are easier to imitate than "
    "human ones: do not compare it with policies trained on LIBERO's human demonstrations."
)
_DEMONSTRATIONS = (
    "Policies trained on scripted demonstrations (spatune demos) compare with each other, and not "
    "with policies trained on LIBERO's human demonstrations: say which this one was trained on."
)
_HOUSES = "Embedded houses: the results are not comparable with AI2-THOR leaderboards."
_WHO = {
    "blind": "A control: the policy saw black images. What it solves needs no eyes.",
    "random": "A control: uniform random actions, which is chance level.",
    "zero": "A control: no motion with an open gripper.",
    "oracle": "The oracle knows the house: a reference for what can be reached, no policy.",
}
_BATCHED = (
    "Batched mode: sums change in the last bits with the size of a batch, so a repetition can "
    "give other trajectories. The exact mode does not."
)


def reading_notes(run: EvaluatedRun) -> list[str]:
    """What the numbers of a run compare with, and what they do not."""
    config, notes = run.config, []
    benchmark, policy = config.get("benchmark"), config.get("policy")
    notes += [_WHO[name] for name in (run.summary.control, policy) if name in _WHO]
    if benchmark == "libero" and policy is not None:
        notes.append(_SCRIPTED if policy == "embedded" else _DEMONSTRATIONS)
    if benchmark == "nav" and config.get("backend") == "embedded":
        notes.append(_HOUSES)
    if "batched" in run.values("mode"):
        notes.append(_BATCHED)
    return notes


def command_of(run: EvaluatedRun) -> str:
    """The command that repeats a run; empty for a run of nothing known."""
    config = dict(run.config)
    if "policy" in config:
        config["policy"] = plain_path(config["policy"])
    match config.get("benchmark"):
        case "libero" if "scenes" in config:
            return "spatune demo"
        case "libero":
            if "execute_steps" not in config:
                # Our own policies bring their orientation; the command refuses it beside them.
                config.pop("orientation", None)
            return _command("eval libero", EvalLiberoConfig, config)
        case "nav":
            config["houses"] = sorted({record.key.task_id for record in run.records})
            return _command("eval nav", EvalNavConfig, config)
    return ""


def _command(name: str, arguments: type, config: Mapping[str, Any]) -> str:
    words = ["spatune", *name.split()]
    for field in fields(arguments):
        value = config.get(field.name)
        if value not in (None, "", []):
            words += [f"--{field.name.replace('_', '-')}", _word(value)]
    return shlex.join(words)


def _word(value: Any) -> str:
    """An argument as the command line takes it."""
    if not isinstance(value, list):
        return str(value)
    if not all(isinstance(entry, int) for entry in value):
        return ",".join(map(str, value))
    runs: list[list[int]] = []
    for number in value:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
