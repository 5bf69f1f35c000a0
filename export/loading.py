"""`load_bundle_policy`: a bundle as a policy, on any engine; and the policy that it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpatuneError
from .bundle import WHOLE, Bundle
from .engines.engine import Engine
from .engines.load import ROBOT_ENGINES, load_robot_engine
from .runtime import RobotPolicy

if TYPE_CHECKING:
    from ..policies.rollout import SpatuneRollout
    from .stages import Stage

TORCH_ENGINES = ("torch-eager", "torch-compile", "aotinductor")
"""Engines that need torch, and the policy that was exported for its weights."""
ENGINES = (*ROBOT_ENGINES, *TORCH_ENGINES)
GPU_ENGINES = tuple(name for name in ROBOT_ENGINES if name != "ort-cpu")


def check_engine(name: str, known: tuple[str, ...] = ENGINES) -> None:
    """Refuse an engine that does not exist.

    Raises:
        SpatuneError: It does not.
    """
    if name not in known:
        raise SpatuneError(f"engine {name!r} is unknown; use one of {', '.join(known)}")


class EngineLoader:
    """Loads the engines of a bundle; what is read once serves all of them.

    Args:
        bundle: The bundle.
        policy: The policy that it was exported from, where the manifest's name for it does not hold
            on this machine.
        threads: Threads of CPU engines; 0 takes all cores.
        device: Where torch engines run, `cpu` or `cuda`.
    """

    def __init__(
        self, bundle: Bundle, policy: str | None = None, *, threads: int = 0, device: str = "cpu"
    ) -> None:
        self.bundle = bundle
        self._name = policy or bundle.manifest["source"]["policy"]
        self._threads, self._device = threads, device
        self._policy: SpatuneRollout | None = None
        self._stages: dict[str, Stage] = {}

    @property
    def policy(self) -> SpatuneRollout:
        """The policy that the bundle was exported from.

        Raises:
            SpatuneError: It is not there, or it has changed since.
        """
        if self._policy is None:
            from .source import load_source

            self._policy = load_source(self.bundle, self._name)
        return self._policy

    @property
    def stages(self) -> dict[str, Stage]:
        """The policy's graphs in torch, by name."""
        if not self._stages:
            from .source import source_stages

            self._stages = source_stages(self.bundle, self.policy)
        return self._stages

    def engine(self, engine: str, precision: str = "fp32", stage: str = WHOLE) -> Engine:
        """Load one.

        Args:
            engine: One of `ENGINES`.
            precision: One that was exported; torch engines: fp32, fp16 or bf16.
            stage: One of the bundle's stages.

        Raises:
            SpatuneError: The engine, the precision or the stage is not to be had.
        """
        check_engine(engine)
        if engine not in TORCH_ENGINES:
            return load_robot_engine(
                self.bundle, engine, precision, stage=stage, threads=self._threads
            )
        from .compile.aotinductor import find_package
        from .torch_engine import TorchEngine

        package = None
        if engine == "aotinductor":
            package = find_package(self.bundle, stage, precision, self._device)
        if stage not in self.stages:
            raise SpatuneError(f"no graph {stage!r}, only: {', '.join(self.stages)}")
        return TorchEngine(
            self.stages[stage], engine, precision=precision, device=self._device, package=package
        )


def load_bundle_policy(
    folder: Path, engine: str = "ort-cpu", *, precision: str = "fp32", threads: int = 0
) -> RobotPolicy:
    """Verify a bundle and load it as a policy.

    Args:
        folder: The bundle.
        engine: One of `ENGINES`.
        precision: One that was exported.
        threads: Threads of a CPU engine; 0 takes all cores.

    Raises:
        SpatuneError: The bundle is damaged, or the engine or the precision is not to be had.
    """
    bundle = Bundle.load(folder)
    return RobotPolicy(bundle, EngineLoader(bundle, threads=threads).engine(engine, precision))
