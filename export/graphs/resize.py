"""`Resize`: an image processor's resampling, inside the graph and bit by bit the same."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import SpatuneError

_MODES = {2: "bilinear", 3: "bicubic"}
"""PIL's numbers of the resamplings that torch has kernels for."""
_MOST_BITS = 22


class Resize(nn.Module):
    """Antialiased resampling of uint8 values as torch's CPU kernels do it.

    Those work in integers: rows and columns one after the other, with weights rounded to 16 bits
    and results rounded to bytes. All numbers that occur are integers below 2^24, which fp32 holds.

    Args:
        image_processor: Of a Hugging Face processor.
        source: Rows and columns of the images.
        target: Rows and columns that the VLM reads.

    Raises:
        SpatuneError: The processor resamples by another rule.
    """

    rows: Tensor | None
    columns: Tensor | None

    def __init__(
        self, image_processor: Any, source: tuple[int, int], target: tuple[int, int]
    ) -> None:
        super().__init__()
        mode = _MODES.get(int(image_processor.resample or 0))
        if source != target and mode is None:
            raise SpatuneError(
                f"the cameras give {source[0]}x{source[1]} pixels, the VLM reads "
                f"{target[0]}x{target[1]}, and its resampling {image_processor.resample!r} has no "
                "graph: export for cameras of that size"
            )
        rows, columns = zip(source, target, strict=True)
        self._row_bits, self._column_bits = 0, 0
        self.register_buffer("rows", None)
        self.register_buffer("columns", None)
        if rows[0] != rows[1]:
            weights, self._row_bits = _weights(*rows, mode)
            self.register_buffer("rows", weights, persistent=False)
        if columns[0] != columns[1]:
            weights, self._column_bits = _weights(*columns, mode)
            self.register_buffer("columns", weights, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 (N, 3, H, W) of integers 0 to 255 -> (N, 3, H', W') of the same kind."""
        if self.columns is not None:
            images = _round(images @ self.columns.T, self._column_bits)
        if self.rows is not None:
            images = _round(self.rows @ images, self._row_bits)
        return images


def _weights(before: int, after: int, mode: str | None) -> tuple[Tensor, int]:
    assert mode is not None
    # Row i of the identity is an image row with one white pixel: what it becomes is column i.
    eye = torch.eye(before, dtype=torch.float64)[None, None]
    exact = functional.interpolate(eye, size=(before, after), mode=mode, antialias=True)[0, 0].T
    bits, largest = 0, float(exact.max())
    while bits < _MOST_BITS and int(0.5 + largest * 2 ** (bits + 1)) < 2**15:
        bits += 1
    scaled = exact * 2**bits
    return torch.where(scaled < 0, (scaled - 0.5).ceil(), (scaled + 0.5).floor()).float(), bits


def _round(sums: Tensor, bits: int) -> Tensor:
    return ((sums + 2.0 ** (bits - 1)) / 2.0**bits).floor().clamp(0, 255)
