"""Policies by name: `load_policy` and `load_policy_spec`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpatuneError
from .action_tokens.conventions import has_action_tokens
from .checkpoint import find_checkpoint, read_conventions
from .spec import PolicySpec

if TYPE_CHECKING:
    from .rollout import RolloutPolicy


def load_policy_spec(name: str | Path, *, revision: str | None = None) -> PolicySpec:
    """Conventions of a policy, without its weights and without torch.

    Compare them with an environment's (`check_compatible`) before `load_policy`.

    Args:
        name: `embedded`, `embedded-nav`, a policy folder, or a hub id `owner/name`.
        revision: Branch, tag or commit of a hub id.

    Raises:
        SpatuneError: There is no such policy, or its specification and statistics do not fit.
    """
    return read_conventions(find_checkpoint(name, revision=revision, weights=False))[0]


def load_policy(
    name: str | Path, *, device: str = "cpu", revision: str | None = None
) -> RolloutPolicy:
    """A policy that is ready to act, its VLM loaded.

    Args:
        name: `embedded`, `embedded-nav`, a policy folder, or a hub id `owner/name`.
        device: `cpu`, `cuda` or `cuda:N`.
        revision: Branch, tag or commit of a hub id.

    Raises:
        SpatuneError: As `load_policy_spec`; or weights, VLM or device do not fit.
    """
    folder = find_checkpoint(name, revision=revision)
    # What is wrong with the small files shows before torch is imported.
    read_conventions(folder)
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SpatuneError(f"device {device!r} was asked for, but torch sees no CUDA device")
    if has_action_tokens(folder):
        from .action_tokens.policy import ActionTokenPolicy

        return ActionTokenPolicy.from_pretrained(folder, device)
    from .rollout import SpatuneRollout

    return SpatuneRollout.from_pretrained(folder, device)
