"""`spatune frames`: decoded once, the same pictures and labels at memory speed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.envs.spec import EnvSpec
from spatune.errors import SpatuneError
from spatune.policies.columns import FrameColumns
from spatune.policies.digests import dataset_sha256
from spatune.policies.frames import EpisodeReader
from spatune.policies.frames_dataset import FramesConfig, build_frames

from ..action_demos import write_demos

KEYS = ("observation.images.image", "observation.images.image2")


@pytest.fixture(scope="module")
def frames(image_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`image_dataset` with its pictures as frame columns."""
    return build_frames(FramesConfig(image_dataset, tmp_path_factory.mktemp("data") / "frames"))


def test_pictures_labels_and_rows_are_those_of_the_source(
    image_dataset: Path, frames: Path, env_spec: EnvSpec
) -> None:
    from lerobot.datasets import LeRobotDataset

    source: Any = LeRobotDataset("local/tiny", root=image_dataset)
    derived: Any = LeRobotDataset("local/tiny", root=frames)
    assert not derived.meta.camera_keys
    columns, labels = FrameColumns.open(frames), FrameColumns.open(image_dataset)
    columns.verify()
    for index in range(12):
        item = source[index]
        for key in KEYS:
            shown = (item[key].permute(1, 2, 0) * 255).round().byte().numpy()
            np.testing.assert_array_equal(columns.array(key)[index], shown)
        assert derived[index]["task"] == item["task"]
    for name in ("privileged.goal_positions", "privileged.goal_pixels", "action"):
        np.testing.assert_array_equal(columns.array(name), labels.array(name))
    assert columns.array("action.chunk").shape == (12, 16, 3)
    assert columns.manifest is not None
    assert columns.manifest.source == dataset_sha256(image_dataset)
    spec = json.loads((frames / "meta" / "env_spec.json").read_text())
    assert EnvSpec.from_json(spec) == env_spec


def test_features_of_frames_are_features_of_the_source(
    frames: Path, features_dataset: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    again = FrameColumns.open(build(frames, tmp_path / "features", batch_size=4))
    first = FrameColumns.open(features_dataset)
    assert again.manifest is not None and first.manifest is not None
    assert again.manifest.columns == first.manifest.columns


def test_arrays_of_demonstrations_are_frames_already(tmp_path: Path) -> None:
    made = []
    for form in ("png", "arrays"):
        source = write_demos(tmp_path / form, pictures=form)
        made.append(build_frames(FramesConfig(source, tmp_path / f"{form}-frames")))
    manifests = [FrameColumns.open(root).manifest for root in made]
    assert manifests[0] is not None and manifests[1] is not None
    assert manifests[0].columns == manifests[1].columns
    arrays = FrameColumns.open(tmp_path / "arrays").manifest
    assert arrays is not None
    for key in KEYS:
        assert arrays.columns[key] == manifests[0].columns[key]
    for root in made:
        assert (root / "meta" / "spatune_episodes.json").is_file()


def test_videos_are_decoded_in_order(make_dataset: Callable[..., Path], tmp_path: Path) -> None:
    made = []
    for images in ("image", "video"):
        source = make_dataset(tmp_path / images, frames=3, images=images)
        made.append(build_frames(FramesConfig(source, tmp_path / f"{images}-frames")))
    still, video = map(FrameColumns.open, made)
    for key in KEYS:
        sharp, coded = still.array(key).astype(float), video.array(key).astype(float)
        errors = np.abs(coded[:, None] - sharp[None]).mean((2, 3, 4))
        assert (errors.argmin(1) == np.arange(6)).all()


def test_a_stopped_run_starts_anew(
    image_dataset: Path, frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, calls = EpisodeReader.images, []

    def stopped(self: EpisodeReader, *arguments: Any) -> np.ndarray:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return images(self, *arguments)

    config = FramesConfig(image_dataset, tmp_path / "out")
    monkeypatch.setattr(EpisodeReader, "images", stopped)
    with pytest.raises(KeyboardInterrupt):
        build_frames(config)
    monkeypatch.undo()
    assert not config.out.exists()
    again, whole = FrameColumns.open(build_frames(config)), FrameColumns.open(frames)
    assert again.manifest == whole.manifest
    assert not (tmp_path / "out.partial").exists()


def test_bad_input_is_one_clear_error(
    image_dataset: Path, features_dataset: Path, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(SpatuneError, match="exists already"):
        build_frames(FramesConfig(image_dataset, tmp_path))
    with pytest.raises(SpatuneError, match="has no images or videos"):
        build_frames(FramesConfig(features_dataset, tmp_path / "a"))
    with pytest.raises(SpatuneError, match="not a LeRobotDataset"):
        build_frames(FramesConfig(tmp_path, tmp_path / "b"))
    root = make_dataset(tmp_path / "data", frames=2)
    file = root / "meta" / "env_spec.json"
    spec = json.loads(file.read_text())
    spec["cameras"][0]["height"] = 32
    file.write_text(json.dumps(spec))
    with pytest.raises(SpatuneError, match="has 64 x 64 pixels, .* say 32 x 64") as error:
        build_frames(FramesConfig(root, tmp_path / "c"))
    assert "\n" not in str(error.value)
