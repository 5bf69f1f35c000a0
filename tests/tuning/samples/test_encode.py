"""Rows become the tokens that `SpatialVLM` asks with, and the labels are the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatune.agent.tiny import build_fastvlm
from spatune.agent.tiny_families import TINY_ARCHITECTURES
from spatune.agent.vlm import SpatialVLM
from spatune.errors import SpatuneError
from spatune.tuning.samples.encode import IGNORED, RowEncoder
from spatune.tuning.samples.row import TrainingRow

QUESTION = "What is left of the mug?"
SQUARE, WIDE = (64, 64), (48, 80)


def pictures(sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    draw = np.random.default_rng(0)
    return [draw.integers(0, 256, (*size, 3), np.uint8) for size in sizes]


def row(cameras: int, answer: str = "a plate", text: str = QUESTION) -> TrainingRow:
    return TrainingRow("q", (), (*(None,) * cameras, text), answer)


@pytest.mark.parametrize("family", TINY_ARCHITECTURES)
def test_a_prompt_is_what_the_vlm_is_asked_with(
    family: str, tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm(family)
    encoder = RowEncoder(vlm.processor)
    several = [[size] * count for size in (SQUARE, WIDE) for count in (1, 2, 3)]
    for sizes in (*several, [SQUARE, WIDE]):
        asked = vlm.inputs([pictures(sizes)], [QUESTION])["input_ids"][0].tolist()
        assert list(encoder.prompt_ids(row(len(sizes)), sizes)) == asked, sizes


def test_a_picture_of_one_token_is_its_placeholder(tmp_path: Path) -> None:
    folder = build_fastvlm(
        tmp_path / "vlm", hidden_size=32, layers=1, image_size=32, corpus=[QUESTION],
        vocab_size=256, location_bins=0, pretrained_backbone=False,
    )  # fmt: skip
    vlm = SpatialVLM.from_pretrained(folder)
    for count in (1, 2):
        asked = vlm.inputs([pictures([SQUARE] * count)], [QUESTION])["input_ids"][0].tolist()
        ids = RowEncoder(vlm.processor).prompt_ids(row(count), [SQUARE] * count)
        assert list(ids) == asked


@pytest.mark.parametrize("family", TINY_ARCHITECTURES)
def test_labels_are_the_answer_and_its_end(
    family: str, tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    processor = tiny_vlm(family).processor
    encoded = RowEncoder(processor).encode(row(1), [SQUARE])
    learnt = [label for label in encoded.labels if label != IGNORED]
    assert processor.tokenizer.decode(learnt) == "a plate<|im_end|>"
    assert encoded.labels[: encoded.prompt_length] == (IGNORED,) * encoded.prompt_length
    assert encoded.labels[encoded.prompt_length :] == encoded.ids[encoded.prompt_length :]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(answer=st.text(min_size=1, max_size=20), system=st.text(max_size=10))
def test_labels_spell_any_answer(
    answer: str, system: str, tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    processor = tiny_vlm("qwen3_vl").processor
    encoded = RowEncoder(processor, system).encode(row(0, answer), [])
    learnt = processor.tokenizer.decode(encoded.ids[encoded.prompt_length :])
    assert learnt == f"{answer}<|im_end|>"


def test_texts_between_pictures_keep_their_places(tiny_vlm: Callable[[str], SpatialVLM]) -> None:
    processor = tiny_vlm("qwen3_vl").processor
    mixed = TrainingRow("q", (), ("First", None, "then", None, "?"), "yes")
    text = processor.tokenizer.decode(RowEncoder(processor).prompt_ids(mixed, [SQUARE, WIDE]))
    before, first, between, second, after = re.split(r"<\|vision_(?:start|end)\|>", text)
    assert before.endswith("user\nFirst") and between == "then" and after.startswith("?<|im_end|>")
    assert set(first.split("<|image_pad|>")) == set(second.split("<|image_pad|>")) == {""}


def test_a_system_turn_comes_first(tiny_vlm: Callable[[str], SpatialVLM]) -> None:
    encoder = RowEncoder(tiny_vlm("fastvlm").processor, "Be short.")
    assert encoder.prompt(row(1)).startswith("<|im_start|>system\nBe short.<|im_end|>")


def test_a_placeholder_in_a_text_is_refused(tiny_vlm: Callable[[str], SpatialVLM]) -> None:
    encoder = RowEncoder(tiny_vlm("fastvlm").processor)
    with pytest.raises(SpatuneError, match="row q: its text holds a picture's placeholder"):
        encoder.encode(row(1, text="Is this an <image>?"), [SQUARE])


def test_a_template_without_an_end_gets_the_end_token(tmp_path: Path) -> None:
    folder = build_fastvlm(
        tmp_path / "vlm", hidden_size=32, layers=1, image_size=32, corpus=[QUESTION],
        vocab_size=256, location_bins=0, pretrained_backbone=False,
    )  # fmt: skip
    processor = SpatialVLM.from_pretrained(folder).processor
    processor.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {% for p in m['content'] %}"
        "{{ '<image>' if p['type'] == 'image' else p['text'] }}{% endfor %} {% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    encoded = RowEncoder(processor).encode(row(0, "yes"), [])
    assert processor.tokenizer.decode(encoded.ids) == f"user: {QUESTION} assistant: yes<|im_end|>"
