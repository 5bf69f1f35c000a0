"""What the VLM sees, as tensors: `SpatialFeatures` and the `Grid` of each camera in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SpatuneError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Grid:
    """Where one camera's image lies in a token sequence, row by row from the top left.

    Attributes:
        camera: Index of the camera in the sample's list of images.
        start: Position of the top left token.
        height: Rows of tokens.
        width: Columns of tokens.
    """

    camera: int
    start: int
    height: int
    width: int

    @property
    def stop(self) -> int:
        """Position after the bottom right token."""
        return self.start + self.height * self.width


@dataclass(frozen=True)
class SpatialFeatures:
    """Features of a batch of samples from one source of the VLM.

    Attributes:
        tokens: (B, T, D) float features; zero where `mask` is False.
        mask: (B, T) bool, False for padding.
        grids: One grid a camera, the same for every sample.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    grids: tuple[Grid, ...]

    def camera_map(self, camera: int) -> torch.Tensor:
        """Features of one camera as an image, (B, D, height, width).

        Raises:
            SpatuneError: No such camera.
        """
        for grid in self.grids:
            if grid.camera == camera:
                tokens = self.tokens[:, grid.start : grid.stop]
                return tokens.transpose(1, 2).unflatten(2, (grid.height, grid.width))
        raise SpatuneError(f"camera {camera} is not among the {len(self.grids)} encoded cameras")
