"""`ActionTokenCodec`: numbers in [-1, 1] as tokens at the end of a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SpatuneError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .vlm import SpatialVLM

ACTION_TOKENS = 256
"""Tokens, one for each edge of the bins between -1 and 1; there is one bin less."""

_EDGES = np.linspace(-1.0, 1.0, ACTION_TOKENS)
_CENTRES = (_EDGES[:-1] + _EDGES[1:]) / 2
BIN_WIDTH = float(_EDGES[1] - _EDGES[0])


def action_token(index: int) -> str:
    """Text of one token; 0 has the lowest id and stands for the largest number."""
    return f"<|action_{index}|>"


@dataclass(frozen=True)
class ActionTokenCodec:
    """Numbers as tokens and back, by the rule of OpenVLA and VST.

    A number is clipped to [-1, 1]; its id is `vocabulary - digitize(number, linspace(-1, 1, 256))`,
    from `vocabulary - 1` for -1 down to `vocabulary - 256` for exactly 1. Ids stand for the centres
    of 255 bins: 1 has an id of its own, which shares the centre of the last bin.

    Methods:
        of: Codec of a tokenizer that has the tokens.
        encode: Numbers to ids.
        decode: Ids to bin centres.
        text: Numbers as the text that the tokenizer reads as these ids.

    Attributes:
        vocabulary: Length of the tokenizer, the action tokens, which end it, included.

    >>> codec = ActionTokenCodec(1000)
    >>> codec.encode([-1.0, 0.0, 1.0]).tolist()
    [999, 872, 744]
    >>> codec.text([[-1.0, 1.0]])
    '<|action_255|><|action_0|>'
    """

    vocabulary: int

    @classmethod
    def of(cls, tokenizer: Any) -> ActionTokenCodec:
        """The codec of a tokenizer.

        Raises:
            SpatuneError: It has no action tokens, or its vocabulary does not end with them.
        """
        size = len(tokenizer)
        names = [action_token(index) for index in range(ACTION_TOKENS)]
        known = tokenizer.get_vocab()
        if names[0] not in known:
            raise SpatuneError(
                f"the tokenizer has no {names[0]}; make the VLM with `spatune data actions`"
            )
        if [known.get(name) for name in names] != list(range(size - ACTION_TOKENS, size)):
            raise SpatuneError(
                f"the vocabulary of {size} tokens does not end with {names[0]} to {names[-1]} in "
                "this order; add no token after them, or make the VLM with `spatune data actions`"
            )
        return cls(size)

    @property
    def first(self) -> int:
        """Lowest of the 256 ids."""
        return self.vocabulary - ACTION_TOKENS

    def encode(self, values: ArrayLike) -> NDArray[np.int64]:
        """Numbers of any shape, usually (H, A) -> ids of the same shape.

        Raises:
            SpatuneError: A number is not finite.
        """
        return self.vocabulary - _digits(values)

    def decode(self, ids: ArrayLike) -> NDArray[np.float64]:
        """Ids of any shape -> bin centres, at most half a bin from what was encoded.

        Raises:
            SpatuneError: An id is none of the 256.
        """
        digits = self.vocabulary - np.asarray(ids, dtype=np.int64)
        if digits.size and not 1 <= digits.min() <= digits.max() <= ACTION_TOKENS:
            raise SpatuneError(
                f"ids {np.asarray(ids).ravel().tolist()} are not all action tokens "
                f"{self.first}..{self.vocabulary - 1}; decode only what was generated from them"
            )
        return _CENTRES[np.clip(digits - 1, 0, len(_CENTRES) - 1)]

    @staticmethod
    def text(values: ArrayLike) -> str:
        """Numbers (H, A) as one text, step after step.

        Raises:
            SpatuneError: A number is not finite.
        """
        return "".join(action_token(ACTION_TOKENS - int(d)) for d in _digits(values).ravel())


def _digits(values: ArrayLike) -> NDArray[np.int64]:
    """1 for -1 up to 256 for 1."""
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise SpatuneError("an action is not finite and has no token; check the data's actions")
    return np.digitize(np.clip(numbers, -1.0, 1.0), _EDGES).astype(np.int64)


def add_action_tokens(vlm: SpatialVLM, *, seed: int = 0) -> ActionTokenCodec:
    """Puts the 256 tokens at the end of a model's vocabulary, once; a second call changes nothing.

    The embeddings grow (tied ones together) where they have no spare rows, and are never cut: some
    families pad them beyond the tokenizer's length. New rows are drawn around the others' mean.

    Args:
        vlm: Changed in place, model and tokenizer.
        seed: Of the new rows.

    Raises:
        SpatuneError: The tokens are there, but not at the end of the vocabulary.
    """
    import torch

    tokenizer: Any = vlm.processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
    _add_to_tokenizer(tokenizer)
    codec = ActionTokenCodec.of(tokenizer)
    model: Any = vlm.model
    if model.get_input_embeddings().num_embeddings < codec.vocabulary:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model.resize_token_embeddings(codec.vocabulary)
    return codec


def _add_to_tokenizer(tokenizer: Any) -> None:
    from transformers import AddedToken

    # Not special: an answer decoded without special tokens keeps them.
    names = (action_token(index) for index in range(ACTION_TOKENS))
    tokenizer.add_tokens([AddedToken(name, normalized=False, special=False) for name in names])
