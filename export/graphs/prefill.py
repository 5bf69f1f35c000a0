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

    Runs the decoder layer by layer, so that what inner vision layers add to the prompt (DeepStack)
    is a gather and a sum instead of a boolean assignment.

    Args:
        vlm: The VLM.
        features: What the policy reads; those of language sources come from here.
        prompts: Length and places of the image tokens.

    Attributes:
        outputs: Names of what `forward` returns, in the policy's order.
    """

    merge: Tensor
    causal: Tensor
    places: Tensor
    positions: Tensor
    added: Tensor

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
        self.register_buffer("places", torch.arange(length)[None], persistent=False)
        self.register_buffer("positions", prompts.positions, persistent=False)
        added = torch.full((length,), len(self._places))
        added[self._places] = torch.arange(len(self._places))
        self.register_buffer("added", added, persistent=False)

    def forward(
        self,
        image_tokens: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        deepstack: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """See `outputs`.

        Args:
            image_tokens: (B, T, D), from `VisionTower`.
            input_ids: int64 (B, L); what stands at the image tokens' places does not count.
            attention_mask: int64 (B, L), 0 for the padding, which is on the right.
            deepstack: (layers, T, D), from `QwenVisionTower`.

        Returns:
            float32 (B, D), or (B, cameras, D, H, W) of a feature that keeps the grid.
        """
        words = self.decoder.get_input_embeddings()(input_ids)
        embedded = torch.cat([words, image_tokens], dim=1).index_select(1, self.merge)
        valid = attention_mask.to(embedded.dtype)
        scores = self.causal + (1.0 - valid)[:, None, None, :] * MASKED
        layers = self._layers(embedded, scores.to(embedded.dtype), deepstack)
        return tuple(
            self._pool(spec, layers[layer], attention_mask).float() for spec, layer in self._wanted
        )

    def _layers(self, hidden: Tensor, scores: Tensor, deepstack: Tensor | None) -> list[Tensor]:
        """Hidden states as transformers counts them: the embedded prompt first, normalised last.

        Those of inner layers are taken before DeepStack adds to them.
        """
        decoder = self.decoder
        rotary = decoder.rotary_emb(hidden, self.positions)
        states = [hidden]
        for index, layer in enumerate(decoder.layers):
            hidden = layer(
                hidden, attention_mask=scores, position_embeddings=rotary, use_cache=False
            )
            states.append(hidden)
            if deepstack is not None and index < len(deepstack):
                extra = torch.cat([deepstack[index], deepstack.new_zeros(1, hidden.shape[-1])])
                hidden = hidden + extra.index_select(0, self.added)
        states[-1] = decoder.norm(hidden)
        return states

    def _pool(self, spec: FeatureSpec, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        if spec.pool == "grid":
            cameras, size, height, width = spec.shape
            images = tokens[:, self._places].transpose(1, 2)
            return images.unflatten(2, (cameras, height, width)).transpose(1, 2)
        valid = attention_mask.to(tokens.dtype)
        if spec.pool == "mean":
            weights = valid
        else:
            weights = (self.places == attention_mask.sum(1, keepdim=True) - 1).to(tokens.dtype)
        return (weights[:, None] @ tokens)[:, 0] / weights.sum(1, keepdim=True)
