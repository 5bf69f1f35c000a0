"""`require_precision`: which number formats a chip computes in, so that none is emulated unseen."""

from __future__ import annotations

import re

from ...errors import SpatuneError

# Compute capability (SM) from which NVIDIA's chips have the format, for TensorRT 10 and later. The
# Jetsons fall in line: Orin is 8.7 (no fp8), Thor 11.0.
_FIRST = {
    "fp32": (7, 0),
    "fp16": (7, 0),
    "int8": (7, 0),
    "bf16": (8, 0),
    "fp8": (8, 9),
    "nvfp4": (10, 0),
}
_CPU_ONLY = "int8-dynamic"


def parse_sm(sm: str) -> tuple[int, int]:
    """Compute capability as numbers that compare: `12.0` gives (12, 0).

    Raises:
        SpatuneError: It is not of that form.
    """
    match = re.fullmatch(r"(\d+)\.(\d)", sm)
    if match is None:
        raise SpatuneError(
            f"compute capability {sm!r} is not of the form 8.9: look it up for your chip at "
            "https://developer.nvidia.com/cuda-gpus"
        )
    return int(match[1]), int(match[2])


def chip_precisions(sm: str) -> tuple[str, ...]:
    """Precisions that TensorRT has kernels for on a chip.

    Args:
        sm: Compute capability, such as `8.9`.

    Raises:
        SpatuneError: `sm` is not of that form.
    """
    chip = parse_sm(sm)
    return tuple(precision for precision, first in _FIRST.items() if chip >= first)


def require_precision(precision: str, sm: str | None) -> None:
    """Refuse a precision that a chip would emulate or fail to build.

    Follows the tables "Hardware and Precision" of TensorRT 10 and TensorRT-RTX 1.7.

    Args:
        precision: Of the graph.
        sm: Compute capability, such as `8.9`; None asks only whether TensorRT has the precision.

    Raises:
        SpatuneError: TensorRT or the chip lacks it; the message lists what the chip has.
    """
    if precision == _CPU_ONLY:
        raise SpatuneError(
            f"{_CPU_ONLY} runs on ort-cpu only, TensorRT needs fixed scales: use int8"
        )
    if precision not in _FIRST:
        raise SpatuneError(f"precision {precision!r} is unknown; use one of {', '.join(_FIRST)}")
    if sm is None:
        return
    has = chip_precisions(sm)
    if not has:
        raise SpatuneError(f"SM {sm} is too old for TensorRT 10: use --engine ort-cuda or ort-cpu")
    if precision not in has:
        raise SpatuneError(f"a chip of SM {sm} has no {precision}: use one of {', '.join(has)}")
