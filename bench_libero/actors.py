"""Who acts in an evaluation: the policy, checked before it is loaded, or a control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..agent.chunk_policy import ChunkPolicy
from ..errors import SpatuneError
from ..evaluation.controls import BlindPolicy, RandomPolicy, ZeroPolicy
from ..export.bundle import MANIFEST, Bundle, is_bundle
from ..export.loading import TORCH_ENGINES, check_engine, load_bundle_policy
from ..policies.checkpoint import find_checkpoint
from ..policies.compatibility import check_compatible
from ..policies.digests import file_sha256, policy_sha256
from ..policies.loading import load_policy, load_policy_spec
from .config import Control
from .environment import LiberoView


@dataclass(frozen=True)
class CheckedPolicy:
    """A policy whose conventions fit LIBERO; its weights are not loaded yet.

    Attributes:
        name: As the user gave it.
        view: How LIBERO must be shown to it.
        sha256: Digest of its files.
        engine: What runs it, if it is a bundle, else None.
        precision: Precision of the bundle's graph.
    """

    name: str
    view: LiberoView
    sha256: str
    engine: str | None = None
    precision: str = "fp32"

    def load(self, device: str) -> ChunkPolicy:
        """Load the weights onto `cpu`, `cuda` or `cuda:N`; a bundle's engine knows its device."""
        if self.engine is None:
            return load_policy(self.name, device=device)
        return load_bundle_policy(Path(self.name), self.engine, precision=self.precision, threads=1)


def check_policy(
    name: str,
    image_size: int | None = None,
    *,
    engine: str | None = None,
    precision: str = "fp32",
) -> CheckedPolicy:
    """Find a policy and compare its conventions with LIBERO's.

    Args:
        name: `embedded`, a folder, a hub id, or a bundle.
        image_size: Pixels of the images, when not those that the policy was trained on.
        engine: What runs a bundle; ONNX Runtime on the CPU if None.
        precision: Precision of a bundle's graph.

    Raises:
        SpatuneError: There is no such policy, a convention differs, or an engine is asked of a
            policy that is no bundle.
    """
    if is_bundle(Path(name)):
        bundle = Bundle.load(Path(name))
        engine = engine or "ort-cpu"
        check_engine(engine)
        if engine not in TORCH_ENGINES:
            bundle.graph(precision)
        spec, sha256 = bundle.spec, file_sha256(bundle.folder / MANIFEST)
    elif engine is not None or precision != "fp32":
        raise SpatuneError(
            f"--engine and --precision are for bundles, and {name} is none: "
            f"spatune export --policy {name} --out BUNDLE, then --policy BUNDLE"
        )
    else:
        spec = load_policy_spec(name)
        sha256 = policy_sha256(find_checkpoint(name))
    view = LiberoView.of_policy(spec, image_size)
    check_compatible(spec, view.env_spec())
    return CheckedPolicy(name, view, sha256, engine, precision)


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
