"""LeRobot's pre- and post-processing pipelines of the policy: device moves and nothing else.

`SpatunePolicy` normalises by itself, from statistics that it checks; batches and actions are in
environment units on both sides. The pipelines still hold LeRobot's normalising steps, set to the
identity, because LeRobot's trainer addresses them by name when it resumes a run.
"""

from __future__ import annotations

from typing import Any

from lerobot.processor import (
    PolicyAction,
    PolicyProcessorPipeline,
    make_default_pre_post_processors,
)

from .configuration_spatune import SpatuneConfig
from .normalisation import Statistics


def make_spatune_pre_post_processors(
    config: SpatuneConfig, dataset_stats: dict[str, dict[str, Any]] | None = None
) -> tuple[
    PolicyProcessorPipeline[dict[str, Any], dict[str, Any]],
    PolicyProcessorPipeline[PolicyAction, PolicyAction],
]:
    """The two pipelines.

    Args:
        config: Of the policy.
        dataset_stats: Of the data set that is trained on; None when a trained policy is used.

    Raises:
        SpatuneError: Statistics are given without those of the state or the action.
    """
    if dataset_stats is not None:
        Statistics.from_lerobot(dataset_stats)
    return make_default_pre_post_processors(config)
