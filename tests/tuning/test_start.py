"""`spatune tune start`: an untrained VLM that knows the words of its training data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.agent.vlm import SpatialVLM
from spatune.envs.libero_suites import libero_task
from spatune.errors import SpatuneError
from spatune.tuning.start import StartConfig, write_start

from .llava_files import record, write_colours, write_records


@pytest.fixture
def config(tmp_path: Path) -> StartConfig:
    """Small and without the ImageNet weights."""
    data = write_colours(tmp_path / "colours")
    return StartConfig(
        (data,), tmp_path / "vlm", hidden=32, layers=2, image_size=64, vocabulary=900,
        backbone=False,
    )  # fmt: skip


@pytest.mark.parametrize("architecture", ["fastvlm", "qwen3_vl", "qwen2_5_vl"])
def test_it_answers_with_the_words_of_its_data(architecture: str, config: StartConfig) -> None:
    vlm = SpatialVLM.from_pretrained(write_start(replace(config, architecture=architecture)))
    tokenizer = vlm.processor.tokenizer
    for text in ("red", " colour", "think", "answer", "<loc127>"):
        assert len(tokenizer(text)["input_ids"]) == 1, text
    instruction = libero_task("libero_object", 3).instruction
    assert len(tokenizer(instruction)["input_ids"]) <= len(instruction.split())
    assert vlm.location_bins == 128 and vlm.image_size in ((64, 64), None)
    picture = np.zeros((64, 64, 3), np.uint8)
    tokens = int((vlm.inputs([[picture]], ["?"])["input_ids"] == vlm.image_token).sum())
    # Strides of 32 for the convolutions, and of two patches of 8 for the transformers.
    assert tokens == ((64 // 32) ** 2 if architecture == "fastvlm" else (64 // 16) ** 2)
    assert vlm.model.config.get_text_config().hidden_size == 32


def test_the_seed_decides_the_weights(config: StartConfig) -> None:
    def weights(name: str, **changes: int) -> bytes:
        out = write_start(replace(config, out=config.out.with_name(name), **changes))
        return (out / "model.safetensors").read_bytes()

    assert weights("a") == weights("b") != weights("c", seed=1)


def test_bad_input_is_one_line(config: StartConfig, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="exists already"):
        write_start(replace(config, out=tmp_path))
    with pytest.raises(SpatuneError, match="no training data"):
        write_start(replace(config, data=(tmp_path / "none",)))
    write_records(tmp_path / "bad.jsonl", [record("q", ["none.png"], "?", "a")])
    with pytest.raises(SpatuneError, match="1 without their picture"):
        write_start(replace(config, data=(tmp_path / "bad.jsonl",)))
    for sizes in ({"hidden": 33}, {"image_size": 60}):
        with pytest.raises(SpatuneError, match="multiple of"):
            write_start(replace(config, **sizes))
    assert not config.out.exists()


@pytest.mark.parametrize("sizes", [{"image_size": 60}, {"hidden": 33}])
def test_sizes_that_do_not_fit_a_transformer_are_one_line(
    sizes: dict[str, int], config: StartConfig
) -> None:
    with pytest.raises(SpatuneError) as error:
        write_start(replace(config, architecture="qwen3_vl", **sizes))
    assert "\n" not in str(error.value)
    assert not config.out.exists()
