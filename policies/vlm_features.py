"""The VLM inside a policy: `VlmFeatures`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..digests import vlm_sha256
from ..errors import SpatuneError
from .checkpoint import find_vlm
from .features import FeatureSpec, extract_features

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ..agent.vlm import SpatialVLM

_PROJECTORS = ("merger", "deepstack_merger_list")


@dataclass(frozen=True)
class VlmSource:
    """Where a policy's VLM comes from.

    Attributes:
        path: Folder or hub id, `embedded` for the VLM that comes with the package; empty where
            none is configured.
        revision: Branch, tag or commit of a hub id.
        trust_remote_code: Run Python code that the checkpoint carries.
    """

    path: str
    revision: str | None = None
    trust_remote_code: bool = False


class VlmFeatures:
    """Loads the VLM when it is first needed and turns images and instructions into features.

    Args:
        source: Where it comes from.
        vlm: The VLM, where it is loaded already.
    """

    def __init__(self, source: VlmSource, vlm: SpatialVLM | None = None) -> None:
        self.source = replace(source, path=find_vlm(source.path))
        if vlm is not None:
            self.vlm = vlm

    @cached_property
    def vlm(self) -> SpatialVLM:
        """The VLM.

        Raises:
            SpatuneError: None is configured, or it cannot be loaded.
        """
        from ..agent.vlm import SpatialVLM

        source = self.source
        if not source.path:
            raise SpatuneError(
                "the policy must encode images but has no VLM: set --policy.vlm to the folder of "
                "the VLM that made its features"
            )
        return SpatialVLM.from_pretrained(source.path, source.revision, source.trust_remote_code)

    @cached_property
    def identity(self) -> str:
        """Identity of the VLM (`digests.vlm_sha256`)."""
        return vlm_sha256(self.source.path, self.vlm.revision)

    def require(self, identity: str) -> None:
        """Checks that the VLM is the one that made a policy's features.

        Args:
            identity: Of that one; empty means any.

        Raises:
            SpatuneError: It is another one.
        """
        if identity and identity != self.identity:
            raise SpatuneError(
                f"VLM {self.source.path} is {self.identity[:12]}, but the policy was trained on "
                f"features of {identity[:12]}: use that VLM, or build the features again"
            )

    def encode(
        self,
        images: Sequence[Sequence[np.ndarray]],
        texts: Sequence[str],
        specs: Iterable[FeatureSpec],
        device: torch.device,
        *,
        gradients: bool = False,
    ) -> dict[str, Tensor]:
        """Features of B samples on a device, which the VLM is moved to; see `extract_features`."""
        return extract_features(self.on(device), images, texts, specs, gradients=gradients)

    def on(self, device: torch.device) -> SpatialVLM:
        """The VLM, moved to a device."""
        if self.vlm.device != device:
            self.vlm.model.to(device=device)  # pyright: ignore[reportCallIssue]
        return self.vlm


def freeze_vision(model: nn.Module) -> None:
    """Takes the gradient from a VLM's vision tower, not from what projects its output.

    The Qwen-VL families keep their projectors (`merger`, `deepstack_merger_list`) inside the tower.
    """
    from ..agent.sources import vision_tower

    tower: Any = vision_tower(cast("PreTrainedModel", model))
    for name, parameter in tower.named_parameters():
        parameter.requires_grad_(name.partition(".")[0] in _PROJECTORS)


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
