"""`absolute_crop`: a call that LeRobot's SmolVLA makes and newer transformers refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def absolute_crop() -> Iterator[None]:
    """Let `crop(n)` of a key-value cache with n > 0 keep the first n tokens, as it used to.

    LeRobot 0.6 restores the prefix of SmolVLA's and EO-1's caches by this call between two denoise
    steps. transformers takes only a negative number since 5.2x, the tokens to remove, and raises.
    What other calls mean does not change.
    """
    from transformers.cache_utils import DynamicLayer

    layer: Any = DynamicLayer
    present = layer.crop

    def crop(self: Any, tokens: int) -> None:
        if tokens <= 0:
            present(self, tokens)
        elif self.is_initialized:
            self.keys, self.values = self.keys[..., :tokens, :], self.values[..., :tokens, :]

    layer.crop = crop
    try:
        yield
    finally:
        layer.crop = present
