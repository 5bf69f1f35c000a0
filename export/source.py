"""The policy that a bundle was exported from, and its graphs in torch."""

from __future__ import annotations

import numpy as np

from ..digests import tree_sha256
from ..errors import SpatuneError
from ..policies.checkpoint import find_checkpoint
from ..policies.loading import load_policy
from ..policies.rollout import SpatuneRollout
from .bundle import Bundle
from .graphs.build import build_graphs
from .stages import Stage, policy_stages


def load_exportable(name: str) -> SpatuneRollout:
    """Load a policy that can be exported.

    Raises:
        SpatuneError: There is no such policy, it is not one of spatune's, or it asks before it
            acts.
    """
    policy = load_policy(name)
    if not isinstance(policy, SpatuneRollout):
        raise SpatuneError(f"{name} is not a spatune policy; only those can be exported")
    if policy.spec.reasoning is not None:
        raise SpatuneError(
            f"{name} asks its VLM before it acts, and a bundle has no graphs that answer: "
            "train it on `spatune features` without --reason to export it"
        )
    return policy


def policy_sha256(name: str) -> str:
    """Digest of the settings and weights of a policy, its VLM's included."""
    return tree_sha256(find_checkpoint(name), ("**/*.json", "**/*.safetensors"))


def load_source(bundle: Bundle, name: str) -> SpatuneRollout:
    """Load the policy that a bundle was exported from.

    Args:
        bundle: The bundle.
        name: The policy: `embedded`, a folder, or a hub id.

    Raises:
        SpatuneError: There is no such policy, or it is another one.
    """
    if policy_sha256(name) != bundle.manifest["source"]["sha256"]:
        raise SpatuneError(
            f"{bundle.folder} was exported from another policy than {name}: name it with --policy, "
            "or export again"
        )
    return load_exportable(name)


def source_stages(bundle: Bundle, policy: SpatuneRollout) -> dict[str, Stage]:
    """The graphs of a bundle in torch, by name.

    Raises:
        SpatuneError: The tokenizer has changed since.
    """
    graphs = build_graphs(policy, list(bundle.prompts))
    for task, row in graphs.prompts.rows.items():
        if not np.array_equal(row, bundle.prompts[task]):
            raise SpatuneError(f"the tokens of {task!r} have changed: export {bundle.folder} again")
    return {stage.name: stage for stage in policy_stages(policy, graphs)}
