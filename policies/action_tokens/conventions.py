"""Specification and statistics of a policy whose folder is a VLM with action tokens."""

from __future__ import annotations

from pathlib import Path

from ...agent.action_tokens import ACTION_TOKENS_FILE, ActionTokens
from ..normalisation import ACTION, Statistics
from ..spec import PolicySpec


def has_action_tokens(folder: Path) -> bool:
    """Whether a folder holds such a policy."""
    return (folder / ACTION_TOKENS_FILE).is_file()


def read_action_conventions(folder: Path) -> tuple[PolicySpec, Statistics]:
    """What `action_tokens.json` says, in the terms of every other policy.

    The state's layout is that of the training data, although the policy does not read it.

    Raises:
        SpatuneError: The file is missing or does not fit.
    """
    tokens = ActionTokens.load(folder)
    env = tokens.env_spec
    cameras = {camera.key: camera for camera in env.cameras}
    statistics = Statistics({ACTION: {"q01": tokens.q01, "q99": tokens.q99}})
    spec = PolicySpec(
        cameras=tuple(cameras[key] for key in tokens.cameras),
        resize="exact",
        state_layout=env.state_layout,
        action_layout=env.action_layout,
        gripper_convention=env.gripper_convention,
        action_low=env.action_low,
        action_high=env.action_high,
        state_normalisation="identity",
        action_normalisation="quantile",
        statistics_sha256=statistics.sha256,
        chunk_length=tokens.chunk_length,
        execute_steps=tokens.execute_steps,
        control_hz=env.control_hz,
    )
    return spec, statistics
