"""`Pixels`: camera bytes to the numbers that a vision tower reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import SpatuneError
from .resize import Resize


class Normalise(nn.Module):
    """An image processor's scale, mean and standard deviation, as far as it applies them.

    Args:
        image_processor: Of a Hugging Face processor.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, image_processor: Any) -> None:
        super().__init__()
        self.factor = image_processor.rescale_factor if image_processor.do_rescale else 1.0
        for name, plain in (("mean", 0.0), ("std", 1.0)):
            normal = image_processor.do_normalize
            values = getattr(image_processor, f"image_{name}") if normal else [plain] * 3
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 0 to 255 (N, 3, H, W) -> float32 of the same shape."""
        return (images * self.factor - self.mean) / self.std


class Pixels(nn.Module):
    """The arithmetic of a checkpoint's image processor, inside the graph: resize, crop, normalise.

    Args:
        image_processor: Of a Hugging Face processor.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Raises:
        SpatuneError: The processor does something else to such images.
    """

    def __init__(self, image_processor: Any, height: int, width: int) -> None:
        super().__init__()
        size = _resized(image_processor, height, width)
        self.resize = Resize(image_processor, (height, width), size)
        crop = image_processor.crop_size if getattr(image_processor, "do_center_crop", 0) else None
        self._crop = (0, 0, *size)
        if crop is not None:
            top, left = (size[0] - crop.height) // 2, (size[1] - crop.width) // 2
            self._crop = (top, left, crop.height, crop.width)
        self.normalise = Normalise(image_processor)
        require_same(self, image_processor, height, width)

    def forward(self, images: Tensor) -> Tensor:
        """float32 0 to 255 (N, H, W, 3) -> float32 (N, 3, H', W')."""
        top, left, height, width = self._crop
        resized = self.resize(images.permute(0, 3, 1, 2))
        pixels = resized[..., top : top + height, left : left + width]
        return self.normalise(pixels)


def require_same(pixels: nn.Module, image_processor: Any, height: int, width: int) -> None:
    """Refuse an image processor that does more than the graph.

    Args:
        pixels: The graph.
        image_processor: Of a Hugging Face processor.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Raises:
        SpatuneError: They differ on an image of noise.
    """
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    wanted = image_processor([noise], return_tensors="pt")["pixel_values"]
    found = pixels(torch.from_numpy(noise)[None].float())
    if wanted.shape != found.shape or not torch.allclose(wanted, found, rtol=0, atol=1e-5):
        raise SpatuneError(
            f"what {type(image_processor).__name__} does to images of {height}x{width} pixels has "
            "no graph: export for cameras of the size that the VLM reads"
        )


def _resized(image_processor: Any, height: int, width: int) -> tuple[int, int]:
    size = image_processor.size
    if not getattr(image_processor, "do_resize", False):
        return height, width
    if size.height and size.width:
        return int(size.height), int(size.width)
    if size.shortest_edge:
        short, long = sorted((height, width))
        edge = int(size.shortest_edge)
        other = int(edge * long / short)
        return (edge, other) if height <= width else (other, edge)
    raise SpatuneError(f"image size {size} has no graph: export for cameras of that size")
