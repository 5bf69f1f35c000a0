"""`VisionTower`: images to vision features and to the image tokens of the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from ...agent.sources import (
    LanguageSource,
    VisionSource,
    capture,
    parse_source,
    vision_features,
    vision_tower,
)
from ...policies.features import FeatureSpec, pool_features
from .pixels import Pixels

if TYPE_CHECKING:
    from ...agent.vlm import SpatialVLM


def vision_sources(
    features: Sequence[FeatureSpec], model: Any
) -> tuple[list[tuple[FeatureSpec, VisionSource]], bool]:
    """Features of vision sources in their order, and whether others read the language model."""
    sources = [(spec, parse_source(spec.source, model)) for spec in features]
    wanted = [(spec, source) for spec, source in sources if isinstance(source, VisionSource)]
    return wanted, len(wanted) < len(sources)


class VisionTower(nn.Module):
    """One pass of the vision tower over all cameras.

    For towers that take pixels (N, 3, H, W) and give one view an image: FastVLM and InternVL.

    Args:
        vlm: The VLM.
        features: What the policy reads; those of vision sources come from here.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Attributes:
        outputs: Names of what `forward` returns: features of vision sources in the policy's order,
            then `image_tokens` where the policy reads the language model.
    """

    def __init__(
        self, vlm: SpatialVLM, features: Sequence[FeatureSpec], height: int, width: int
    ) -> None:
        super().__init__()
        self.model: Any = vlm.model
        self.pixels = Pixels(vlm.processor.image_processor, height, width)
        self._wanted, self.needs_tokens = vision_sources(features, vlm.model)
        names = [spec.name for spec, _ in self._wanted]
        self.outputs = (*names, *(["image_tokens"] if self.needs_tokens else []))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `outputs`.

        Args:
            images: uint8 (B, cameras, H, W, 3).

        Returns:
            float32 (B, cameras, C, H, W) of a vision source that keeps the grid, (B, D) of another;
            image tokens (B, T, D), camera after camera, row by row.
        """
        batch, cameras = images.shape[:2]
        # TensorRT can do nothing with uint8 but cast it.
        pixels = self.pixels(images.float().flatten(0, 1)).to(self.model.dtype)
        sources = [source for _, source in self._wanted]
        # The hooks must not end the pass: the tokens are computed behind the last hooked module.
        with capture(self.model, [*sources, LanguageSource(-1)]) as hooked:
            tokens = self.model.base_model.get_image_features(pixels, return_dict=True)
        tower = vision_tower(self.model)
        inputs = {"pixel_values": pixels}
        outputs = []
        for spec, source in self._wanted:
            seen = vision_features(hooked[source], source, tower, inputs, batch, cameras)
            outputs.append(pool_features(seen, spec.pool).float())
        if self.needs_tokens:
            outputs.append(tokens.pooler_output.unflatten(0, (batch, -1)).flatten(1, 2))
        return tuple(outputs)
