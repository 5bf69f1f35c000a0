"""`QwenVisionTower`: the vision towers of Qwen2.5-VL and Qwen3-VL for images of one size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...agent.features import SpatialFeatures
from ...agent.sources import LanguageSource, capture, vision_features, vision_tower
from ...policies.features import FeatureSpec, pool_features
from .qwen_pixels import QwenPixels
from .vision import vision_sources

if TYPE_CHECKING:
    from ...agent.vlm import SpatialVLM


class QwenVisionTower(nn.Module):
    """One pass of the tower over all cameras; what it derives from image sizes is computed before.

    Args:
        vlm: The VLM.
        features: What the policy reads; those of vision sources come from here.
        cameras: Images in a sample.
        height: Rows of the cameras' images, pixels.
        width: Columns.

    Attributes:
        outputs: Names of what `forward` returns: features of vision sources in the policy's order,
            then, where the policy reads the language model, `image_tokens`, and `deepstack` where
            the model adds features of inner layers to the prompt's.
        segments: Of each block, lengths of the runs of patches that attend to one another.
    """

    def __init__(
        self,
        vlm: SpatialVLM,
        features: Sequence[FeatureSpec],
        cameras: int,
        height: int,
        width: int,
    ) -> None:
        super().__init__()
        self.model: Any = vlm.model
        self.pixels = QwenPixels(vlm.processor.image_processor, height, width)
        grid = torch.tensor([[1, *self.pixels.grid]] * cameras)
        self.register_buffer("grid", grid, persistent=False)
        tower: Any = vision_tower(vlm.model)
        constants = _constants(tower, grid)
        self._constants = tuple(constants)
        for name, value in constants.items():
            self.register_buffer(f"constant_{name}", value, persistent=False)
        self.segments = _segments(tower, constants)
        self._wanted, self.needs_tokens = vision_sources(features, vlm.model)
        self._orders(vlm, cameras, height, width)
        names = [spec.name for spec, _ in self._wanted]
        if self.needs_tokens:
            deep = len(getattr(tower, "deepstack_visual_indexes", ()))
            names += ["image_tokens", "deepstack"] if deep else ["image_tokens"]
        self.outputs = tuple(names)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `outputs`.

        Args:
            images: uint8 (1, cameras, H, W, 3).

        Returns:
            float32 (1, cameras, C, H, W) of a vision source that keeps the grid, (1, D) of another;
            image tokens (1, T, D); deepstack (layers, T, D).
        """
        tower: Any = vision_tower(self.model)
        constants = {name: getattr(self, f"constant_{name}") for name in self._constants}
        # TensorRT can do nothing with uint8 but cast it.
        pixels = self.pixels(images.float().flatten(0, 1)).to(tower.dtype)
        sources = [source for _, source in self._wanted]
        with (
            _equal_segments(tower, self.segments),
            capture(self.model, [*sources, LanguageSource(-1)]) as hooked,
        ):
            seen = tower(pixels, grid_thw=self.grid, return_dict=True, **constants)
        outputs = []
        for index, (spec, source) in enumerate(self._wanted):
            tokens = hooked[source].flatten(0, -2).index_select(0, getattr(self, f"order_{index}"))
            mask = torch.ones((1, len(tokens)), dtype=torch.bool, device=tokens.device)
            features = SpatialFeatures(tokens[None], mask, self._grids[index])
            outputs.append(pool_features(features, spec.pool).float())
        if self.needs_tokens:
            outputs.append(seen.pooler_output[None])
        if "deepstack" in self.outputs:
            outputs.append(torch.stack(list(seen.deepstack_features)))
        return tuple(outputs)

    @torch.no_grad()
    def _orders(self, vlm: SpatialVLM, cameras: int, height: int, width: int) -> None:
        """Where each point of a feature's grid lies in the tower's own order."""
        images = [[np.zeros((height, width, 3), np.uint8)] * cameras]
        inputs = vlm.inputs(images, [""])
        with capture(vlm.model, [source for _, source in self._wanted]) as hooked:
            self.model.base_model(**inputs, use_cache=False)
        tower = vision_tower(vlm.model)
        self._grids = []
        for index, (_, source) in enumerate(self._wanted):
            count = hooked[source].flatten(0, -2).shape[0]
            places = torch.arange(count, dtype=torch.float64)[:, None]
            found = vision_features(places, source, tower, inputs, 1, cameras)
            self.register_buffer(f"order_{index}", found.tokens[0, :, 0].long(), persistent=False)
            self._grids.append(found.grids)


def _constants(tower: Any, grid: Tensor) -> dict[str, Tensor]:
    """What the tower computes from the images' sizes, under the names that it accepts."""
    from transformers import vision_utils

    merge = tower.config.spatial_merge_size
    constants = {
        "position_ids": vision_utils.get_vision_position_ids(grid, merge),
        "cu_seqlens": vision_utils.get_vision_cu_seqlens(grid),
    }
    if hasattr(tower, "fullatt_block_indexes"):
        order, ends = vision_utils.get_vision_window_index(
            grid, merge, tower.config.window_size, tower.config.patch_size
        )
        constants |= {"window_index": order, "cu_window_seqlens": ends}
    if hasattr(tower, "num_grid_per_side"):
        indices, weights = vision_utils.get_vision_interpolation_indices_and_weights(
            grid,
            num_grid_per_side=tower.num_grid_per_side,
            mode=tower.interpolation_mode,
            align_corners=tower.interpolation_align_corners,
            spatial_merge_size=merge,
        )
        constants |= {"interp_indices": indices, "interp_weights": weights}
    return constants


def _segments(tower: Any, constants: dict[str, Tensor]) -> list[tuple[int, ...]]:
    """Lengths of the runs of patches that attend to one another, block by block."""
    whole = tuple(constants["cu_seqlens"].diff().tolist())
    if "cu_window_seqlens" not in constants:
        return [whole] * len(tower.blocks)
    windows = tuple(length for length in constants["cu_window_seqlens"].diff().tolist() if length)
    full = set(tower.fullatt_block_indexes)
    return [whole if index in full else windows for index in range(len(tower.blocks))]


@contextmanager
def _equal_segments(tower: Any, segments: Sequence[tuple[int, ...]]) -> Iterator[None]:
    """Attention in one call a block: the tower's own splits by lengths that it reads from data."""
    rotate = sys.modules[type(tower).__module__].apply_rotary_pos_emb_vision
    attentions = [block.attn for block in tower.blocks]
    for attention, lengths in zip(attentions, segments, strict=True):
        attention.forward = partial(_attend, attention, lengths, rotate)
    try:
        yield
    finally:
        for attention in attentions:
            del attention.forward


def _attend(
    attention: Any,
    lengths: tuple[int, ...],
    rotate: Any,
    hidden_states: Tensor,
    *,
    position_embeddings: tuple[Tensor, Tensor],
    **_: Any,
) -> Tensor:
    count = hidden_states.shape[0]
    qkv = attention.qkv(hidden_states).reshape(count, 3, attention.num_heads, -1)
    query, key, value = qkv.permute(1, 0, 2, 3).unbind(0)
    query, key = rotate(query, key, *position_embeddings)
    if len(set(lengths)) == 1:
        shape = (len(lengths), lengths[0])
        mask = None
    else:
        # Windows at the border are smaller: one sequence, in which only a window's own count.
        shape, owner = (1, count), np.repeat(np.arange(len(lengths)), lengths)
        mask = torch.from_numpy(owner[:, None] == owner[None]).to(query.device)
    parts = [part.unflatten(0, shape).transpose(1, 2) for part in (query, key, value)]
    seen = F.scaled_dot_product_attention(*parts, attn_mask=mask, scale=attention.scaling)
    return attention.proj(seen.transpose(1, 2).reshape(count, -1))
