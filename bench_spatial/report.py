"""`SpatialReport`: the outcome of a run with its receipt, as `report.json` and as a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..evaluation.atomic import write_atomically
from .answers import AnswerLine, Ask
from .outcome import Outcome
from .plan import SpatialPlan
from .thinking import THINK_RECEIPT
from .totals import CategoryScore, Interval, Totals


@dataclass(frozen=True)
class SpatialReport:
    """What was asked, what came of it, and everything that decides the score.

    Attributes:
        plan: What was asked.
        outcome: The scored answers.
        totals: Of all scored samples.
        kept: Of those with a kept id, or None.
        other_variants: Totals of the same answers under variants of the same wording.
        receipt: What decides the score beside `plan.identity`.
        versions: Versions of what took part.
    """

    plan: SpatialPlan
    outcome: Outcome
    totals: Totals
    kept: Totals | None
    other_variants: Mapping[str, Mapping[str, float | None]]
    receipt: Mapping[str, Any]
    versions: Mapping[str, str]

    @classmethod
    def of(
        cls,
        plan: SpatialPlan,
        answers: Mapping[Ask, AnswerLine],
        outcome: Outcome,
        model: Mapping[str, Any],
        versions: Mapping[str, str],
    ) -> SpatialReport:
        """Add everything up.

        Args:
            plan: What was asked.
            answers: The line of every ask.
            outcome: The same, scored.
            model: What is known of the loaded model.
            versions: Versions of what took part.
        """
        benchmark, variant = plan.benchmark, plan.variant
        # A rotated guess is right everywhere only if it follows the words of one option.
        guessing = plan.mode != "circular"
        kept = None
        if plan.kept is not None:
            part = [one for one in outcome.scored if one.sample.id in plan.kept]
            kept = Totals.of(benchmark, variant, part, outcome.unparsable, guessing)
        others = {
            other.name: dict(benchmark.aggregate(Outcome.of(plan, answers, other).scored, other))
            for other in benchmark.variants
            if other.prompt == variant.prompt and other.name != variant.name and outcome.scored
        }
        shown = {answers[ask].pictures for ask in plan.asks if answers[ask].raw is not None}
        receipt = {
            "variant": asdict(variant),
            "reasoning": THINK_RECEIPT if plan.thinks else "off",
            "pictures": {"fewest": min(shown, default=0), "most": max(shown, default=0)},
            "frames_of_a_video": plan.config.frames,
            "longest_side": plan.config.image_size or "as in the files",
            "row_order_sha256": plan.row_order_sha256,
            "decoding": {"greedy": True, "max_new_tokens": plan.max_new_tokens},
            "model": dict(model),
        }
        return cls(
            plan=plan,
            outcome=outcome,
            totals=Totals.of(benchmark, variant, outcome.scored, outcome.unparsable, guessing),
            kept=kept,
            other_variants=others,
            receipt=receipt,
            versions=versions,
        )

    @property
    def _circular(self) -> bool:
        return self.plan.mode == "circular"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the numbers."""
        outcome, plan = self.outcome, self.plan
        notes = []
        for reason, count in sorted(Counter(outcome.skipped.values()).items()):
            notes.append(f"{count} of {len(plan.samples)} questions are not asked: {reason}")
        if outcome.errors:
            first = outcome.errors[min(outcome.errors)]
            notes.append(f"{len(outcome.errors)} questions could not be shown, such as: {first}")
        if outcome.unparsable:
            share = f"{len(outcome.unparsable)} of {len(outcome.scored)}"
            notes.append(f"{share} answers could not be read and count as wrong")
        if plan.config.limit is not None:
            notes.append(f"a part of the benchmark: limit {plan.config.limit}")
        if plan.mode == "blind":
            notes.append(f"blind: the model sees {self.receipt['model']['vision']}")
        if self._circular:
            mean = points(outcome.rotation_mean)
            notes.append(f"circular: every rotation must be right; mean of all rotations: {mean}")
        undefined = [name for name, value in self.totals.numbers.items() if value is None]
        if undefined:
            notes.append(f"undefined without answers in every category: {', '.join(undefined)}")
        return tuple(notes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; holds no path and no time, so equal runs write equal reports."""
        outcome = self.outcome
        reasons = sorted(set(outcome.skipped.values()))
        return {
            "config": dict(self.plan.identity),
            "versions": dict(self.versions),
            "receipt": dict(self.receipt),
            **self.totals.to_json(),
            **({} if self.kept is None else {"kept_ids": self.kept.to_json()}),
            **({"mean_of_rotations": outcome.rotation_mean} if self._circular else {}),
            "same_answers_under_other_variants": dict(self.other_variants),
            "unparsable": sorted(outcome.unparsable),
            "errors": dict(sorted(outcome.errors.items())),
            "skipped": {
                reason: sorted(id for id, why in outcome.skipped.items() if why == reason)
                for reason in reasons
            },
            "notes": list(self.notes),
        }

    def write(self) -> str:
        """Write `report.json` into the run directory and return its path."""
        path = self.plan.directory / "report.json"
        write_atomically(path, json.dumps(self.to_json(), indent=1) + "\n")
        return str(path)

    def table(self) -> Table:
        """A row for each category and each total: n, score and intervals in points of 100."""
        table = _table(self.plan.title, "category", "n", "score", "95 %", "scenes 95 %", "chance")
        for one in self.totals.categories:
            table.add_row(one.name, *_category_row(one))
        _add_totals(table, self.totals, "")
        if self.kept is not None:
            _add_totals(table, self.kept, "kept ids: ")
        lines = [
            *self.notes,
            f"95 %: Wilson for choices, bootstrap for numbers; scenes 95 %: bootstrap of the "
            f"{self.totals.scenes} scenes",
        ]
        table.caption, table.caption_justify = "\n".join(lines), "left"
        return table


def _category_row(one: CategoryScore) -> Sequence[str]:
    return (
        str(one.samples),
        points(one.mean),
        _interval(one.interval),
        _interval(one.scene_interval),
        points(one.chance),
    )


def _add_totals(table: Table, totals: Totals, prefix: str) -> None:
    table.add_section()
    for name, value in totals.numbers.items():
        table.add_row(
            f"{prefix}{name}",
            str(totals.samples) if name in ("overall", "mean") else "",
            points(value),
            "",
            _interval(totals.intervals[name]),
            "",
            style="bold" if name == "overall" else "",
        )


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table


def points(value: float | None) -> str:
    """A score of 0..1 in points of 100."""
    return "-" if value is None else f"{100 * value:.1f}"


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"[{points(interval[0])}, {points(interval[1])}]"
