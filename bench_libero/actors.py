"""Who acts in an evaluation: the policy, checked before it is loaded, or a control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..agent.chunk_policy import ChunkPolicy
from ..evaluation.controls import BlindPolicy, RandomPolicy, ZeroPolicy
from ..policies.checkpoint import find_checkpoint
from ..policies.compatibility import check_compatible
from ..policies.digests import tree_sha256
from ..policies.loading import load_policy, load_policy_spec
from .config import Control
from .environment import LiberoView

_IDENTITY_FILES = ("*.json", "*.safetensors", "*/*.json", "*/*.safetensors", "*/*.txt", "*/*.jinja")


@dataclass(frozen=True)
class CheckedPolicy:
    """A policy whose conventions fit LIBERO; its weights are not loaded yet.

    Attributes:
        name: As the user gave it.
        view: How LIBERO must be shown to it.
        sha256: Digest of its files.
    """

    name: str
    view: LiberoView
    sha256: str

    def load(self, device: str) -> ChunkPolicy:
        """Load the weights onto `cpu`, `cuda` or `cuda:N`."""
        return load_policy(self.name, device=device)


def check_policy(name: str, image_size: int | None = None) -> CheckedPolicy:
    """Find a policy and compare its conventions with LIBERO's.

    Args:
        name: `embedded`, a folder, or a hub id.
        image_size: Pixels of the images, when not those that the policy was trained on.

    Raises:
        SpatuneError: There is no such policy, or a convention differs.
    """
    spec = load_policy_spec(name)
    view = LiberoView.of_policy(spec, image_size)
    check_compatible(spec, view.env_spec())
    return CheckedPolicy(name, view, tree_sha256(find_checkpoint(name), _IDENTITY_FILES))


def needs_policy(control: Control) -> bool:
    """Whether the policy's weights take part."""
    return control in ("none", "blind")


def make_actor(control: Control, load: Callable[[], ChunkPolicy]) -> ChunkPolicy:
    """The policy or the control that acts.

    Args:
        control: Who acts.
        load: Gives the policy; called only when it takes part.
    """
    match control:
        case "zero":
            return ZeroPolicy()
        case "random":
            return RandomPolicy()
        case "blind":
            return BlindPolicy(load())
        case "none":
            return load()
