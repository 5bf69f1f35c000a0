"""`TorchEngine`: a stage on torch itself: eager, compiled, or as an AOTInductor package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import SpatuneError, first_line
from .engines.engine import Engine, TensorSpec
from .quiet import quiet
from .stages import Stage

_TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class TorchEngine(Engine):
    """A stage of a loaded policy, which gives the weights.

    Precisions below fp32 are torch's autocast: matrix products and convolutions in 16 bits, norms
    and softmax in fp32.

    Args:
        stage: What to run.
        engine: `torch-eager`; `torch-compile`, with CUDA graphs on a GPU; or `aotinductor`.
        precision: `fp32`, `fp16` or `bf16`.
        device: `cpu` or `cuda`.
        package: File of the AOTInductor package, from `compile_package`.

    Raises:
        SpatuneError: The precision or the device is not to be had, or the package cannot be loaded.
    """

    def __init__(
        self,
        stage: Stage,
        engine: str = "torch-eager",
        *,
        precision: str = "fp32",
        device: str = "cpu",
        package: Path | None = None,
    ) -> None:
        require_torch(precision, device)
        self._buffers = {name: value.clone().to(device) for name, value in stage.inputs.items()}
        self._function = _function(stage, engine, precision, device, package)
        self._names = stage.outputs
        self._device_ms: float | None = None
        self._events = (_event(), _event()) if device.startswith("cuda") else None
        super().__init__(
            f"{engine}-{device}-{precision}",
            {name: _spec(value) for name, value in stage.inputs.items()},
            {name: _spec(value) for name, value in self._call().items()},
        )

    @property
    def device_ms(self) -> float | None:
        """Milliseconds that the last run took on a GPU, copies included; None on a CPU."""
        return self._device_ms

    def _run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if self._events:
            self._events[0].record()
        for name, value in inputs.items():
            self._buffers[name].copy_(torch.from_numpy(np.ascontiguousarray(value)))
        found = {name: value.float().cpu() for name, value in self._call().items()}
        if self._events:
            self._events[1].record()
            self._events[1].synchronize()
            self._device_ms = self._events[0].elapsed_time(self._events[1])
        return {name: value.numpy() for name, value in found.items()}

    def _call(self) -> dict[str, Tensor]:
        with torch.inference_mode():
            result = self._function(*self._buffers.values())
        results = result if isinstance(result, (tuple, list)) else (result,)
        return dict(zip(self._names, results, strict=True))


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)


def require_torch(precision: str, device: str) -> None:
    """Refuse a precision or device that torch does not have here.

    Raises:
        SpatuneError: It does not.
    """
    if precision not in _TYPES:
        raise SpatuneError(f"torch engines run in {', '.join(_TYPES)}, not in {precision!r}")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SpatuneError("device 'cuda' was asked for, but torch sees no CUDA device")
    if device.startswith("cuda") and precision == "bf16" and not torch.cuda.is_bf16_supported():
        raise SpatuneError("this GPU has no bf16; use --precision fp16 or fp32")


def compile_package(stage: Stage, precision: str, device: str, package: Path) -> None:
    """Compile a stage ahead of time.

    Args:
        stage: What to compile; its weights become part of the package.
        precision: See `TorchEngine`.
        device: The device that it will run on.
        package: File to write, ending in `.pt2`.

    Raises:
        SpatuneError: The precision or device is not to be had, or no compiler is.
    """
    require_torch(precision, device)
    try:
        with quiet():
            traced = _trace(stage, precision, device)
            torch._inductor.aoti_compile_and_package(traced, package_path=str(package))
    except Exception as error:
        raise SpatuneError(
            f"AOTInductor could not compile {stage.name}: {first_line(error)}; it "
            "needs a C++ compiler (g++)"
        ) from error


def _function(
    stage: Stage, engine: str, precision: str, device: str, package: Path | None
) -> Callable[..., Any]:
    if engine == "torch-eager":
        return _Cast(stage.module.to(device), precision, device)
    if engine == "torch-compile":
        # The graphs use hooks, which only the tracer of torch.export sees through.
        with quiet():
            traced = _trace(stage, precision, device).module()
        mode = "reduce-overhead" if device.startswith("cuda") else "default"
        return torch.compile(traced, mode=mode, dynamic=False)
    if engine == "aotinductor":
        if package is None:
            raise SpatuneError("an AOTInductor engine needs its package")
        try:
            return torch._inductor.aoti_load_package(str(package))
        except Exception as error:
            raise SpatuneError(f"{package} cannot be loaded: build it again") from error
    raise SpatuneError(
        f"engine {engine!r} is unknown; use torch-eager, torch-compile or aotinductor"
    )


class _Cast(nn.Module):
    def __init__(self, module: nn.Module, precision: str, device: str) -> None:
        super().__init__()
        self.module = module
        self._device = device.split(":")[0]
        self._precision = precision

    def forward(self, *inputs: Tensor) -> Any:
        if self._precision == "fp32":
            return self.module(*inputs)
        with torch.autocast(self._device, dtype=_TYPES[self._precision]):
            result = self.module(*inputs)
        if isinstance(result, tuple):
            return tuple(value.float() for value in result)
        return result.float()


def _trace(stage: Stage, precision: str, device: str) -> torch.export.ExportedProgram:
    module = _Cast(stage.module.to(device), precision, device).eval()
    inputs = tuple(value.clone().to(device) for value in stage.inputs.values())
    with torch.no_grad():
        return torch.export.export(module, inputs, strict=False)


def _spec(value: Tensor) -> TensorSpec:
    return TensorSpec(tuple(value.shape), np.dtype(str(value.dtype).removeprefix("torch.")))
