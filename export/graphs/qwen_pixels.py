"""`QwenPixels`: camera bytes to the packed patches that Qwen's vision towers read."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from .pixels import Normalise, require_same
from .resize import Resize


class QwenPixels(nn.Module):
    """The arithmetic and the packing of a Qwen image processor, inside the graph.

    Patches come merge block by merge block; a still image stands for every frame of a temporal
    patch.

    Args:
        image_processor: Of a Hugging Face processor.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Attributes:
        grid: Patch rows and columns of an image.

    Raises:
        SpatuneError: The processor does something else to such images.
    """

    def __init__(self, image_processor: Any, height: int, width: int) -> None:
        super().__init__()
        self._patch = int(image_processor.patch_size)
        self._merge = int(image_processor.merge_size)
        self._frames = int(image_processor.temporal_patch_size)
        probe = np.zeros((height, width, 3), np.uint8)
        seen = image_processor([probe], return_tensors="pt")["image_grid_thw"][0].tolist()
        self.grid: tuple[int, int] = (seen[1], seen[2])
        target = (seen[1] * self._patch, seen[2] * self._patch)
        self.resize = Resize(image_processor, (height, width), target)
        self.normalise = Normalise(image_processor)
        require_same(self, image_processor, height, width)

    def forward(self, images: Tensor) -> Tensor:
        """float32 0 to 255 (N, H, W, 3) -> float32 (N * patches, 3 * frames * patch * patch)."""
        pixels = self.normalise(self.resize(images.permute(0, 3, 1, 2)))
        rows, columns = (count // self._merge for count in self.grid)
        blocks = pixels.reshape(
            -1, 3, rows, self._merge, self._patch, columns, self._merge, self._patch
        )
        patches = blocks.permute(0, 2, 5, 3, 6, 1, 4, 7).flatten(0, 4)
        return patches[:, :, None].expand(-1, -1, self._frames, -1, -1).flatten(1)
