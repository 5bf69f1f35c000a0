"""`run_eval`: scores a policy on navigation and writes the run directory."""

from __future__ import annotations

from rich.console import Console

from ..evaluation import EpisodeStore, Report, success_table, summarise
from ..evaluation.resume import play_pending
from ..evaluation.versions import installed_versions
from .config import EvalNavConfig
from .metrics import WHY_MISSING
from .plan import make_plan

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
        workers = play_pending(
            store,
            plan.keys,
            lambda: plan.actor.load(plan.device),
            plan.factory,
            plan.options,
            control=plan.actor.control,
            videos=plan.videos(),
        )
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
