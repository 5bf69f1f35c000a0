"""Demonstrations as rows of action tokens."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from spatune.agent import SpatialVLM, build_fastvlm
from spatune.agent.action_codec import BIN_WIDTH, ActionTokenCodec
from spatune.agent.action_tokens import ActionTokens
from spatune.errors import SpatuneError
from spatune.tuning.action_rows import make_action_rows
from spatune.tuning.action_rows_config import ActionRowsConfig
from spatune.tuning.samples.read import read_rows

from ..action_demos import SIZE, TASKS, write_demos

KEYS = ("observation.images.image", "observation.images.image2")


@pytest.fixture(scope="module")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fastvlm(
        tmp_path_factory.mktemp("vlm"), hidden_size=32, layers=1, image_size=SIZE, corpus=TASKS,
        vocab_size=300, location_bins=0, pretrained_backbone=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demos(tmp_path_factory.mktemp("data") / "demos", chunk=4)


def table(dataset: Path) -> dict[str, list]:
    return parquet.read_table(next((dataset / "data").glob("**/*.parquet"))).to_pydict()


def answers(out: Path) -> np.ndarray:
    """Numbers in the answers of all rows, (N, H * 7)."""
    codec = ActionTokenCodec(256)
    texts = [row.answer for row in read_rows([out])]
    ids = [[int(number) for number in re.findall(r"<\|action_(\d+)\|>", text)] for text in texts]
    return codec.decode(ids)


def test_rows_show_the_frames_and_say_their_actions(vlm: Path, demos: Path, tmp_path: Path) -> None:
    out = make_action_rows(ActionRowsConfig(demos, str(vlm), tmp_path / "rows"))
    data, rows = table(demos), read_rows([out])
    assert len(rows) == 8 and len({row.id for row in rows}) == 8
    for index, row in enumerate(rows):
        assert row.parts[0] is None
        task = TASKS[index // 4].lower()
        assert row.prompt == f"What action should the robot take to {task}?"
        (picture,) = row.pictures
        assert isinstance(picture, Path)
        assert picture.read_bytes() == data[KEYS[0]][index]["bytes"]
    tokens = ActionTokens.load(out / "vlm")
    q01, q99 = np.quantile(data["action"], (0.01, 0.99), axis=0)
    np.testing.assert_allclose([tokens.q01, tokens.q99], [q01, q99])
    expected = np.clip(tokens.normalise(data["action"]), -1, 1)
    np.testing.assert_allclose(answers(out), expected, atol=BIN_WIDTH)
    # The gripper passes as it is.
    np.testing.assert_allclose(answers(out)[:, 6], np.array(data["action"])[:, 6], atol=BIN_WIDTH)
    assert ActionTokenCodec.of(SpatialVLM.from_pretrained(out / "vlm").processor.tokenizer)


def test_chunks_of_both_cameras(vlm: Path, demos: Path, tmp_path: Path) -> None:
    config = ActionRowsConfig(
        demos, str(vlm), tmp_path / "rows", cameras=("image", "image2"), chunk_length=3
    )
    out = make_action_rows(config)
    data, tokens = table(demos), ActionTokens.load(out / "vlm")
    assert (tokens.cameras, tokens.chunk_length, tokens.execute_steps) == (KEYS, 3, 3)
    chunks = np.array(data["action.chunk"])[:, :3]
    expected = np.clip(tokens.normalise(chunks), -1, 1).reshape(8, 21)
    np.testing.assert_allclose(answers(out), expected, atol=BIN_WIDTH)
    real = chunks[~np.array(data["action.chunk_is_pad"])[:, :3]]
    np.testing.assert_allclose(tokens.q99, np.quantile(real, 0.99, axis=0))
    assert [len(row.pictures) for row in read_rows([out])] == [2] * 8


def test_without_a_column_of_chunks_the_following_rows_are_one(
    vlm: Path, demos: Path, tmp_path: Path
) -> None:
    plain = write_demos(tmp_path / "plain")
    texts = []
    for dataset in (demos, plain):
        out = tmp_path / f"rows-{dataset.name}"
        make_action_rows(ActionRowsConfig(dataset, str(vlm), out, chunk_length=3))
        tokens = ActionTokens.load(out / "vlm")
        data = table(dataset)
        actions = np.array(data["action"]).reshape(2, 4, 7)
        ahead = np.minimum(np.arange(4)[:, None] + np.arange(3), 3)
        expected = np.clip(tokens.normalise(actions[:, ahead]), -1, 1).reshape(8, 21)
        texts.append(answers(out))
        np.testing.assert_allclose(texts[-1], expected, atol=BIN_WIDTH)
    assert texts[0].shape == texts[1].shape


def test_pictures_as_arrays_give_the_same_rows(vlm: Path, demos: Path, tmp_path: Path) -> None:
    arrays = write_demos(tmp_path / "arrays", chunk=4, pictures="arrays")
    config = ActionRowsConfig(
        demos, str(vlm), tmp_path / "rows", cameras=("image2", "image"), chunk_length=2
    )
    outs = [make_action_rows(config)]
    outs.append(make_action_rows(replace(config, dataset=arrays, out=tmp_path / "again")))
    texts = [(out / "train.jsonl").read_text() for out in outs]
    assert texts[0] == texts[1]
    for name in json.loads(texts[0].splitlines()[-1])["image"]:
        one, two = (np.array(Image.open(out / name)) for out in outs)
        np.testing.assert_array_equal(one, two)


def test_video_is_refused(vlm: Path, demos: Path, tmp_path: Path) -> None:
    video = shutil.copytree(demos, tmp_path / "video")
    for file in (video / "data").glob("**/*.parquet"):
        parquet.write_table(parquet.read_table(file).drop_columns(list(KEYS)), file)
    with pytest.raises(SpatuneError, match="holds video; write it again with --pictures png"):
        make_action_rows(ActionRowsConfig(video, str(vlm), tmp_path / "rows"))


def test_suites_are_chosen(vlm: Path, demos: Path, tmp_path: Path) -> None:
    config = ActionRowsConfig(demos, str(vlm), tmp_path / "rows", suites=("libero_spatial",))
    rows = read_rows([make_action_rows(config)])
    assert len(rows) == 4 and all("push the plate" in row.prompt for row in rows)


def test_the_same_arguments_write_the_same_files(vlm: Path, demos: Path, tmp_path: Path) -> None:
    config = ActionRowsConfig(demos, str(vlm), tmp_path / "one")
    outs = [make_action_rows(config), make_action_rows(replace(config, out=tmp_path / "two"))]
    for name in ("train.jsonl", "vlm/model.safetensors", "vlm/action_tokens.json"):
        one, two = ((out / name).read_bytes() for out in outs)
        assert one == two, name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cameras": ("wrist",)}, "camera 'observation.images.wrist' is unknown"),
        ({"chunk_length": 9}, "holds chunks of 4 actions"),
        ({"chunk_length": 0}, "chunk_length is 0"),
        ({"execute_steps": 2}, "execute_steps 2 is not between 1 and the chunk length 1"),
        ({"suites": ("libero_10",)}, "has no libero_10; it has libero_object, libero_spatial"),
        ({"vlm": "./nowhere"}, "no such checkpoint"),
        ({"dataset": Path("nowhere")}, "is no demonstration dataset"),
    ],
)
def test_bad_arguments_are_one_clear_error(
    vlm: Path, demos: Path, tmp_path: Path, changes: dict, message: str
) -> None:
    config = ActionRowsConfig(demos, str(vlm), tmp_path / "rows")
    with pytest.raises(SpatuneError, match=message) as error:
        make_action_rows(replace(config, **changes))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "rows").exists()


def test_existing_output_is_kept(vlm: Path, demos: Path, tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="exists already"):
        make_action_rows(ActionRowsConfig(demos, str(vlm), tmp_path))


def test_a_file_that_was_changed_is_refused(vlm: Path, demos: Path, tmp_path: Path) -> None:
    out = make_action_rows(ActionRowsConfig(demos, str(vlm), tmp_path / "rows"))
    file = out / "vlm" / "action_tokens.json"
    data = json.loads(file.read_text())
    for change, message in (
        ({"tokens": 128}, "names 128 tokens, not 256"),
        ({"statistics": {}}, "cannot be used"),
        ({"chunk_length": 0}, "execute_steps 1 is not between"),
    ):
        file.write_text(json.dumps({**data, **change}))
        with pytest.raises(SpatuneError, match=message):
            ActionTokens.load(out / "vlm")
