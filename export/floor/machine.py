"""`measure_machine`: memory bandwidth and product rates of the machine at hand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ...errors import SpatuneError
from .chips import THIS_MACHINE, Chip

NAME = "this machine (measured)"
_COPIED = 256 << 20  # bytes; more than the caches of a processor hold
_SIZE = 1024  # rows and columns of the products
_SECONDS = 0.3  # for each of the three measurements


def measure_machine(threads: int = 0) -> Chip:
    """This machine's CPU as a chip, in about a second.

    The bandwidth is that of numpy copying large arrays, each byte read and written; the rates are
    those of ONNX Runtime on a square product with constant weights. The best of the repetitions
    counts, so that work of others on the machine lowers the figures as little as possible.

    Args:
        threads: How many compute; 0 takes all cores.

    Raises:
        SpatuneError: `threads` is negative, or onnx or onnxruntime is missing.
    """
    if threads < 0:
        raise SpatuneError(f"threads is {threads}: give a number of threads, or 0 for all cores")
    threads = threads or len(os.sched_getaffinity(0))
    rates = {"fp32": _product_rate(threads, "fp32"), "int8": _product_rate(threads, "int8")}
    note = f"{threads} threads; numpy copy and ONNX Runtime products, on this machine only"
    return Chip(THIS_MACHINE, NAME, _copy_bandwidth(threads), rates, _cache_bytes(), note)


def _best_seconds(run: Callable[[], object]) -> float:
    run()
    best, until = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


def _copy_bandwidth(threads: int) -> float:
    source, target = (np.ones(_COPIED // 8) for _ in range(2))
    parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        # numpy lets go of the interpreter's lock while it copies.
        seconds = _best_seconds(lambda: list(pool.map(lambda p: np.copyto(p[1], p[0]), parts)))
    return 2 * _COPIED / seconds / 1e9


def _product_rate(threads: int, precision: str) -> float:
    try:
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise SpatuneError(f"{error.name} is not installed: pip install 'spatune[onnx]'") from error
    if precision == "fp32":
        op, left, out, dtype = "MatMul", TensorProto.FLOAT, TensorProto.FLOAT, np.float32
        weights = np.ones((_SIZE, _SIZE), np.float32)
    else:
        op, left, out, dtype = "MatMulInteger", TensorProto.UINT8, TensorProto.INT32, np.uint8
        weights = np.ones((_SIZE, _SIZE), np.int8)
    shape = (_SIZE, _SIZE)
    graph = helper.make_graph(
        [helper.make_node(op, ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", left, shape)],
        [helper.make_tensor_value_info("c", out, shape)],
        [numpy_helper.from_array(weights, "b")],
    )
    # The lowest versions that know the operators: every ONNX Runtime of the last years reads them.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = {"a": np.ones(shape, dtype)}
    return 2 * _SIZE**3 / _best_seconds(lambda: session.run(None, values)) / 1e12


def _cache_bytes() -> int:
    sizes = [path.read_text().strip() for path in _CACHES.glob("index*/size")]
    return max((int(size[:-1]) << _UNITS[size[-1]] for size in sizes), default=0)


_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_UNITS = {"K": 10, "M": 20}
