"""`SpatialVLM` on every family of checkpoints, each of its real class."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from spatune.agent import TINY_ARCHITECTURES, AnswerError, SpatialVLM, Text
from spatune.agent.answers import parse_point
from spatune.errors import SpatuneError

VISION = {
    "qwen3_vl": ("vision.blocks.0", (8, 8, 64)),
    "qwen2_5_vl": ("vision.blocks.0", (8, 8, 64)),
    "internvl": ("vision.encoder.layer.0", (8, 8, 64)),
    "smolvlm": ("vision.encoder.layers.0", (8, 8, 64)),
    "llava_onevision": ("vision.encoder.layers.0", (8, 8, 64)),
    "fastvlm": ("vision.timm_model.blocks.2", (8, 8, 40)),
}
"""A vision source of each family and its grid (height, width, D)."""
MERGED = {"fastvlm": 2, "llava_onevision": 8}
"""Side of the grid of image tokens, where it is not 4."""
TEXTS = ("pick up the mug", "stop", "where is the bowl that stands left of the plate?")
Draw = Callable[..., np.ndarray]

every_family = pytest.mark.parametrize("architecture", TINY_ARCHITECTURES)


@pytest.fixture
def batch(picture: Draw) -> list[list[np.ndarray]]:
    """Three samples of two cameras."""
    return [[picture(), picture()] for _ in TEXTS]


@every_family
@pytest.mark.parametrize("cameras", [1, 2])
def test_features_have_the_promised_shapes(vlm_of, batch, architecture: str, cameras: int) -> None:
    vlm = vlm_of(architecture)
    source, (height, width, channels) = VISION[architecture]
    images = [sample[:cameras] for sample in batch]
    features = vlm.encode_sources(images, TEXTS, [source, "language.-1", "language.1"])
    seen = features[source]
    assert seen.tokens.shape == (3, cameras * height * width, channels)
    assert seen.tokens.dtype == torch.float32 and bool(seen.mask.all())
    assert [(g.camera, g.start, g.stop) for g in seen.grids] == [
        (c, c * height * width, (c + 1) * height * width) for c in range(cameras)
    ]
    assert seen.camera_map(cameras - 1).shape == (3, channels, height, width)
    read = features["language.-1"]
    side = MERGED.get(architecture, 4)
    assert read.tokens.shape == (*read.mask.shape, 64)
    assert [(g.camera, g.height, g.width) for g in read.grids] == [
        (c, side, side) for c in range(cameras)
    ]
    assert features["language.1"].grids == read.grids
    with pytest.raises(SpatuneError, match="camera 2 is not among"):
        read.camera_map(2)


@every_family
@pytest.mark.parametrize("cameras", [1, 2])
def test_grids_cover_the_image_tokens(vlm_of, batch, architecture: str, cameras: int) -> None:
    vlm = vlm_of(architecture)
    images = [sample[:cameras] for sample in batch]
    tokens = vlm.inputs(images, TEXTS)["input_ids"]
    placeholder = getattr(vlm.model.config, "image_token_id", None)
    is_image = (tokens == (placeholder or vlm.model.config.image_token_index))[0]
    covered = torch.zeros_like(is_image)
    for grid in vlm.encode(images, TEXTS).grids:
        covered[grid.start : grid.stop] = True
    assert not bool((covered & ~is_image).any())
    if architecture == "llava_onevision":
        # The rest are the ends of lines, and the tiles of a single image.
        assert int(covered.sum()) == 64 * cameras
    else:
        assert torch.equal(covered, is_image)


@every_family
def test_a_batch_equals_its_samples(vlm_of, batch, architecture: str) -> None:
    vlm = vlm_of(architecture)
    sources = [VISION[architecture][0], "language.-1", "language.1"]
    together = vlm.encode_sources(batch, TEXTS, sources)
    for i, (images, text) in enumerate(zip(batch, TEXTS, strict=True)):
        alone = vlm.encode_sources([images], [text], sources)
        for source in sources:
            length = int(together[source].mask[i].sum())
            assert length == alone[source].tokens.shape[1]
            difference = together[source].tokens[i, :length] - alone[source].tokens[0]
            assert difference.abs().max() < 1e-4
            assert not bool(together[source].tokens[i, length:].any())
            assert bool(together[source].mask[i, :length].all())


@every_family
def test_the_same_sample_gives_the_same_bits(vlm_of, batch, architecture: str) -> None:
    vlm = vlm_of(architecture)
    sources = [VISION[architecture][0], "language.-1"]
    first, again = (vlm.encode_sources(batch[:1], TEXTS[:1], sources) for _ in range(2))
    for source in sources:
        assert torch.equal(first[source].tokens, again[source].tokens)
        one = vlm.encode(batch[:1], TEXTS[:1], source)
        assert torch.equal(first[source].tokens, one.tokens)


@every_family
def test_a_changed_patch_moves_its_own_cell_most(vlm_of, picture, architecture: str) -> None:
    """Tokens are in row order, whatever order the tower works in."""
    vlm = vlm_of(architecture)
    side = 128 if architecture in ("qwen3_vl", "smolvlm") else 112
    sources = [VISION[architecture][0], "language.0"]
    reach = 0
    if architecture == "fastvlm":
        # Random convolutions see a cell's neighbours, and at stride 32 the whole image.
        side, sources, reach = 64, sources[:1], 1
    before = picture(side, side)
    for source in sources:
        grid = vlm.encode([[before, before]], ["look"], source).grids[1]
        cell = side // grid.height
        for row, column in ((0, grid.width - 1), (grid.height - 2, 1)):
            after = before.copy()
            patch = (slice(row * cell, (row + 1) * cell), slice(column * cell, (column + 1) * cell))
            after[patch] = 255 - after[patch]
            old, new = (
                vlm.encode([[before, image]], ["look"], source).camera_map(1)
                for image in (before, after)
            )
            moved = (new - old)[0].norm(dim=0)
            found = divmod(int(moved.argmax()), grid.width)
            assert max(abs(found[0] - row), abs(found[1] - column)) <= reach


@every_family
def test_cached_prompts_equal_the_processor(vlm_of, checkpoint, batch, architecture: str) -> None:
    vlm = vlm_of(architecture)
    vlm.inputs(batch[1:2], TEXTS[:1])
    cached = vlm.inputs(batch[:1], TEXTS[:1])
    options = {
        name: False
        for name in ("do_image_splitting", "crop_to_patches")
        if hasattr(vlm.processor.image_processor, name)
    }
    full = vlm.processor(
        text=[vlm.prompt(TEXTS[0], 2)],
        images=[batch[0]],
        return_tensors="pt",
        images_kwargs=options,
    )
    assert cached.keys() == full.keys()
    for key in full:
        assert torch.equal(cached[key], full[key]), key


@every_family
def test_images_of_any_shape_are_seen(vlm_of, picture, architecture: str) -> None:
    vlm = vlm_of(architecture)
    images = [[picture(90, 120)], [picture(90, 120)]]
    source = VISION[architecture][0]
    features = vlm.encode_sources(images, TEXTS[:2], [source, "language.-1"])
    for found in features.values():
        assert bool(torch.isfinite(found.tokens).all())
        assert found.grids[0].height >= 2 and found.grids[0].width >= 2


@every_family
def test_saved_and_loaded_again_it_answers_the_same(
    vlm_of, batch, architecture: str, tmp_path: Path
) -> None:
    vlm = vlm_of(architecture)
    vlm.save_pretrained(tmp_path)
    again = SpatialVLM.from_pretrained(tmp_path)
    assert type(again.model) is type(vlm.model)
    assert torch.equal(
        vlm.encode(batch[:1], TEXTS[:1]).tokens, again.encode(batch[:1], TEXTS[:1]).tokens
    )
    answer = again.answer(batch[0], "where is the mug?", max_new_tokens=3)
    assert answer == vlm.answer(batch[0], "where is the mug?", max_new_tokens=3)
    assert again.revision is None


@every_family
def test_padding_on_the_left_does_not_move_an_answer(vlm_of, batch, architecture: str) -> None:
    vlm = vlm_of(architecture)

    def first_logits(images, texts) -> torch.Tensor:
        inputs = vlm.inputs(images, texts, padding_side="left")
        options = {"max_new_tokens": 1, "output_logits": True, "return_dict_in_generate": True}
        return vlm.model.generate(**inputs, **options).logits[0]

    together = first_logits(batch, TEXTS)
    for i, text in enumerate(TEXTS):
        assert (together[i] - first_logits(batch[i : i + 1], [text])[0]).abs().max() < 1e-4


def test_a_trained_answer_comes_back_typed(pointing) -> None:
    assert pointing.vlm.location_bins == 16
    for image, question, raw in zip(pointing.images, pointing.questions, pointing.raw, strict=True):
        point = pointing.vlm.answer([image], question, "point")
        assert point == parse_point(raw, bins=16)
        assert pointing.vlm.answer([image], question) == point
        with pytest.raises(AnswerError, match="is not a position") as error:
            pointing.vlm.answer([image], question, "position")
        assert error.value.raw == raw


def test_a_batch_generates_what_its_samples_do(pointing) -> None:
    images = [[image] for image in pointing.images]
    assert pointing.vlm.generate(images, pointing.questions) == list(pointing.raw)


def test_an_untyped_answer_keeps_its_text(vlm: SpatialVLM, picture) -> None:
    raw = vlm.generate([[picture()]], ["where?"], max_new_tokens=2)[0]
    assert isinstance(raw, str)
    assert isinstance(vlm.answer([picture()], "where?", "text", max_new_tokens=2), Text)


def test_vision_sources_leave_the_language_model_alone(vlm: SpatialVLM, picture) -> None:
    calls = []
    handle = vlm.model.get_decoder().register_forward_hook(lambda *_: calls.append(1))
    vlm.encode([[picture()]], ["look"], "vision.timm_model.blocks.1")
    assert not calls
    vlm.encode_sources([[picture()]], ["look"], ["vision.timm_model.blocks.1", "language.0"])
    handle.remove()
    assert len(calls) == 1


def test_the_last_layer_has_two_names(vlm: SpatialVLM, picture) -> None:
    features = vlm.encode_sources([[picture()]], ["look"], ["language.-1", "language.2"])
    assert torch.equal(features["language.-1"].tokens, features["language.2"].tokens)


def test_image_size_is_the_checkpoint_s(vlm_of) -> None:
    sizes = [vlm_of(a).image_size for a in ("fastvlm", "internvl", "qwen3_vl")]
    assert sizes == [(64, 64), (112, 112), None]


def test_copying_a_holder_shares_the_weights(vlm: SpatialVLM) -> None:
    assert copy.deepcopy({"vlm": vlm})["vlm"] is vlm


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("language.9", "hidden states 0..2"),
        ("language.x", "not a layer number"),
        ("vision.blocks.77", "no module 'blocks.77'; try one of"),
        ("vision", "no module ''"),
        ("pixels", "use 'language.<layer>'"),
    ],
)
def test_an_unknown_source_is_named(vlm: SpatialVLM, picture, source: str, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        vlm.encode([[picture()]], ["look"], source)


def test_a_module_without_a_grid_is_refused(vlm: SpatialVLM, picture) -> None:
    with pytest.raises(SpatuneError, match="does not run this module"):
        vlm.encode([[picture()]], ["look"], "vision.timm_model.global_pool.flatten")


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        ([], [], "0 samples"),
        ([[np.zeros((8, 8, 3), np.uint8)]], ["a", "b"], "1 samples of images for 2 texts"),
        ([[]], ["a"], "at least one"),
        (
            [[np.zeros((8, 8, 3), np.uint8)], [np.zeros((8, 8, 3), np.uint8)] * 2],
            ["a", "b"],
            "sample 1 has 2 images and sample 0 has 1",
        ),
        ([[np.zeros((8, 8, 3), np.float32)]], ["a"], "image of float32"),
        ([[np.zeros((3, 8, 8), np.uint8)]], ["a"], r"image of shape \(3, 8, 8\)"),
    ],
)
def test_wrong_images_are_named(vlm: SpatialVLM, images, texts, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        vlm.encode(images, texts)


def test_no_source_is_refused(vlm: SpatialVLM, picture) -> None:
    with pytest.raises(SpatuneError, match="no source"):
        vlm.encode_sources([[picture()]], ["look"], [])


def test_sizes_that_differ_between_samples_are_refused(vlm_of, picture) -> None:
    images = [[picture(64, 128)], [picture(128, 64)]]
    for source in ("language.-1", "vision.blocks.0"):
        with pytest.raises(SpatuneError, match="together"):
            vlm_of("qwen3_vl").encode(images, TEXTS[:2], source)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/nowhere/at/all", "no such checkpoint"),
        ("nowhere", "no such checkpoint"),
        ("spatune-nobody/nothing", "cannot be loaded"),
    ],
)
def test_a_missing_checkpoint_is_one_clear_line(name: str, message: str) -> None:
    with pytest.raises(SpatuneError, match=message) as error:
        SpatialVLM.from_pretrained(name)
    assert "\n" not in str(error.value)


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="no config.json"):
        SpatialVLM.from_pretrained(tmp_path)


def test_missing_and_left_over_weights_are_refused(checkpoint, tmp_path: Path) -> None:
    for change, message in (("drop", "missing keys"), ("add", "unexpected keys")):
        folder = tmp_path / change
        shutil.copytree(checkpoint("internvl"), folder)
        weights = load_file(folder / "model.safetensors")
        if change == "drop":
            weights.pop(next(key for key in weights if "mlp" in key))
        else:
            weights["model.extra.weight"] = torch.zeros(2)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(SpatuneError, match=message):
            SpatialVLM.from_pretrained(folder)


def test_broken_weights_are_refused(checkpoint, tmp_path: Path) -> None:
    for change in ("cut", "reshape"):
        folder = tmp_path / change
        shutil.copytree(checkpoint("internvl"), folder)
        file = folder / "model.safetensors"
        if change == "cut":
            file.write_bytes(file.read_bytes()[:-100])
        else:
            weights = load_file(file)
            name = next(key for key in weights if "mlp" in key)
            save_file(weights | {name: torch.zeros(3)}, file, metadata={"format": "pt"})
        with pytest.raises(SpatuneError, match="cannot be loaded") as error:
            SpatialVLM.from_pretrained(folder)
        assert "\n" not in str(error.value)


def test_pickled_weights_are_refused(checkpoint, tmp_path: Path) -> None:
    shutil.copytree(checkpoint("internvl"), tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(SpatuneError, match="cannot be loaded"):
        SpatialVLM.from_pretrained(tmp_path)


def test_a_language_model_is_refused(checkpoint, tmp_path: Path) -> None:
    shutil.copytree(checkpoint("fastvlm"), tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "config.json").read_text())["text_config"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(SpatuneError, match="'qwen2' model does not take images"):
        SpatialVLM.from_pretrained(tmp_path)
