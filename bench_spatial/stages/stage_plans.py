"""`StagePlans`: everything that will be asked of one stage, checked before any is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import SpatuneError
from ...policies.checkpoint import find_vlm
from ..config import EvalSpatialConfig, Reasoning
from ..plan import RUN_MODES, RunMode, SpatialPlan, make_plans
from .config import EvalStagesConfig
from .lineage import read_lineage


@dataclass(frozen=True)
class StagePlans:
    """One stage.

    Attributes:
        name: What `--vlm` calls it.
        vlm: Its folder or hub id.
        lineage: As of `read_lineage`.
        direct: Plans by mode: with short answers, or with `--reasoning on` with reasoning.
        thinking: The sighted plan with reasoning beside them, or None.
        general: The plan of `--general`, or None.
    """

    name: str
    vlm: str
    lineage: tuple[dict[str, Any], ...]
    direct: Mapping[RunMode, SpatialPlan]
    thinking: SpatialPlan | None
    general: SpatialPlan | None

    @property
    def model_config(self) -> EvalSpatialConfig:
        """Which model answers."""
        return self.direct["sighted"].config


def plan_stages(config: EvalStagesConfig) -> tuple[StagePlans, ...]:
    """The stages in their order.

    Raises:
        SpatuneError: An argument, the data or a checkpoint is wrong; one line that names the fix.
    """
    _check(config)
    return tuple(_plan(config, name, vlm) for name, vlm in _names(config.vlm))


def _names(given: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for text in given:
        name, equals, vlm = text.partition("=")
        if not equals or not vlm or not re.fullmatch(r"\w[\w.-]*", name):
            raise SpatuneError(f"--vlm {text!r}: give NAME=FOLDER_OR_HUB_ID, such as sft=runs/sft")
        if name in dict(pairs):
            raise SpatuneError(f"--vlm names two stages {name!r}; give each a name of its own")
        pairs.append((name, vlm))
    return pairs


def _check(config: EvalStagesConfig) -> None:
    if not config.vlm:
        raise SpatuneError("no stage; give --vlm NAME=FOLDER_OR_HUB_ID, the untuned first")
    strange = [mode for mode in config.modes if mode not in RUN_MODES]
    if strange:
        raise SpatuneError(f"no mode {strange[0]!r}; choose among: {', '.join(RUN_MODES)}")
    if "sighted" not in config.modes:
        raise SpatuneError("--modes lacks sighted, from which all differences are; add it")
    if config.reasoning not in ("off", "both", "on"):
        raise SpatuneError(f"no reasoning {config.reasoning!r}; choose one of: off, both, on")


def _plan(config: EvalStagesConfig, name: str, vlm: str) -> StagePlans:
    first: Reasoning = "think" if config.reasoning == "on" else "off"
    asked = _spatial(config, name, vlm, first)
    # One call for all modes: it digests the weights, which takes long for a large model.
    mode = "all" if len(config.modes) > 1 else "sighted"
    plans = {plan.mode: plan for plan in make_plans(replace(asked, mode=mode))}
    thinking = general = None
    if config.reasoning == "both":
        (thinking,) = make_plans(_spatial(config, name, vlm, "think"))
    if config.general is not None:
        folder = config.out / name / "general"
        (general,) = make_plans(
            replace(asked, benchmark="general", data=config.general, variant=None, out=folder)
        )
    return StagePlans(
        name=name,
        vlm=vlm,
        lineage=read_lineage(find_vlm(vlm)),
        direct={mode: plans[mode] for mode in RUN_MODES if mode in config.modes and mode in plans},
        thinking=thinking,
        general=general,
    )


def _spatial(
    config: EvalStagesConfig, name: str, vlm: str, reasoning: Reasoning
) -> EvalSpatialConfig:
    """The arguments of the sighted run; mode `all` makes folders beside it."""
    thinks = reasoning == "think"
    folder = config.out / name / ("think" if thinks else "direct")
    single = (thinks and config.reasoning == "both") or len(config.modes) == 1
    return EvalSpatialConfig(
        vlm=vlm,
        benchmark=config.benchmark,
        data=config.data,
        variant=config.variant,
        mode="sighted",
        reasoning=reasoning,
        frames=config.frames,
        image_size=config.image_size,
        limit=config.limit,
        batch_size=config.batch_size,
        device=config.device,
        precision=config.precision,
        max_new_tokens=config.max_think_tokens if thinks else config.max_new_tokens,
        trust_remote_code=config.trust_remote_code,
        out=folder / "sighted" if single else folder,
    )
