"""`to_fp8`: E4M3 products, for GPUs since Ada and Hopper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .calibration import all_peaks, peaks
from .graph import FLOAT16, Graph, raise_opset
from .keep import fp32_nodes
from .qdq import FP8, fake_operands, find_sites, insert_qdq
from .sensitivity import tolerable_sites
from .sixteen_bit import beyond, to_sixteen_bit

TOLERANCE = 0.04
"""Error of the outputs over their spread that fp8 may cause; see `relative_error`."""

_OPSET = 19
"""First whose Q/DQ nodes have fp8."""
_CHANNELS, _KERNEL = 16, 32
"""TensorRT has fp8 kernels for so many channels or more, and for convolutions of so many taps or
fewer, as NVIDIA's Model Optimizer has it."""


def to_fp8(model: Any, feeds: Sequence[Mapping[str, np.ndarray]]) -> Any:
    """A model with fp8 Q/DQ on convolutions and matrix products; the rest is fp16.

    One scale for each output channel of a weight and one for an activation, from the largest
    magnitude that was observed. Products that would disturb the outputs too much stay in fp16.

    Args:
        model: In fp32.
        feeds: Calibration inputs.

    Raises:
        SpatuneError: No product can be quantised.
    """
    graph = Graph(raise_opset(model, _OPSET))
    wide = beyond(all_peaks(graph, feeds), "fp16")
    kept = fp32_nodes(graph, FLOAT16, wide)
    sites = [
        site
        for site in find_sites(graph, ("Conv", "Gemm", "MatMul"))
        if min(graph.shapes[site.weight][:2]) >= _CHANNELS
        and np.prod(graph.shapes[site.weight][2:]) <= _KERNEL
        and site.node not in kept
    ]
    observed = peaks(graph, [site.activation for site in sites], feeds)
    fake = fake_operands(FP8, observed)
    insert_qdq(graph, tolerable_sites(graph, sites, fake, feeds, TOLERANCE), FP8, observed)
    return to_sixteen_bit(graph.finish(), "fp16", wide)
