"""`run_stages`: the body of `spatune eval stages`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from ...evaluation.atomic import write_atomically
from ..plan import RunMode, SpatialPlan
from ..run import Models, run_plan
from .asked import Asked
from .config import EvalStagesConfig
from .lineage import step_text
from .lines import report_lines, report_notes
from .picture import draw_stages
from .stage import GENERAL_TASKS, Stage, is_general
from .stage_plans import StagePlans, plan_stages

REPORT_FILE, PAGE_FILE, PICTURE_FILE = "stages.json", "stages.md", "stages.png"


def run_stages(config: EvalStagesConfig) -> tuple[Stage, ...]:
    """Ask every stage what is not yet answered and write the stage report.

    Args:
        config: The arguments.

    Returns:
        The stages in order.

    Raises:
        SpatuneError: An argument, the data or a checkpoint is wrong, or a run directory below
            --out holds another run.
    """
    from rich.console import Console

    stages: list[Stage] = []
    for plans in plan_stages(config):
        print(f"stage {plans.name}: {plans.vlm}", file=sys.stderr)
        stages.append(_ask(plans, stages))
    title = _title(stages)
    write_atomically(config.out / REPORT_FILE, json.dumps(_report(config, stages), indent=1) + "\n")
    write_atomically(config.out / PAGE_FILE, _page(stages, title))
    draw_stages(stages, config.out / PICTURE_FILE, title)
    console = Console()
    console.print(_table(stages, title))
    console.print(f"report: {config.out / REPORT_FILE}", soft_wrap=True, highlight=False)
    return tuple(stages)


def _ask(plans: StagePlans, earlier: Sequence[Stage]) -> Stage:
    models = Models(plans.model_config)

    def asked(plan: SpatialPlan) -> Asked:
        return Asked.of(run_plan(plan, models))

    runs: dict[RunMode, Asked] = {mode: asked(plan) for mode, plan in plans.direct.items()}
    thinking = asked(plans.thinking) if plans.thinking is not None else None
    if plans.general is not None:
        general = asked(plans.general)
    else:
        general = runs["sighted"].part(is_general)
    return Stage(
        plans=plans,
        runs=runs,
        thinking=thinking,
        general=general,
        first=earlier[0] if earlier else None,
        before=earlier[-1] if earlier else None,
    )


def _title(stages: Sequence[Stage]) -> str:
    plan = stages[0].sighted.report.plan
    return f"{plan.benchmark.title}, variant {plan.variant.name}: {len(stages)} stages"


def _report(config: EvalStagesConfig, stages: Sequence[Stage]) -> dict[str, Any]:
    """`stages.json`; holds no time and no place of --out, so equal runs write equal reports."""
    first = stages[0]
    report = first.sighted.report
    identity = {
        name: value
        for name, value in report.plan.identity.items()
        if name not in ("vlm", "vlm_sha256", "mode", "reasoning", "max_new_tokens")
    }
    general: dict[str, Any] | None = None
    if first.plans.general is not None:
        general = {"data_sha256": first.plans.general.identity["data_sha256"]}
    elif first.general is not None:
        general = {"tasks": list(GENERAL_TASKS)}
    return {
        "config": {**identity, "modes": list(config.modes), "reasoning": config.reasoning},
        "max_new_tokens": {
            **{mode: run.report.plan.max_new_tokens for mode, run in first.runs.items()},
            **({"reasoning": first.thinking.report.plan.max_new_tokens} if first.thinking else {}),
        },
        "general": general,
        "versions": dict(report.versions),
        "stages": [stage.to_json() for stage in stages],
        "notes": list(report_notes(stages)),
    }


def _table(stages: Sequence[Stage], title: str) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("", no_wrap=True)
    for stage in stages:
        table.add_column(stage.name, justify="right")
    for line in report_lines(stages):
        if line.section and table.row_count:
            table.add_section()
        table.add_row(line.label, *line.cells, style="bold" if line.label == "overall" else "")
    table.caption, table.caption_justify = "\n".join(report_notes(stages)), "left"
    return table


def _page(stages: Sequence[Stage], title: str) -> str:
    names = [stage.name for stage in stages]
    lines = [f"# {title}", "", f"![scores by stage]({PICTURE_FILE})", ""]
    lines += [_row("", *names), _row("---", *("---:" for _ in names))]
    for line in report_lines(stages):
        label = f"**{line.label}**" if line.section else line.label
        lines.append(_row(label, *line.cells))
    lines += ["", *(f"- {note}" for note in report_notes(stages)), "", "## Checkpoints", ""]
    for stage in stages:
        lines.append(f"- `{stage.name}`: weights and settings sha256 `{stage.vlm_sha256}`")
        for step in stage.plans.lineage:
            lines.append(f"  - {step_text(step)}")
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
