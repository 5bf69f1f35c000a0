"""`FusedPolicy`: the whole policy as one graph."""

from __future__ import annotations

from torch import Tensor, nn

from .heads import DenoiseStep, FlowCondition, RegressionHead, step_times
from .prefill import Prefill
from .qwen_vision import QwenVisionTower
from .vision import VisionTower


class FusedPolicy(nn.Module):
    """Images, instruction, state and noise to actions, with all denoising steps unrolled.

    Args:
        vision: First stage.
        prefill: Second stage; None where the policy reads vision sources alone.
        head: Third stage, or the condition of the fourth.
        denoise: Fourth stage of a flow policy.
        names: The policy's features in its order.
    """

    def __init__(
        self,
        vision: VisionTower | QwenVisionTower,
        prefill: Prefill | None,
        head: RegressionHead | FlowCondition,
        denoise: DenoiseStep | None,
        names: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.vision, self.prefill, self.head, self.denoise = vision, prefill, head, denoise
        self.names = names

    def forward(
        self,
        images: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        state: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """(B, H, A) in environment units.

        Args:
            images: uint8 (B, cameras, H, W, 3).
            input_ids: int64 (B, L), a row of `Prompts`.
            attention_mask: int64 (B, L).
            state: float32 (B, S) in environment units.
            noise: float32 (B, H, A); a regression head does not use it.
        """
        features = dict(zip(self.vision.outputs, self.vision(images), strict=True))
        if self.prefill is not None:
            language = self.prefill(
                features["image_tokens"], input_ids, attention_mask, features.get("deepstack")
            )
            features.update(zip(self.prefill.outputs, language, strict=True))
        result = self.head(*(features[name] for name in self.names), state)
        if self.denoise is None:
            return result
        chunk = actions = noise
        for time in step_times(self.denoise.steps, noise.shape[0]):
            chunk, actions = self.denoise(result, chunk, time.to(noise.device))
        return actions
