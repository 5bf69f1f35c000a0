"""The VLM inside a policy: `VlmFeatures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatuneError
from .digests import vlm_sha256
from .features import extract_features

if TYPE_CHECKING:
    from ..agent.vlm import SpatialVLM
    from .configuration_spatune import SpatuneConfig


class VlmFeatures:
    """Loads the VLM when it is first needed and turns images and instructions into features.

    Args:
        config: Of the policy; names the VLM and the features.
        vlm: A VLM that is loaded already.
    """

    def __init__(self, config: SpatuneConfig, vlm: SpatialVLM | None = None) -> None:
        self._config = config
        self._vlm = vlm

    @property
    def vlm(self) -> SpatialVLM:
        """The VLM.

        Raises:
            SpatuneError: None is configured, or it is not the one that made the policy's features.
        """
        if self._vlm is None:
            from ..agent.vlm import SpatialVLM

            config = self._config
            if not config.vlm:
                raise SpatuneError(
                    "the policy must encode images but has no VLM: set --policy.vlm to the folder "
                    "of the VLM that made its features"
                )
            self._vlm = SpatialVLM.from_pretrained(
                config.vlm, config.vlm_revision, config.trust_remote_code, config.device or "cpu"
            )
            identity = vlm_sha256(config.vlm, self._vlm.revision)
            if config.features_vlm and identity != config.features_vlm:
                raise SpatuneError(
                    f"VLM {config.vlm} is {identity[:12]}, but the policy was trained on features "
                    f"of {config.features_vlm[:12]}: use that VLM, or build the features again"
                )
        return self._vlm

    @property
    def identity(self) -> str:
        """Identity of the VLM (`digests.vlm_sha256`)."""
        return vlm_sha256(self._config.vlm, self.vlm.revision)

    def encode(
        self,
        images: Sequence[Sequence[np.ndarray]],
        texts: Sequence[str],
        device: torch.device,
        *,
        gradients: bool = False,
    ) -> dict[str, Tensor]:
        """Features of B samples, name -> float32 (B, *shape); see `extract_features`."""
        vlm = self.vlm
        if vlm.device != device:
            vlm.model.to(device=device)  # pyright: ignore[reportCallIssue]
        features = extract_features(vlm, images, texts, self._config.features, gradients=gradients)
        return {name: tensor.to(device) for name, tensor in features.items()}


def batch_images(batch: Mapping[str, Any], cameras: Sequence[str]) -> list[list[np.ndarray]]:
    """Images of a LeRobot batch as the VLM takes them.

    Args:
        batch: Holds a tensor (B, 3, H, W) for each camera, float in [0, 1] or uint8.
        cameras: Keys in the policy's order.

    Returns:
        B lists of uint8 (H, W, 3) arrays.

    Raises:
        SpatuneError: A camera is missing.
    """
    views = []
    for key in cameras:
        if key not in batch:
            have = [name for name in batch if name.startswith("observation.")]
            raise SpatuneError(
                f"the batch has no image {key!r}, only {', '.join(have) or 'no observation'}; "
                "the policy reads every camera of its policy_spec.json"
            )
        pixels: Tensor = batch[key]
        if pixels.is_floating_point():
            pixels = (pixels * 255).round().clamp(0, 255).to(torch.uint8)
        views.append(pixels.permute(0, 2, 3, 1).cpu().numpy())
    return [list(sample) for sample in zip(*views, strict=True)]
