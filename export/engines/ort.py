"""`OrtEngine`: graphs on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SpatuneError, first_line
from .engine import Engine, TensorSpec

PROVIDERS = {
    "ort-cpu": "CPUExecutionProvider",
    "ort-cuda": "CUDAExecutionProvider",
    "ort-tensorrt": "TensorrtExecutionProvider",
}
"""ONNX Runtime's execution provider, by engine."""

EMULATED = ("fp16", "bf16", "fp8", "nvfp4")
"""Precisions for which the CPU has no kernels: it would compute in fp32, and slowly."""

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}


class OrtEngine(Engine):
    """A session whose requested provider is the active one.

    ONNX Runtime lists providers that cannot start and falls back to the CPU without a word; here
    that is an error.

    Args:
        path: ONNX file.
        engine: `ort-cpu`, `ort-cuda` or `ort-tensorrt`.
        precision: Of the graph, for records.
        threads: Threads within an operator; 0 takes all cores. One thread gives the same bits on
            machines with other numbers of cores.

    Raises:
        SpatuneError: ONNX Runtime is not installed, cannot load the file, or does not have the
            provider.
    """

    def __init__(
        self, path: Path, engine: str = "ort-cpu", *, precision: str = "fp32", threads: int = 0
    ) -> None:
        if engine not in PROVIDERS:
            raise SpatuneError(f"engine {engine!r} is unknown; use one of {', '.join(PROVIDERS)}")
        if engine == "ort-cpu" and precision in EMULATED:
            raise SpatuneError(
                f"ort-cpu has no {precision} kernels and would compute in fp32: use fp32, int8 or "
                "int8-dynamic on a CPU, or a GPU engine"
            )
        try:
            import onnxruntime
        except ImportError as error:
            raise SpatuneError(
                "onnxruntime is not installed: pip install 'spatune[onnx]', or 'spatune[onnx-gpu]' "
                "for NVIDIA GPUs"
            ) from error
        provider = PROVIDERS[engine]
        available = onnxruntime.get_available_providers()
        if provider not in available:
            raise SpatuneError(
                f"{engine} needs {provider}, and this onnxruntime has: {', '.join(available)}; "
                "pip install 'spatune[onnx-gpu]' in an environment without onnxruntime"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Errors come as exceptions; warnings of the optimiser are not for users.
        options.log_severity_level = 3
        try:
            session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=[_provider(engine)]
            )
        except Exception as error:
            raise SpatuneError(
                f"{path}: ONNX Runtime cannot load it: {first_line(error)}"
            ) from error
        active = session.get_providers()[0]
        if active != provider:
            raise SpatuneError(
                f"{engine} was asked for, but ONNX Runtime fell back to {active}: check that the "
                "GPU driver, CUDA and cuDNN are there"
            )
        super().__init__(
            f"{engine}-{precision}",
            {value.name: _spec(value) for value in session.get_inputs()},
            {value.name: _spec(value) for value in session.get_outputs()},
        )
        device = "cpu" if engine == "ort-cpu" else "cuda"
        self._session = session
        self._fed = self._buffers(self.inputs, device)
        self._read = self._buffers(self.outputs, device)
        self._binding = session.io_binding()
        for name, value in self._fed.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._read.items():
            self._binding.bind_ortvalue_output(name, value)

    def _run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        for name, value in inputs.items():
            self._fed[name].update_inplace(np.ascontiguousarray(value))
        self._session.run_with_iobinding(self._binding)
        # What numpy() gives points into a buffer that it does not keep alive.
        return {name: value.numpy().copy() for name, value in self._read.items()}

    @staticmethod
    def _buffers(specs: Mapping[str, TensorSpec], device: str) -> dict[str, Any]:
        import onnxruntime

        return {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(*spec), device)
            for name, spec in specs.items()
        }


def _spec(value: Any) -> TensorSpec:
    return TensorSpec(tuple(value.shape), np.dtype(_DTYPES[value.type]))


def _provider(engine: str) -> tuple[str, dict[str, str]]:
    # A graph of fixed shapes is captured once and replayed, denoising steps and all.
    options = {
        "ort-cpu": {},
        "ort-cuda": {"enable_cuda_graph": "1", "use_tf32": "0"},
        "ort-tensorrt": {"trt_cuda_graph_enable": "1"},
    }
    return PROVIDERS[engine], options[engine]
