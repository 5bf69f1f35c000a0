"""VLM features of a policy with a history, computed once for each frame: `FrameCache`."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .features import FeatureSpec
from .history import past_feature, past_key
from .vlm_features import VlmFeatures

_MAX_BYTES = 2**28


class FrameCache:
    """Keeps what the VLM saw in the latest frames, because a frame of now is soon one of the past.

    A frame is what all cameras show at one time, with the instruction. Each one is encoded in a
    call of its own, so that the same frame has the same bits whether it was kept or not, and
    whatever else is in the batch.

    Args:
        encoder: The VLM.
        features: Tensors that the policy reads.
        history: Offsets of the past frames, in control steps.
        max_bytes: Features that are kept; the frame that was used longest ago goes first.
    """

    def __init__(
        self,
        encoder: VlmFeatures,
        features: Sequence[FeatureSpec],
        history: Sequence[int],
        *,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        self._encoder = encoder
        self._features = tuple(features)
        self._past = past_feature(features).name
        self._history = tuple(history)
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, dict[str, Tensor]] = OrderedDict()

    def encode(
        self,
        images: Sequence[Sequence[Sequence[np.ndarray]]],
        texts: Sequence[str],
        device: torch.device,
    ) -> dict[str, Tensor]:
        """Features of B samples, those of past frames under `past_key`.

        Args:
            images: B samples of 1 + len(history) frames, the present one first and then in the
                order of the history, each with a uint8 (H, W, 3) image of every camera.
            texts: B instructions.
            device: Where the VLM runs.
        """
        samples = []
        for frames, text in zip(images, texts, strict=True):
            now, *past = (self._frame(frame, text, device) for frame in frames)
            sample = dict(now)
            for steps, frame in zip(self._history, past, strict=True):
                sample[past_key(self._past, steps)] = frame[self._past]
            samples.append(sample)
        return {name: torch.cat([sample[name] for sample in samples]) for name in samples[0]}

    def _frame(
        self, images: Sequence[np.ndarray], text: str, device: torch.device
    ) -> dict[str, Tensor]:
        key = _digest(images, text)
        if key not in self._kept:
            features = self._encoder.encode([images], [text], self._features, device)
            self._kept[key] = features
            limit = max(1, self._max_bytes // sum(t.nbytes for t in features.values()))
            while len(self._kept) > limit:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _digest(images: Sequence[np.ndarray], text: str) -> bytes:
    digest = hashlib.sha256(text.encode())
    for image in images:
        digest.update(repr(image.shape).encode())
        digest.update(np.ascontiguousarray(image).data)
    return digest.digest()
