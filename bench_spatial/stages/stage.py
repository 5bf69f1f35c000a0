"""`Stage`: all scores of one stage, beside the stage before it and the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...evaluation.paired_metrics import PairedMetric
from ..plan import RunMode
from ..sample import Sample
from .asked import Asked, Score, minus
from .stage_plans import StagePlans

GENERAL_TASKS = ("count_in_image", "object_present", "was_seen")
"""Questions of `own` that name or count what pictures show, and ask for no place."""

TOTALS_OF_ALL = ("overall", "mean")


@dataclass(frozen=True)
class Stage:
    """What came of one stage.

    Attributes:
        plans: What was asked.
        runs: By mode.
        thinking: The sighted run with reasoning, or None.
        general: The questions of general ability, or None.
        first: The first stage, or None for that itself.
        before: The stage before, or None.
    """

    plans: StagePlans
    runs: Mapping[RunMode, Asked]
    thinking: Asked | None
    general: Asked | None
    first: Stage | None = field(repr=False)
    before: Stage | None = field(repr=False)

    @property
    def name(self) -> str:
        """What `--vlm` calls it."""
        return self.plans.name

    @property
    def sighted(self) -> Asked:
        """The main run."""
        return self.runs["sighted"]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the benchmark's totals of a part of its questions: capabilities, for `own`."""
        return tuple(name for name in self.sighted.scores if name not in TOTALS_OF_ALL)

    @property
    def vlm_sha256(self) -> str:
        """Identity of the checkpoint."""
        return str(self.sighted.report.plan.identity["vlm_sha256"])

    def score(self, mode: RunMode, name: str = "overall") -> Score | None:
        """A total in a mode, or None where that was not asked."""
        return self.runs[mode].scores.get(name) if mode in self.runs else None

    def minus_blind(self, capability: str = "") -> PairedMetric | None:
        """Sighted minus blind."""
        return minus(self.sighted, self.runs.get("blind"), capability)

    def gain(self, since: Stage | None, capability: str = "") -> PairedMetric | None:
        """Sighted, minus the same of another stage."""
        return minus(self.sighted, since.sighted if since else None, capability)

    def thinking_gain(self) -> PairedMetric | None:
        """With reasoning minus without."""
        return minus(self.thinking, self.sighted)

    def general_gain(self, since: Stage | None) -> PairedMetric | None:
        """General ability minus that of another stage."""
        return minus(self.general, since.general if since else None)

    @property
    def unreadable(self) -> dict[str, tuple[int, int]]:
        """Answers that could not be read, and all answers, of each run."""
        runs: dict[str, Asked | None] = {**self.runs, "reasoning": self.thinking}
        return {n: (run.unreadable, run.samples) for n, run in runs.items() if run is not None}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        plan = self.sighted.report.plan
        circular = self.runs.get("circular")
        return {
            "name": self.name,
            "vlm": self.plans.vlm,
            "vlm_sha256": self.vlm_sha256,
            "tuning": list(self.plans.lineage),
            "samples": self.sighted.samples,
            "reasons_always": plan.thinks,
            **self._scores("overall", ""),
            "mean": self.sighted.totals.numbers.get("mean"),
            "groups": {name: self._scores(name, name) for name in self.groups},
            "circular": None
            if circular is None
            else {
                **circular.scores["overall"].to_json(),
                "samples": circular.samples,
                "mean_of_rotations": circular.report.outcome.rotation_mean,
            },
            "reasoning": None
            if self.thinking is None
            else {
                **self.thinking.scores["overall"].to_json(),
                "minus_without": _json(self.thinking_gain()),
            },
            "general": None
            if self.general is None
            else {
                **self.general.scores["overall"].to_json(),
                "samples": self.general.samples,
                "unreadable": self.general.unreadable,
                "minus_before": _json(self.general_gain(self.before)),
                "minus_first": _json(self.general_gain(self.first)),
            },
            "unreadable": {
                name: {"answers": total, "unreadable": count}
                for name, (count, total) in self.unreadable.items()
            },
        }

    def _scores(self, name: str, capability: str) -> dict[str, Any]:
        blind = self.score("blind", name)
        return {
            "sighted": self.sighted.scores[name].to_json(),
            "blind": None if blind is None else blind.to_json(),
            "minus_blind": _json(self.minus_blind(capability)),
            "minus_before": _json(self.gain(self.before, capability)),
            "minus_first": _json(self.gain(self.first, capability)),
        }


def is_general(sample: Sample) -> bool:
    """Whether a question of `own` only asks to name or to count."""
    return sample.benchmark == "own" and sample.category in GENERAL_TASKS


def _json(paired: PairedMetric | None) -> dict[str, Any] | None:
    return None if paired is None else paired.to_json()
