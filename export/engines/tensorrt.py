"""`TensorRTEngine`: graphs on TensorRT or TensorRT-RTX, all denoising steps as one launch."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SpatuneError
from ..bundle import WHOLE, Bundle
from .capability import require_precision
from .cuda import Cuda, Graph
from .engine import Engine, TensorSpec
from .engine_cache import ENGINES, EngineCache, EngineKey, replace_file
from .tensorrt_module import find_tensorrt, one_line, problem_log


class TensorRTEngine(Engine):
    """An engine with fixed buffers, recorded once as a CUDA graph and then replayed.

    Loading runs the graph once on zeros and records it together with the copies of inputs and
    outputs, so that the first call is as fast as the others.

    Args:
        trt: The module `tensorrt` or `tensorrt_rtx`.
        blob: The serialised engine.
        name: What executes and in which precision, for records: `tensorrt-rtx-fp16`.
        kernels: File for the kernels that TensorRT-RTX compiles when it loads an engine, which
            makes the next load fast; None keeps none. TensorRT compiles when it builds.
        cuda_graph: Whether to replay a recording; otherwise every call queues each kernel.

    Raises:
        SpatuneError: There is no GPU, the engine was built for another one or by another version,
            the GPU lacks memory, or the graph cannot be recorded.
    """

    def __init__(
        self,
        trt: Any,
        blob: bytes,
        name: str,
        *,
        kernels: Path | None = None,
        cuda_graph: bool = True,
    ) -> None:
        self.name = name
        self._cuda = Cuda()
        self._log = problem_log(trt)
        self._log.take()
        self._runtime = trt.Runtime(self._log)
        self._engine = self._runtime.deserialize_cuda_engine(blob)
        if self._engine is None:
            raise SpatuneError(self._explain_refusal(trt, blob))
        self._context, compiled = self._new_context(kernels)
        super().__init__(name, *self._specs(trt))
        specs = {**self.inputs, **self.outputs}
        self._host = {name: self._cuda.pinned(*spec) for name, spec in specs.items()}
        self._device = {name: self._cuda.empty(host.nbytes) for name, host in self._host.items()}
        for tensor, memory in self._device.items():
            if not self._context.set_tensor_address(tensor, memory.address):
                raise SpatuneError(f"{self.name}: {tensor} has no fixed address: {self._reason()}")
        self._stream = self._cuda.stream()
        self._began, self._ended = self._cuda.event(), self._cuda.event()
        self._graph: Graph | None = None
        self._execute()
        if kernels is not None and compiled is not None:
            # A robot's bundle may be read-only; it then compiles at every start.
            with suppress(OSError):
                replace_file(kernels, bytes(compiled.serialize()))
        if cuda_graph:
            self._graph = self._record()
            self._execute()

    @property
    def device_ms(self) -> float:
        """Time of the last run on the device in milliseconds, copies to and from it included."""
        return self._ended.milliseconds_since(self._began)

    def _run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        for name, value in inputs.items():
            self._host[name][...] = value
        self._execute()
        return {name: self._host[name] for name in self.outputs}

    def _execute(self) -> None:
        self._began.record(self._stream)
        if self._graph is None:
            self._queue()
        else:
            self._graph.launch(self._stream)
        self._ended.record(self._stream)
        self._stream.synchronise()

    def _queue(self) -> None:
        for name in self.inputs:
            self._stream.upload(self._device[name], self._host[name])
        if not self._context.execute_async_v3(self._stream.handle):
            raise SpatuneError(f"{self.name}: the engine does not run: {self._reason()}")
        for name in self.outputs:
            self._stream.download(self._host[name], self._device[name])

    def _record(self) -> Graph:
        try:
            return self._stream.capture(self._queue)
        except SpatuneError as error:
            raise SpatuneError(
                f"{self.name}: the engine cannot be recorded as a CUDA graph ({error}): load it "
                "with cuda_graph=False"
            ) from error

    def _new_context(self, kernels: Path | None) -> tuple[Any, Any]:
        """An execution context, and the store of its compiled kernels if they are to be kept."""
        new = None
        # TensorRT 10 has no such configuration, TensorRT 11 one without just-in-time compiling.
        config: Any = getattr(self._engine, "create_runtime_config", lambda: None)()
        if kernels is not None and hasattr(config, "create_runtime_cache"):
            jit = config.create_runtime_cache()
            # TensorRT-RTX refuses what another GPU, driver or version compiled, and compiles anew.
            known = kernels.is_file() and jit.deserialize(kernels.read_bytes())
            new = None if known else jit
            config.set_runtime_cache(jit)
            context = self._engine.create_execution_context(config)
        else:
            context = self._engine.create_execution_context()
        if context is None:
            raise SpatuneError(
                f"{self.name}: no memory for the engine on {self._cuda.device}: {self._reason()}: "
                "end other programs on the GPU, or use a lower precision"
            )
        return context, new

    def _specs(self, trt: Any) -> tuple[dict[str, TensorSpec], dict[str, TensorSpec]]:
        inputs, outputs = {}, {}
        for index in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(index)
            shape = tuple(self._engine.get_tensor_shape(name))
            try:
                dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name)))
            except TypeError as error:
                raise SpatuneError(
                    f"{self.name}: numpy has no type for {name} ({one_line(error)}): export with "
                    "inputs and outputs in float32"
                ) from error
            if any(size < 0 for size in shape):
                raise SpatuneError(f"{self.name}: {name} has no fixed shape {shape}: export again")
            is_input = self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
            (inputs if is_input else outputs)[name] = TensorSpec(shape, dtype)
        return inputs, outputs

    def _explain_refusal(self, trt: Any, blob: bytes) -> str:
        reason = self._reason()
        # TensorRT-RTX can say more; its diagnostics are bits.
        if hasattr(self._runtime, "get_engine_validity"):
            _, bits = self._runtime.get_engine_validity(blob)
            known = trt.EngineInvalidityDiagnostics.__members__.items()
            words = [word.lower().replace("_", " ") for word, bit in known if int(bits) & int(bit)]
            reason = "; ".join([*words, reason]) if words else reason
            self._log.take()
        return (
            f"{self.name}: {trt.__name__} {trt.__version__} refuses the engine on "
            f"{self._cuda.device} (SM {self._cuda.sm}, driver for CUDA {self._cuda.driver}): "
            f"{reason}: build it on this machine with `spatune export engine`"
        )

    def _reason(self) -> str:
        return "; ".join(self._log.take()) or "it gives no reason"


def load_tensorrt(
    bundle: Bundle, engine: str, precision: str, stage: str = WHOLE, *, cuda_graph: bool = True
) -> TensorRTEngine:
    """Load the engine of a bundle's graph that was built for this machine.

    Args:
        bundle: Where `spatune export engine` put it.
        engine: `tensorrt` or `tensorrt-rtx`.
        precision: Of the graph.
        stage: Name of the graph.
        cuda_graph: Whether to replay a recording; see `TensorRTEngine`.

    Raises:
        SpatuneError: The library or a GPU is missing, or no engine fits this machine.
    """
    trt = find_tensorrt(engine)
    sm = Cuda().sm
    require_precision(precision, sm)
    digest = bundle.sha256(bundle.graph(precision, stage))
    key = EngineKey(digest, engine, trt.__version__, sm, precision, stage)
    path = EngineCache(bundle.folder / ENGINES).find(key)
    kernels = path.with_name(f"{path.name}.kernels")
    name = f"{engine}-{precision}"
    return TensorRTEngine(trt, path.read_bytes(), name, kernels=kernels, cuda_graph=cuda_graph)
