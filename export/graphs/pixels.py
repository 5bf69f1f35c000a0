"""`Pixels`: camera bytes to the numbers that a vision tower reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import SpatuneError


class Pixels(nn.Module):
    """The arithmetic of a checkpoint's image processor, inside the graph.

    Args:
        image_processor: Of a Hugging Face processor.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Raises:
        SpatuneError: The processor would resize or crop such images.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, image_processor: Any, height: int, width: int) -> None:
        super().__init__()
        for step in ("do_resize", "do_center_crop"):
            wanted = image_processor.size if step == "do_resize" else image_processor.crop_size
            size = (height, width)
            if getattr(image_processor, step, False) and size != (wanted.height, wanted.width):
                raise SpatuneError(
                    f"the cameras give {height}x{width} pixels and the VLM reads "
                    f"{wanted.height}x{wanted.width}: export for cameras of that size"
                )
        self.factor = image_processor.rescale_factor if image_processor.do_rescale else 1.0
        normal = image_processor.do_normalize
        for name in ("mean", "std"):
            plain = 0.0 if name == "mean" else 1.0
            values = getattr(image_processor, f"image_{name}") if normal else [plain] * 3
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 0 to 255 (N, H, W, 3) -> float32 (N, 3, H, W)."""
        return (images.permute(0, 3, 1, 2) * self.factor - self.mean) / self.std
