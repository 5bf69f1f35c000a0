"""AOTInductor packages of a bundle's stages, kept beside TensorRT engines."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

import torch

from ..bundle import Bundle
from ..engines.engine_cache import ENGINES, EngineCache, EngineKey
from ..source import load_source, source_stages
from ..torch_engine import compile_package


def package_key(bundle: Bundle, stage: str, precision: str, device: str) -> EngineKey:
    """What a package is built from, with and for.

    Args:
        bundle: The bundle; the digest of its fp32 graph stands for the weights.
        stage: Name of the graph.
        precision: See `TorchEngine`.
        device: `cpu` or `cuda`.
    """
    place = f"cpu-{platform.machine()}-{torch.backends.cpu.get_cpu_capability()}"
    if device.startswith("cuda"):
        place = ".".join(map(str, torch.cuda.get_device_capability(device)))
    return EngineKey(
        graph_sha256=bundle.sha256(bundle.graph("fp32", stage)),
        library="torch",
        version=torch.__version__,
        sm=place,
        precision=precision,
        stage=stage,
    )


def find_package(bundle: Bundle, stage: str, precision: str, device: str) -> Path:
    """The file of a package that was built for this machine.

    Raises:
        SpatuneError: There is none, or it is damaged.
    """
    key = package_key(bundle, stage, precision, device)
    return EngineCache(bundle.folder / ENGINES).find(key)


def build_package(
    bundle: Bundle, stage: str, precision: str, device: str, policy: str | None = None
) -> bytes:
    """Compile a stage of the policy that a bundle was exported from.

    Args:
        bundle: The bundle.
        stage: Name of the graph.
        precision: See `TorchEngine`.
        device: `cpu` or `cuda`.
        policy: The policy, where the manifest's name for it does not hold on this machine.

    Raises:
        SpatuneError: The policy, the device or a compiler is not to be had.
    """
    source = load_source(bundle, policy or bundle.manifest["source"]["policy"])
    module = source_stages(bundle, source)[stage]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{stage}.pt2"
        compile_package(module, precision, device, path)
        return path.read_bytes()
