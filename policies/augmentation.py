"""Random crops and colours of training images, which labels follow: `Augmentation`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

LEAST_AREA = 0.8
COLOUR = 0.2
_GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Augmentation:
    """One draw for each of B samples; all cameras of a sample are changed alike.

    There is no flip: it would make left of right. A crop has the shape of the image, and is brought
    back to its size.

    Methods:
        draw: New ones.
        images: Changed images.
        pixels: Where labels lie in them.

    Attributes:
        side: (B,) side of the crop as a fraction of the image's.
        corner: (B, 2) its left and upper edge, as fractions of the image.
        colour: (B, 3) factors of brightness, contrast and saturation.
    """

    side: Tensor
    corner: Tensor
    colour: Tensor

    @classmethod
    def draw(cls, batch: int) -> Augmentation:
        """Crops of 0.8 to 1 of the area at any place, and factors of 0.8 to 1.2.

        Drawn on the CPU from torch's generator, so that a seed means the same on every device.
        """
        side = (LEAST_AREA + (1 - LEAST_AREA) * torch.rand(batch)).sqrt()
        corner = torch.rand(batch, 2) * (1 - side)[:, None]
        return cls(side, corner, 1 + COLOUR * (2 * torch.rand(batch, 3) - 1))

    def images(self, images: Tensor) -> Tensor:
        """Changed images (B, 3, H, W) of one camera, float in [0, 1], from float or uint8 ones."""
        if not images.is_floating_point():
            images = images.float() / 255
        device = images.device
        side, corner = self.side.to(device), self.corner.to(device)
        # `affine_grid` counts from -1 to 1 over the image's edges.
        theta = torch.zeros(len(side), 2, 3, device=device)
        theta[:, 0, 0] = theta[:, 1, 1] = side
        theta[:, :, 2] = 2 * corner + side[:, None] - 1
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)
        cropped = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
        return self._recoloured(cropped)

    def pixels(self, pixels: Tensor) -> Tensor:
        """Labels after the crop.

        Args:
            pixels: (B, cameras, targets, 3): column and row as fractions of the image, and depth,
                which stays as it is. A point that was cut off lies outside of [0, 1] thereafter.
        """
        device = pixels.device
        place = pixels[..., :2] - self.corner.to(device)[:, None, None]
        place = place / self.side.to(device)[:, None, None, None]
        return torch.cat([place, pixels[..., 2:]], dim=-1)

    def _recoloured(self, images: Tensor) -> Tensor:
        bright, contrast, saturation = self.colour.to(images.device).T[..., None, None, None]
        weights = images.new_tensor(_GREY)[:, None, None]
        images = images * bright
        mean = (images * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
        images = mean + (images - mean) * contrast
        grey = (images * weights).sum(1, keepdim=True)
        return (grey + (images - grey) * saturation).clamp(0, 1)
