"""`spatune features`: what is cached is what the VLM gives, and a stopped run goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lerobot.datasets import LeRobotDataset

from spatune.agent.vlm import SpatialVLM
from spatune.envs.spec import EnvSpec
from spatune.errors import SpatuneError
from spatune.policies import FrameColumns, extract_features
from spatune.policies import features_dataset as building
from spatune.policies.frames import EpisodeReader


def digests(root: Path) -> dict[str, str]:
    """Digests of the frame columns of a data set."""
    return json.loads((root / "columns" / "manifest.json").read_text())["columns"]


def test_cached_features_equal_the_vlm_on_the_same_frames(
    image_dataset: Path, features_dataset: Path, vlm_folder: Path
) -> None:
    columns = FrameColumns.open(features_dataset)
    assert columns.manifest is not None
    dataset: Any = LeRobotDataset("local/tiny", root=image_dataset)
    vlm = SpatialVLM.from_pretrained(vlm_folder)
    for index in (0, 8):
        item = dataset[index]
        keys = ("observation.images.image", "observation.images.image2")
        pixels = [(item[key].permute(1, 2, 0) * 255).round().byte().numpy() for key in keys]
        direct = extract_features(vlm, [pixels], [item["task"]], columns.manifest.features)
        for spec in columns.manifest.features:
            cached = columns.take(spec.key, torch.tensor([index]))
            torch.testing.assert_close(cached, direct[spec.name], rtol=2e-3, atol=2e-3)


def test_result_is_a_lerobot_dataset_without_images(
    image_dataset: Path, features_dataset: Path, env_spec: EnvSpec
) -> None:
    source: Any = LeRobotDataset("local/tiny", root=image_dataset)
    derived: Any = LeRobotDataset("local/tiny", root=features_dataset)
    assert not derived.meta.camera_keys
    assert (len(derived), derived.num_episodes, derived.fps) == (12, 2, 20)
    for index in (0, 11):
        for key in ("observation.state", "action", "episode_index", "task"):
            left, right = source[index][key], derived[index][key]
            assert left == right if isinstance(left, str) else torch.equal(left, right)
    assert source.meta.stats is not None and derived.meta.stats is not None
    np.testing.assert_allclose(
        derived.meta.stats["action"]["q99"], source.meta.stats["action"]["q99"]
    )
    stored = json.loads((features_dataset / "meta" / "env_spec.json").read_text())
    assert EnvSpec.from_json(stored) == env_spec


def test_chunks_and_privileged_targets_come_along(
    image_dataset: Path, features_dataset: Path
) -> None:
    deltas = {"action": [step / 20 for step in range(16)]}
    lerobot: Any = LeRobotDataset("local/tiny", root=image_dataset, delta_timestamps=deltas)
    columns = FrameColumns.open(features_dataset)
    for index in (0, 4, 11):
        row, at = lerobot[index], torch.tensor([index])
        torch.testing.assert_close(columns.take("action.chunk", at)[0], row["action"])
        assert torch.equal(columns.take("action.chunk_is_pad", at)[0], row["action_is_pad"])
        torch.testing.assert_close(
            columns.take("privileged.goal_positions", at)[0], row["privileged.goal_positions"]
        )


def test_own_chunk_column_is_kept(
    chunk_dataset: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    root = build(chunk_dataset, tmp_path / "out", sources=("text=language.-1:mean",))
    index = torch.arange(12)
    for name in ("action.chunk", "action.chunk_is_pad"):
        theirs = FrameColumns.open(chunk_dataset).take(name, index)
        assert torch.equal(FrameColumns.open(root).take(name, index), theirs)


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), horizon=st.integers(1, 12))
def test_chunks_stay_in_their_episode(lengths: list[int], horizon: int) -> None:
    episodes = np.repeat(np.arange(len(lengths)), lengths)
    actions = np.arange(len(episodes), dtype=np.float32)[:, None]
    chunks, padded = building.action_chunks(actions, episodes, horizon)
    ends = np.cumsum(lengths)[episodes]
    for frame in range(len(episodes)):
        wanted = frame + np.arange(horizon)
        np.testing.assert_array_equal(padded[frame], wanted >= ends[frame])
        np.testing.assert_array_equal(chunks[frame, :, 0], np.minimum(wanted, ends[frame] - 1))


def test_stopped_run_goes_on_after_its_last_episode(
    image_dataset: Path,
    build: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {"sources": ("fine=vision.timm_model.blocks.2:grid",), "batch_size": 6}
    whole = build(image_dataset, tmp_path / "whole", **settings)
    calls, encode = [], extract_features

    def stop_in_second_episode(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode(*args, **kwargs)

    monkeypatch.setattr(building, "extract_features", stop_in_second_episode)
    with pytest.raises(KeyboardInterrupt):
        build(image_dataset, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()
    resumed = build(image_dataset, tmp_path / "out", **settings)
    assert len(calls) == 3, "the first episode must not be encoded again"
    assert digests(resumed) == digests(whole)
    assert not (tmp_path / "out.partial").exists()


def test_work_of_other_settings_is_not_mixed_in(
    image_dataset: Path,
    build: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(building, "extract_features", stop)
        with pytest.raises(KeyboardInterrupt):
            build(image_dataset, tmp_path / "out")
    with pytest.raises(SpatuneError, match="started with another data set, VLM or sources"):
        build(image_dataset, tmp_path / "out", sources=("text=language.-1:last",))


def test_video_frames_are_decoded_to_the_right_place(
    make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    still = EpisodeReader(make_dataset(tmp_path / "image", frames=3))
    video = EpisodeReader(make_dataset(tmp_path / "video", frames=3, images="video"))
    key = still.cameras[1]
    for episode in still.episodes:
        sharp = still.images(episode, episode.start, episode.stop, key).astype(float)
        coded = video.images(episode, episode.start, episode.stop, key).astype(float)
        errors = np.abs(coded[:, None] - sharp[None]).mean((2, 3, 4))
        assert (errors.argmin(1) == np.arange(3)).all()
    assert still.tasks(2, 4) == ["pick up the mug", "push the plate to the left"]


def test_bad_input_is_one_clear_error(
    image_dataset: Path, features_dataset: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(SpatuneError, match="exists already"):
        build(image_dataset, features_dataset)
    with pytest.raises(SpatuneError, match="no images or videos"):
        build(features_dataset, tmp_path / "a")
    with pytest.raises(SpatuneError, match="not a LeRobotDataset"):
        build(tmp_path, tmp_path / "b")
    with pytest.raises(SpatuneError, match="write each once as name=source:pool"):
        build(image_dataset, tmp_path / "c", sources=("language.-1:last",))
    with pytest.raises(SpatuneError, match="has no module"):
        build(image_dataset, tmp_path / "d", sources=("x=vision.nowhere:grid",))
    shutil.rmtree(tmp_path / "d.partial", ignore_errors=True)


def test_rows_that_are_no_control_steps_need_the_control_rate(
    make_dataset: Callable[..., Path], build: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_dataset(tmp_path / "data", chunk_column=True, env_spec=None)
    with pytest.raises(SpatuneError, match=r"meta/env_spec\.json that says the control rate"):
        build(root, tmp_path / "out")


def test_value_beyond_float16_is_refused(
    image_dataset: Path,
    build: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_large(*args, **kwargs):
        return {name: t + 1e5 for name, t in extract_features(*args, **kwargs).items()}

    monkeypatch.setattr(building, "extract_features", too_large)
    with pytest.raises(SpatuneError, match="beyond float16"):
        build(image_dataset, tmp_path / "out", sources=("text=language.-1:last",))
