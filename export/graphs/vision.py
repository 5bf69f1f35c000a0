"""`VisionTower`: images to vision features and to the image tokens of the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from ...agent.sources import LanguageSource, VisionSource, capture, parse_source
from ...policies.features import FeatureSpec
from .pixels import Pixels

if TYPE_CHECKING:
    from ...agent.vlm import SpatialVLM


class VisionTower(nn.Module):
    """One pass of the vision tower over all cameras.

    For towers that return maps (N, C, H, W), one view an image: the FastVLM class.

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
        self._sources: list[VisionSource] = []
        self._shapes: list[tuple[int, ...]] = []
        names = []
        self.needs_tokens = False
        for spec in features:
            source = parse_source(spec.source, vlm.model)
            if isinstance(source, LanguageSource):
                self.needs_tokens = True
                continue
            self._sources.append(source)
            self._shapes.append(spec.shape)
            names.append(spec.name)
        self.outputs = (*names, *(["image_tokens"] if self.needs_tokens else []))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `outputs`.

        Args:
            images: uint8 (B, cameras, H, W, 3).

        Returns:
            float32 (B, cameras, C, H, W) a vision source; image tokens (B, T, D), camera after
            camera, row by row.
        """
        batch = images.shape[0]
        pixels = self.pixels(images.flatten(0, 1))
        # The hooks must not end the pass: the tokens are computed behind the last hooked module.
        with capture(self.model, [*self._sources, LanguageSource(-1)]) as hooked:
            tokens = self.model.base_model.get_image_features(pixels, return_dict=True)
        maps = [
            hooked[source].float().unflatten(0, (batch, shape[0]))
            for source, shape in zip(self._sources, self._shapes, strict=True)
        ]
        if not self.needs_tokens:
            return tuple(maps)
        return (*maps, tokens.pooler_output.unflatten(0, (batch, -1)).flatten(1, 2))
