"""`run_eval`: scores a policy on navigation and writes the run directory."""

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
from ..evaluation.versions import installed_versions
from ..evaluation.worker_use import WorkerUse
from .config import EvalNavConfig
from .metrics import WHY_MISSING
from .plan import NavPlan, make_plan

SHOWN_METRICS = ("spl", "soft_spl")


def run_eval(config: EvalNavConfig) -> Report:
    """Play what is not yet played, write `report.json`, print the table.

    Args:
        config: The arguments of `spatune eval nav`.

    Raises:
        SpatuneError: The arguments name something that does not exist, the policy does not fit
            navigation, or the run directory holds another run; raised before any episode.
    """
    plan = make_plan(config)
    with EpisodeStore(plan.directory, plan.identity) as store:
        workers = _play(plan, store)
        summary = summarise(
            store.records, plan.keys, plan.actor.control, metric_reasons=WHY_MISSING
        )
    report = Report(plan.directory, store.config, summary, installed_versions(), workers=workers)
    path = report.write()
    console = Console()
    console.print(success_table(summary, plan.title, SHOWN_METRICS))
    if plan.backend == "embedded":
        console.print("embedded houses: not comparable with AI2-THOR leaderboards", highlight=False)
    console.print(f"report: {path}", soft_wrap=True, highlight=False)
    return report


def _play(plan: NavPlan, store: EpisodeStore) -> tuple[WorkerUse, ...]:
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
    actor = plan.actor.load(plan.device)
    lane = Lane(plan.actor.control, actor, store, plan.keys, plan.videos())
    successes = sum(bool(record.success) for record in store.records)
    with EpisodeProgress(len(plan.keys), done, successes) as progress:
        return run_lanes([lane], plan.factory, plan.options, progress)
