"""`Summary`: what a run's records say, per task and in total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .budgets import BudgetPoint, success_by_budget
from .intervals import clopper_pearson, wilson
from .keys import EpisodeKey
from .metrics import MetricSummary, metric_means, metric_names, summarise_metrics
from .records import EpisodeRecord
from .suite_means import SuiteMean


@dataclass(frozen=True)
class Count:
    """Successes among finished episodes, and what is missing.

    Attributes:
        suite: Suite, or `all` for a total over suites.
        task_id: Task, or None for a total.
        instruction: The task in words; empty for a total, and where episodes of a task differ.
        successes: k.
        episodes: n, finished episodes; errors and missing ones are not among them.
        planned: Episodes that the run was to have.
        errors: Episodes whose every attempt ended by an error.
        missing: Episodes without any record.
        error_attempts: All attempts that ended by an error, those that were repaired too.
        mean_success_steps: Mean control steps of the successes, or None.
        metric_means: Mean of each metric over the finished episodes that have a value, or None.
    """

    suite: str
    task_id: int | None
    instruction: str
    successes: int
    episodes: int
    planned: int
    errors: int
    missing: int
    error_attempts: int
    mean_success_steps: float | None
    metric_means: dict[str, float | None] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """k / n, or None without an episode."""
        return self.successes / self.episodes if self.episodes else None

    def wilson(self) -> tuple[float, float]:
        """Wilson 95 % interval of the success rate."""
        return wilson(self.successes, self.episodes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form with rate and both 95 % intervals."""
        data = asdict(self)
        if not self.metric_means:
            del data["metric_means"]
        return {
            **data,
            "rate": self.rate,
            "wilson95": list(self.wilson()),
            "clopper_pearson95": list(clopper_pearson(self.successes, self.episodes)),
        }


@dataclass(frozen=True)
class Summary:
    """Success of one policy or control.

    Attributes:
        control: `none`, or the control that acted.
        tasks: One count a task, in canonical order.
        total: Over all tasks.
        budgets: Success against step budget, up to the shortest step limit of its episodes; the
            budgets of named protocols are among the points.
        notes: What a reader must know beside the numbers: missing or uneven episodes, mixed
            versions, metrics without a value. Empty when there is nothing.
        metrics: Every metric of the records with its interval, over all tasks.
        suites: Mean over the tasks of each suite, where every task has the same weight.
    """

    control: str
    tasks: tuple[Count, ...]
    total: Count
    budgets: tuple[BudgetPoint, ...]
    notes: tuple[str, ...]
    metrics: tuple[MetricSummary, ...] = ()
    suites: tuple[SuiteMean, ...] = ()

    @property
    def worded(self) -> bool:
        """Whether instructions tell the tasks apart.

        Where every episode has one of its own, a task has none to show; and where all tasks have
        the same, it tells none of them from the others.
        """
        words = {task.instruction for task in self.tasks}
        return len(words - {""}) > min(1, len(self.tasks) - 1)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; without `metrics` when the records have none."""
        data = {
            "control": self.control,
            "total": self.total.to_json(),
            "suites": [suite.to_json() for suite in self.suites],
            "tasks": [task.to_json() for task in self.tasks],
            "success_by_budget": [point.to_json() for point in self.budgets],
            "notes": list(self.notes),
        }
        if self.metrics:
            data["metrics"] = {metric.name: metric.to_json() for metric in self.metrics}
        return data


def final_records(records: Iterable[EpisodeRecord]) -> dict[EpisodeKey, EpisodeRecord]:
    """The record that counts for each key: its result, or else its last error."""
    final: dict[EpisodeKey, EpisodeRecord] = {}
    for record in records:
        held = final.get(record.key)
        if held is None or held.is_error:
            final[record.key] = record
    return final


def summarise(
    records: Sequence[EpisodeRecord],
    keys: Iterable[EpisodeKey],
    control: str = "none",
    budget_step: int = 20,
    metric_reasons: Mapping[str, str] | None = None,
    protocol_budgets: Mapping[str, int] | None = None,
) -> Summary:
    """Count the records of the planned episodes.

    Args:
        records: Records of one run.
        keys: The planned episodes; records of other keys are left out.
        control: Who acted.
        budget_step: Control steps between two points of success against budget.
        metric_reasons: Why a metric can be without a value, in words, by its name.
        protocol_budgets: Step budgets that protocols give to these episodes, by the protocol's
            name; for episodes of a single suite.
    """
    planned = sorted(set(keys))
    wanted = set(planned)
    held = [record for record in records if record.key in wanted]
    final = final_records(held)
    places = sorted({(key.suite, key.task_id) for key in planned})
    tasks = tuple(
        _count([k for k in planned if (k.suite, k.task_id) == place], final, held, *place)
        for place in places
    )
    suites = {suite for suite, _ in places}
    total = _count(planned, final, held, suites.pop() if len(suites) == 1 else "all", None)
    finished = [final[key] for key in planned if key in final and not final[key].is_error]
    metrics = summarise_metrics(finished, metric_reasons or {})
    return Summary(
        control=control,
        tasks=tasks,
        total=total,
        budgets=success_by_budget(list(final.values()), budget_step, protocol_budgets),
        notes=(*_notes(tasks, total, final.values()), *(m.note for m in metrics if m.missing)),
        metrics=metrics,
        suites=_suite_means(places, finished),
    )


def _suite_means(
    places: Sequence[tuple[str, int]], finished: Sequence[EpisodeRecord]
) -> tuple[SuiteMean, ...]:
    outcomes: dict[str, dict[int, list[bool]]] = {}
    for suite, task in places:
        outcomes.setdefault(suite, {})[task] = []
    for record in finished:
        outcomes[record.key.suite][record.key.task_id].append(bool(record.success))
    return tuple(SuiteMean.of(suite, tasks) for suite, tasks in outcomes.items())


def _count(
    keys: Sequence[EpisodeKey],
    final: dict[EpisodeKey, EpisodeRecord],
    held: Sequence[EpisodeRecord],
    suite: str,
    task_id: int | None,
) -> Count:
    mine = [final[key] for key in keys if key in final]
    finished = [record for record in mine if not record.is_error]
    successes = [record for record in finished if record.success]
    wanted = set(keys)
    steps = [record.steps for record in successes]
    instructions = {record.instruction for record in finished}
    return Count(
        suite=suite,
        task_id=task_id,
        instruction=instructions.pop() if task_id is not None and len(instructions) == 1 else "",
        successes=len(successes),
        episodes=len(finished),
        planned=len(keys),
        errors=len(mine) - len(finished),
        missing=len(keys) - len(mine),
        error_attempts=sum(r.is_error for r in held if r.key in wanted),
        mean_success_steps=sum(steps) / len(steps) if steps else None,
        metric_means=metric_means(finished, metric_names(finished)),
    )


def _notes(tasks: Sequence[Count], total: Count, records: Iterable[EpisodeRecord]) -> list[str]:
    notes = []
    if total.missing:
        notes.append(f"{total.missing} of {total.planned} episodes are missing")
    if total.errors:
        notes.append(
            f"{total.errors} of {total.planned} episodes ended by an error and are not counted"
        )
    if total.error_attempts:
        notes.append(f"attempts that ended by an error, repaired ones too: {total.error_attempts}")
    if len({task.episodes for task in tasks}) > 1:
        counts = ", ".join(f"{t.suite}/{t.task_id}: {t.episodes}" for t in tasks)
        notes.append(f"tasks have unequal numbers of finished episodes ({counts})")
    finished = [record for record in records if not record.is_error]
    for name in ("backend", "mode"):
        values = {getattr(record, name) for record in finished}
        if len(values) > 1:
            notes.append(f"records mix {name}s: {', '.join(sorted(values))}")
    names = {name for record in finished for name in record.versions}
    for name in sorted(names):
        values = {record.versions.get(name, "none") for record in finished}
        if len(values) > 1:
            notes.append(f"records mix versions of {name}: {', '.join(sorted(values))}")
    return notes
