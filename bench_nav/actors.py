"""Who acts in a navigation evaluation: a policy, the oracle, or chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from ..agent.chunk_policy import ChunkPolicy
from ..envs.navigation.task import NAV_ACTIONS, nav_env_spec
from ..errors import SpatuneError
from ..evaluation.controls import BlindPolicy, ControlSpec
from ..policies.checkpoint import find_checkpoint
from ..policies.compatibility import check_compatible
from ..policies.digests import policy_sha256
from ..policies.loading import load_policy, load_policy_spec
from ..policies.reasoned import ReasoningChoice
from .config import Control
from .environment import EXPERT_ACTION, NavView

BUILT_IN = ("oracle", "random")


class OraclePolicy:
    """Does what the expert, which knows the house, says."""

    backend = "expert"
    uses_images = False
    spec = ControlSpec(chunk_length=1, execute_steps=1, action_dim=1)

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The expert's actions, float32 (B, 1, 1)."""
        return np.stack([observation[EXPERT_ACTION] for observation in observations])[:, None]


class RandomNavPolicy:
    """Any of the six actions with equal probability, from the keyed noise."""

    backend = "numpy"
    uses_images = False
    spec = ControlSpec(chunk_length=1, execute_steps=1, action_dim=1)

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Numbers of actions, float32 (B, 1, 1)."""
        numbers = np.floor(ndtr(noise.astype(np.float64)) * len(NAV_ACTIONS))
        return np.minimum(numbers, len(NAV_ACTIONS) - 1).astype(np.float32)


@dataclass(frozen=True)
class CheckedActor:
    """An actor that fits navigation; its weights are not loaded yet.

    Attributes:
        name: As the user gave it.
        view: What it must be shown.
        sha256: Digest of its files, or None for the oracle and for chance.
        control: `none`, or `blind` for black images.
        reasoning: Whether its VLM is asked before it acts.
    """

    name: str
    view: NavView
    sha256: str | None
    control: Control = "none"
    reasoning: ReasoningChoice = ReasoningChoice()

    def load(self, device: str) -> ChunkPolicy:
        """Load the weights onto `cpu`, `cuda` or `cuda:N`."""
        if self.name == "oracle":
            return OraclePolicy()
        if self.name == "random":
            return RandomNavPolicy()
        policy = self.reasoning.dress(load_policy(self.name, device=device))
        return BlindPolicy(policy) if self.control == "blind" else policy


def check_actor(
    name: str,
    control: Control,
    image_size: int | None,
    *,
    reason_every: int | None = None,
    reason_anyway: bool = False,
) -> CheckedActor:
    """Find who acts, and compare its conventions with navigation's.

    Args:
        name: As the user gave it.
        control: `none`, or `blind` for black images.
        image_size: Pixels of the images, when not those that the policy was trained on.
        reason_every: Replans between questions to the policy's VLM; None as it was trained.
        reason_anyway: Allow what it was not trained with.

    Raises:
        SpatuneError: There is no such policy, or a convention differs.
    """
    if name in BUILT_IN:
        if control != "none":
            raise SpatuneError(f"--control {control} is for policies that see; {name} does not")
        ReasoningChoice.refuse(f"policy {name}", reason_every, None)
        size = NavView.image_size if image_size is None else image_size
        return CheckedActor(name, NavView(size, expert=name == "oracle"), None)
    spec = load_policy_spec(name)
    size = spec.cameras[0].height if image_size is None else image_size
    view = NavView(size, tuple(spec.history))
    check_compatible(spec, nav_env_spec(size), history=view.history)
    sha256 = policy_sha256(find_checkpoint(name))
    reasoning = ReasoningChoice.of(spec, reason_every, anyway=reason_anyway)
    return CheckedActor(name, view, sha256, control, reasoning)
