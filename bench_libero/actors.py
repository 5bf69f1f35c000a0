"""Who acts in an evaluation: the policy, checked before it is loaded, or a control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..agent.chunk_policy import ChunkPolicy
from ..digests import file_sha256
from ..errors import SpatuneError
from ..evaluation import EnvFactory
from ..evaluation.controls import BlindPolicy, RandomPolicy, ZeroPolicy
from ..export.bundle import MANIFEST, Bundle, is_bundle
from ..export.loading import TORCH_ENGINES, check_engine, load_bundle_policy
from ..policies.adapters import LeRobotCheckpoint, OpenPiPolicy
from ..policies.adapters.openpi import SCHEMES, openpi_spec
from ..policies.checkpoint import find_checkpoint
from ..policies.compatibility import check_compatible
from ..policies.digests import policy_sha256
from ..policies.loading import load_policy, load_policy_spec
from ..policies.reasoned import ReasoningChoice
from ..policies.spec import PolicySpec
from .config import Control
from .environment import LiberoView
from .foreign import ForeignOptions
from .foreign_env import foreign_factory


@dataclass(frozen=True)
class CheckedPolicy:
    """A policy whose conventions fit LIBERO; its weights are not loaded yet.

    Attributes:
        name: As the user gave it.
        view: How LIBERO must be shown to it.
        sha256: Digest of its files.
        engine: What runs it, if it is a bundle, else None.
        precision: Precision of the bundle's graph.
        spec: Conventions of a policy of another project, else None.
        options: What was said about such a policy.
        reasoning: Whether its VLM is asked before it acts.
    """

    name: str
    view: LiberoView
    sha256: str
    engine: str | None = None
    precision: str = "fp32"
    spec: PolicySpec | None = None
    options: ForeignOptions = ForeignOptions()
    reasoning: ReasoningChoice = ReasoningChoice()

    @property
    def is_remote(self) -> bool:
        """Whether a server holds the weights."""
        return self.name.startswith(SCHEMES)

    def dressed(self, factory: EnvFactory) -> EnvFactory:
        """The environments as this policy must be shown them."""
        if self.spec is None:
            return factory
        return foreign_factory(factory, published=self.options.published)

    def load(self, device: str) -> ChunkPolicy:
        """Load the weights onto `cpu`, `cuda` or `cuda:N`; a bundle's engine knows its device."""
        if self.engine is not None:
            return load_bundle_policy(
                Path(self.name), self.engine, precision=self.precision, threads=1
            )
        if self.spec is None:
            return self.reasoning.dress(load_policy(self.name, device=device))
        if self.is_remote:
            return OpenPiPolicy(self.name, self.spec)
        from ..policies.adapters import LeRobotChunks

        checkpoint = LeRobotCheckpoint.find(self.name)
        assert checkpoint is not None, "check_policy found one"
        return LeRobotChunks(checkpoint, self.spec, cameras=self.options.cameras, device=device)


def check_policy(
    name: str,
    image_size: int | None = None,
    *,
    engine: str | None = None,
    precision: str = "fp32",
    options: ForeignOptions | None = None,
    reason_every: int | None = None,
    reason_anyway: bool = False,
) -> CheckedPolicy:
    """Find a policy and compare its conventions with LIBERO's.

    Args:
        name: `embedded`, a folder, a hub id, a bundle, or the address of an openpi server.
        image_size: Pixels of the images, when not those that the policy was trained on.
        engine: What runs a bundle; ONNX Runtime on the CPU if None.
        precision: Precision of a bundle's graph.
        options: Conventions of a policy of LeRobot or openpi.
        reason_every: Replans between questions to the policy's VLM; None as it was trained.
        reason_anyway: Allow what it was not trained with.

    Raises:
        SpatuneError: There is no such policy, a convention differs, an engine is asked of a
            policy that is no bundle, or reasoning of one that has no VLM here.
    """
    if engine is None and precision == "fp32":
        foreign = _check_foreign(name, image_size, options or ForeignOptions())
        if foreign is not None:
            ReasoningChoice.refuse(f"policy {name}", reason_every, None)
            return foreign
    if options is not None:
        options.refuse(name)
    if is_bundle(Path(name)):
        bundle = Bundle.load(Path(name))
        engine = engine or "ort-cpu"
        check_engine(engine)
        if engine not in TORCH_ENGINES:
            bundle.graph(precision)
        spec, sha256 = bundle.spec, file_sha256(bundle.folder / MANIFEST)
        ReasoningChoice.refuse(f"bundle {name}", reason_every, spec.reasoning)
        reasoning = ReasoningChoice()
    elif engine is not None or precision != "fp32":
        raise SpatuneError(
            f"--engine and --precision are for bundles, and {name} is none: "
            f"spatune export --policy {name} --out BUNDLE, then --policy BUNDLE"
        )
    else:
        spec = load_policy_spec(name)
        sha256 = policy_sha256(find_checkpoint(name))
        reasoning = ReasoningChoice.of(spec, reason_every, anyway=reason_anyway)
    view = LiberoView.of_policy(spec, image_size)
    check_compatible(spec, view.env_spec())
    return CheckedPolicy(name, view, sha256, engine, precision, reasoning=reasoning)


def _check_foreign(
    name: str, image_size: int | None, options: ForeignOptions
) -> CheckedPolicy | None:
    """The same for a policy of another project; None if it is none."""
    given: dict[str, Any] = {
        "orientation": options.shown_orientation,
        "state_frame": options.state_frame,
        "execute_steps": options.execute_steps,
        "image_size": image_size,
    }
    if name.startswith(SCHEMES):
        if options.cameras is not None:
            raise SpatuneError("--cameras is for policies of LeRobot; openpi's wire names its own")
        spec = openpi_spec(**given)
        server = OpenPiPolicy(name, spec)
        sha256 = server.sha256
        server.close()
    elif is_bundle(Path(name)) or (checkpoint := LeRobotCheckpoint.find(name)) is None:
        return None
    else:
        spec = checkpoint.spec(cameras=options.cameras, **given)
        sha256 = checkpoint.sha256
    view = LiberoView.of_policy(spec, image_size)
    check_compatible(spec, view.env_spec())
    return CheckedPolicy(name, view, sha256, spec=spec, options=options)


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
