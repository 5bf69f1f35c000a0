"""`Prefill`: image tokens and an instruction to the language features of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ...agent.sources import LanguageSource, parse_source
from ...policies.features import FeatureSpec
from .prompts import Prompts

if TYPE_CHECKING:
    from ...agent.vlm import SpatialVLM

MASKED = -1e4
"""Added to attention scores that do not count: finite, so that half precision stays finite."""


class Prefill(nn.Module):
    """One pass of the language model over a prompt of fixed length, without a cache.

    For decoders with one position a token.

    Args:
        vlm: The VLM.
        features: What the policy reads; those of language sources come from here.
        prompts: Length and places of the image tokens.

    Attributes:
        outputs: Names of what `forward` returns, in the policy's order.
    """

    merge: Tensor
    causal: Tensor
    positions: Tensor

    def __init__(self, vlm: SpatialVLM, features: Sequence[FeatureSpec], prompts: Prompts) -> None:
        super().__init__()
        self.decoder: Any = vlm.model.get_decoder()
        last = self.decoder.config.num_hidden_layers
        parsed = [(spec, parse_source(spec.source, vlm.model)) for spec in features]
        self._wanted = [
            (spec, -1 if source.layer in (-1, last) else source.layer)
            for spec, source in parsed
            if isinstance(source, LanguageSource)
        ]
        self.outputs = tuple(spec.name for spec, _ in self._wanted)
        length = prompts.length
        order = torch.arange(length)
        order[list(prompts.image_places)] = length + torch.arange(len(prompts.image_places))
        self.register_buffer("merge", order, persistent=False)
        self._places = list(prompts.image_places)
        causal = torch.full((1, 1, length, length), MASKED).triu(1)
        self.register_buffer("causal", causal, persistent=False)
        self.register_buffer("positions", torch.arange(length)[None], persistent=False)

    def forward(
        self, image_tokens: Tensor, input_ids: Tensor, attention_mask: Tensor
    ) -> tuple[Tensor, ...]:
        """See `outputs`.

        Args:
            image_tokens: (B, T, D), from `VisionTower`.
            input_ids: int64 (B, L); what stands at the image tokens' places does not count.
            attention_mask: int64 (B, L), 0 for the padding, which is on the right.

        Returns:
            float32 (B, D), or (B, cameras, D, H, W) of a feature that keeps the grid.
        """
        words = self.decoder.get_input_embeddings()(input_ids)
        embedded = torch.cat([words, image_tokens], dim=1).index_select(1, self.merge)
        valid = attention_mask.to(embedded.dtype)
        scores = self.causal + (1.0 - valid)[:, None, None, :] * MASKED
        output = self.decoder(
            inputs_embeds=embedded,
            attention_mask=scores,
            position_ids=self.positions.expand(input_ids.shape[0], -1),
            use_cache=False,
            output_hidden_states=any(layer != -1 for _, layer in self._wanted),
        )
        return tuple(
            self._pool(
                spec,
                output.last_hidden_state if layer == -1 else output.hidden_states[layer],
                attention_mask,
            ).float()
            for spec, layer in self._wanted
        )

    def _pool(self, spec: FeatureSpec, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        if spec.pool == "grid":
            cameras, size, height, width = spec.shape
            images = tokens[:, self._places].transpose(1, 2)
            return images.unflatten(2, (cameras, height, width)).transpose(1, 2)
        valid = attention_mask.to(tokens.dtype)
        if spec.pool == "mean":
            weights = valid
        else:
            weights = (self.positions == attention_mask.sum(1, keepdim=True) - 1).to(tokens.dtype)
        return (weights[:, None] @ tokens)[:, 0] / weights.sum(1, keepdim=True)
