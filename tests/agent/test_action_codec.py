"""Actions as tokens: the rule of OpenVLA and VST, and vocabularies that grow once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatune.agent import SpatialVLM
from spatune.agent.action_codec import (
    ACTION_TOKENS,
    BIN_WIDTH,
    ActionTokenCodec,
    action_token,
    add_action_tokens,
)
from spatune.errors import SpatuneError

CODEC = ActionTokenCodec(1000)
NUMBERS = st.floats(-1.0, 1.0)
ACTIONS = arrays.arrays(
    np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-3, 3)
)


@given(ACTIONS)
def test_ids_follow_the_formula(actions: np.ndarray) -> None:
    edges = np.linspace(-1, 1, 256)
    expected = 1000 - np.digitize(np.clip(actions, -1, 1), edges)
    np.testing.assert_array_equal(CODEC.encode(actions), expected)
    assert CODEC.first <= expected.min() and expected.max() <= 999


@given(ACTIONS)
def test_decoding_is_within_half_a_bin_of_the_clipped_number(actions: np.ndarray) -> None:
    decoded = CODEC.decode(CODEC.encode(actions))
    assert decoded.shape == actions.shape
    assert np.abs(decoded - np.clip(actions, -1, 1)).max() <= BIN_WIDTH / 2 + 1e-12


@given(NUMBERS, NUMBERS)
def test_the_order_of_numbers_is_kept(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert CODEC.encode(low) >= CODEC.encode(high)
    assert CODEC.decode(CODEC.encode(low)) <= CODEC.decode(CODEC.encode(high))


def test_bin_centres_are_unchanged_and_the_ends_are_as_upstream() -> None:
    ids = np.arange(CODEC.first, 1000)
    centres = CODEC.decode(ids)
    # The lowest id is that of exactly 1 and shares the centre of the bin below it.
    np.testing.assert_array_equal(CODEC.encode(centres[1:]), ids[1:])
    assert centres[0] == centres[1] == pytest.approx(1 - BIN_WIDTH / 2)
    assert centres[-1] == pytest.approx(-1 + BIN_WIDTH / 2)
    assert CODEC.encode([1.0, 7.0, -1.0, -7.0]).tolist() == [744, 744, 999, 999]


@pytest.mark.parametrize("ids", [[743], [1000], [999, -1]])
def test_other_tokens_are_no_action(ids: list[int]) -> None:
    with pytest.raises(SpatuneError, match="are not all action tokens 744..999"):
        CODEC.decode(ids)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_has_no_token(value: float) -> None:
    with pytest.raises(SpatuneError, match="not finite"):
        CODEC.encode([[0.0, value]])


def matrices(vlm: SpatialVLM) -> tuple[torch.Tensor, torch.Tensor]:
    """What reads tokens, and what writes them."""
    model: Any = vlm.model
    return model.get_input_embeddings().weight, model.get_output_embeddings().weight


@pytest.mark.parametrize("architecture", ["fastvlm", "qwen2_5_vl", "internvl"])
def test_tokens_end_the_vocabulary_of_a_saved_model(
    architecture: str, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    vlm = SpatialVLM.from_pretrained(checkpoint(architecture))
    before = len(vlm.processor.tokenizer)
    old, writing = matrices(vlm)
    tied, old = old is writing, old[:before].detach().clone()
    codec = add_action_tokens(vlm)
    assert codec.vocabulary == before + ACTION_TOKENS
    assert add_action_tokens(vlm) == codec
    vlm.save_pretrained(tmp_path)
    again = SpatialVLM.from_pretrained(tmp_path)
    assert ActionTokenCodec.of(again.processor.tokenizer) == codec
    actions = np.random.default_rng(0).uniform(-1, 1, (2, 7))
    ids = again.processor.tokenizer(codec.text(actions), add_special_tokens=False)["input_ids"]
    assert ids == codec.encode(actions).ravel().tolist()
    reading, writing = matrices(again)
    torch.testing.assert_close(reading[:before].detach(), old)
    assert len(reading) == len(writing) == codec.vocabulary
    assert (reading is writing) == tied


def test_spare_rows_are_used_and_not_cut(checkpoint: Callable[[str], Path]) -> None:
    vlm = SpatialVLM.from_pretrained(checkpoint("qwen2_5_vl"))
    padded = len(vlm.processor.tokenizer) + 300
    vlm.model.resize_token_embeddings(padded)
    add_action_tokens(vlm)
    assert len(matrices(vlm)[0]) == padded


def test_new_rows_come_from_the_seed(checkpoint: Callable[[str], Path]) -> None:
    def rows(seed: int) -> torch.Tensor:
        vlm = SpatialVLM.from_pretrained(checkpoint("fastvlm"))
        add_action_tokens(vlm, seed=seed)
        return matrices(vlm)[0].detach()

    assert torch.equal(rows(0), rows(0))
    assert not torch.equal(rows(0), rows(1))


def test_tokens_in_another_place_are_refused(checkpoint: Callable[[str], Path]) -> None:
    vlm = SpatialVLM.from_pretrained(checkpoint("fastvlm"))
    with pytest.raises(SpatuneError, match="has no <|action_0|>".replace("|", r"\|")):
        ActionTokenCodec.of(vlm.processor.tokenizer)
    add_action_tokens(vlm)
    vlm.processor.tokenizer.add_tokens([action_token(ACTION_TOKENS)])
    with pytest.raises(SpatuneError, match="does not end with"):
        add_action_tokens(vlm)
