"""Byte-level BPE tokenizers for the tiny checkpoints, trained on the text they will read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import SpatuneError
from .answers import location_token

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"


def build_tokenizer(
    corpus: Iterable[str],
    *,
    vocab_size: int,
    special_tokens: Sequence[str],
    location_bins: int = 0,
    named_tokens: Mapping[str, str] | None = None,
) -> PreTrainedTokenizerFast:
    """Trains a byte-level BPE tokenizer; no text is unknown to it, whatever the corpus.

    Digits are split one by one, so that numbers of any size share ten tokens.

    Args:
        corpus: Text to learn merges from.
        vocab_size: Upper bound of bytes plus merges (at least 256; special and location tokens
            come on top).
        special_tokens: Added after the padding and turn tokens; left out of decoded answers.
        location_bins: Number of `<locNNN>` tokens, one token each, kept in decoded answers.
        named_tokens: Tokens that a processor looks up by attribute name, for example
            `{"image_token": "<image>"}`.

    Returns:
        A tokenizer that ends a turn with `<|im_end|>` and pads with `<|endoftext|>`.

    Raises:
        SpatuneError: `vocab_size` cannot hold the 256 bytes, or there are over 1000 bins.
    """
    from tokenizers import (
        AddedToken,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    if vocab_size < 256:
        raise SpatuneError(f"vocab_size {vocab_size} cannot hold the 256 bytes; use 256 or more")
    if not 0 <= location_bins <= 1000:
        raise SpatuneError(f"location_bins {location_bins} is outside 0..1000 (three digits)")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    special = dict.fromkeys((END_OF_TEXT, TURN_START, TURN_END, *special_tokens))
    tokenizer.add_special_tokens(list(special))
    tokenizer.add_tokens(
        [AddedToken(location_token(i), normalized=False) for i in range(location_bins)]
    )
    # On the backend, because in transformers 5 `additional_special_tokens` and a dictionary of
    # `extra_special_tokens` overwrite one another.
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        model_max_length=4096,
        extra_special_tokens=dict(named_tokens or {}),
    )
