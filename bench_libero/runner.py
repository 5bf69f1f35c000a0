"""`run_eval`: scores a policy on LIBERO and writes the run directory."""

from __future__ import annotations

from rich.console import Console

from ..evaluation import EpisodeStore, Report, success_table, summarise
from ..evaluation.resume import play_pending
from ..evaluation.robustness import Robustness
from ..evaluation.robustness_report import PICTURE, RobustnessReport
from ..evaluation.robustness_table import robustness_table
from ..evaluation.versions import installed_versions
from .config import EvalLiberoConfig
from .plan import make_plan
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
        workers = play_pending(
            store,
            plan.keys,
            plan.load_actor,
            plan.factory,
            plan.options,
            control=config.control,
            videos=plan.videos(),
        )
        summary = summarise(
            store.records,
            [key for key in plan.keys if key.perturbation == plan.baseline],
            config.control,
            protocol_budgets=budgets_by_protocol(config.suite),
        )
    console = Console()
    console.print(success_table(summary, plan.title))
    run = (plan.directory, store.config, summary, installed_versions())
    if plan.perturbations == ("none",):
        report = Report(*run, workers=workers)
    else:
        robustness = Robustness.of(store.records, plan.keys, plan.perturbations)
        report = RobustnessReport(*run, workers=workers, robustness=robustness, title=plan.title)
        console.print(robustness_table(robustness, "perturbations"))
        console.print(f"picture: {plan.directory / PICTURE}", soft_wrap=True, highlight=False)
    path = report.write()
    console.print(f"report: {path}", soft_wrap=True, highlight=False)
    return report
