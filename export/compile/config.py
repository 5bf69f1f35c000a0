"""`EngineConfig`: the arguments of `spatune export engine`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction

from ..bundle import WHOLE


@dataclass(frozen=True)
class EngineConfig:
    """Compile a graph of a bundle for a GPU, and keep the result in the bundle.

    An engine fits one version of its library and certain chips. `tensorrt-rtx` builds without a
    GPU; `tensorrt` builds for the GPU that is present, so run it on the robot. An engine that is
    already there is not built again.
    """

    bundle: Positional[Path]
    """Folder that `spatune export` wrote."""

    engine: Literal["tensorrt-rtx", "tensorrt", "aotinductor"] = "tensorrt-rtx"
    """What the engine is to run on; JetPack has 'tensorrt'. 'aotinductor' needs torch, the policy
    and a C++ compiler, and builds for --device."""

    precision: str = "fp32"
    """Precision in which the graph was exported."""

    stage: str = WHOLE
    """Graph to compile: 'policy' is the whole, the others are its stages."""

    sm: Annotated[tuple[str, ...], UseAppendAction] = ()
    """Compute capability of a chip that it is for, such as 8.9, or 'current'; give it once for each
    chip. Without it tensorrt-rtx builds for all since 8.0."""

    device: str = "cpu"
    """For aotinductor: cpu or cuda."""

    policy: str | None = None
    """For aotinductor: the policy of the bundle; by default the one that it names."""

    force: bool = False
    """Build even if the engine is there."""
