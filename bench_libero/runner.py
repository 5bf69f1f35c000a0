"""`run_eval`: scores a policy on LIBERO and writes the run directory."""

from __future__ import annotations

import sys

from rich.console import Console

from ..evaluation import (
    EpisodeProgress,
    EpisodeStore,
    Lane,
    Report,
    run_lanes,
    success_table,
    summarise,
)
from ..evaluation.robustness import Robustness
from ..evaluation.robustness_report import PICTURE, RobustnessReport
from ..evaluation.robustness_table import robustness_table
from ..evaluation.versions import installed_versions
from ..evaluation.worker_use import WorkerUse
from .config import EvalLiberoConfig
from .plan import EvalPlan, make_plan
from .protocol import budgets_by_protocol


def run_eval(config: EvalLiberoConfig) -> Report:
    """Play what is not yet played, write `report.json`, print the table.

    Args:
        config: The arguments of `spatune eval libero`.

    Raises:
        SpatuneError: The arguments name something that does not exist, the policy does not fit
            LIBERO, or the run directory holds another run; raised before any episode.
    """
    plan = make_plan(config)
    with EpisodeStore(plan.directory, plan.identity) as store:
        workers = _play(plan, store)
        summary = summarise(
            store.records,
            [key for key in plan.keys if key.perturbation == plan.baseline],
            config.control,
            protocol_budgets=budgets_by_protocol(config.suite),
        )
        robustness = Robustness.of(store.records, plan.keys, plan.perturbations)
    console = Console()
    console.print(success_table(summary, plan.title))
    report = Report(plan.directory, store.config, summary, installed_versions(), workers=workers)
    if plan.perturbations != ("none",):
        report = RobustnessReport(
            report.directory,
            report.config,
            summary,
            report.versions,
            robustness=robustness,
            title=plan.title,
            workers=workers,
        )
        console.print(robustness_table(robustness, "perturbations"))
        console.print(f"picture: {plan.directory / PICTURE}", soft_wrap=True, highlight=False)
    path = report.write()
    console.print(f"report: {path}", soft_wrap=True, highlight=False)
    return report


def _play(plan: EvalPlan, store: EpisodeStore) -> tuple[WorkerUse, ...]:
    pending = store.pending(plan.keys)
    done = len(plan.keys) - len(pending)
    if done:
        print(
            f"{plan.directory}: {done} of {len(plan.keys)} episodes are there already",
            file=sys.stderr,
        )
    if not pending:
        store.finalise()
        return ()
    config = plan.config
    lane = Lane(config.control, plan.load_actor(), store, plan.keys, plan.videos())
    successes = sum(bool(record.success) for record in store.records)
    with EpisodeProgress(len(plan.keys), done, successes) as progress:
        return run_lanes([lane], plan.factory, plan.options, progress)
