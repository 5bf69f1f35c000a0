"""What past frames add to the trunk: `PastFrames`."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .features import FeatureSpec

_CELLS = 4
"""Rows and columns that a past frame keeps."""


class PastFrames(nn.Module):
    """Each past frame as a short vector: projection, one convolution, pooling.

    The same weights serve every camera and every offset; a learned map of the offset tells them
    apart. A second camera tower per offset would cost as much as the present does.

    Args:
        feature: Grid that is read of past frames, of shape (cameras, C, rows, columns).
        offsets: How many offsets there are.
        width: Channels of the convolutions.
        size: Length of a past frame's vector.
    """

    def __init__(self, feature: FeatureSpec, offsets: int, width: int, size: int) -> None:
        super().__init__()
        cameras, channels, rows, columns = feature.shape
        self.cameras = cameras
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.project = nn.Conv2d(channels, width, 1)
        self.offset = nn.Parameter(torch.randn(offsets, width, rows, columns) * 0.02)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.conv_norm = nn.GroupNorm(8, width)
        self.vector = nn.Linear(width * _CELLS**2, size)
        self.out_features = offsets * cameras * size

    def forward(self, frames: list[Tensor]) -> Tensor:
        """(B, out_features) of past grids, one (B, cameras, C, rows, columns) per offset."""
        # (B, offsets, cameras, C, rows, columns)
        grids = torch.stack(frames, dim=1)
        x = self.project(self.norm(grids.flatten(0, 2)))
        offset = self.offset.repeat_interleave(self.cameras, dim=0)
        x = x + offset.repeat(len(grids), 1, 1, 1)
        x = x + F.relu(self.conv_norm(self.conv(F.relu(x))))
        cells = F.adaptive_avg_pool2d(x, _CELLS).flatten(1)
        return F.relu(self.vector(cells)).unflatten(0, (len(grids), -1)).flatten(1)
