"""Pictures and videos: which frames are shown, their sizes, unreadable files."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.bench_spatial.media import FrameFolder, ImageFile, VideoFile
from spatune.bench_spatial.pictures import PictureLoader, pictures_sha256, shrink
from spatune.bench_spatial.sample import Sample
from spatune.bench_spatial.video import even_places, read_frames
from spatune.errors import SpatuneError


def video(path: Path, levels: list[int]) -> Path:
    frames = np.stack([np.full((48, 64, 3), level, np.uint8) for level in levels])
    iio.imwrite(path, frames, fps=10)
    return path


def test_frames_of_a_video_are_evenly_spread(tmp_path: Path) -> None:
    path = video(tmp_path / "v.mp4", [10 * step for step in range(20)])
    frames = read_frames(path, 4)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 4
    # Places 0, 6, 12, 19 of 20; H.264 moves a level by a few.
    levels = [float(frame.mean()) for frame in frames]
    assert levels == pytest.approx([0, 60, 120, 190], abs=6)
    assert VideoFile(path).count(4) == len(VideoFile(path).load(4)) == 4


def test_short_video_repeats_frames(tmp_path: Path) -> None:
    frames = read_frames(video(tmp_path / "v.mp4", [0, 200]), 5)
    assert [float(frame.mean()) > 100 for frame in frames] == [False] * 4 + [True]


@given(st.integers(1, 2000), st.integers(1, 64))
def test_places_rise_from_the_first_to_the_last(total: int, count: int) -> None:
    places = even_places(total, count)
    assert len(places) == count and places[0] == 0 and places == sorted(places)
    assert places[-1] == (total - 1 if count > 1 else 0)
    gaps = np.diff(places)
    assert count == 1 or gaps.max() - gaps.min() <= 1


def test_folder_of_pictures_is_sampled_like_a_video(tmp_path: Path) -> None:
    for step in range(10):
        iio.imwrite(tmp_path / f"{step:03d}.png", np.full((4, 4, 3), step, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    pictures = FrameFolder(tmp_path).load(4)
    assert [int(picture[0, 0, 0]) for picture in pictures] == [0, 3, 6, 9]


@pytest.mark.parametrize("content", [b"", b"this is no video", b"\0" * 4096])
def test_unreadable_video_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    with pytest.raises(SpatuneError, match="v.mp4: not a readable video"):
        read_frames(path, 4)


def test_video_cut_in_the_middle_is_not_taken_for_a_short_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "v.mp4"
    frames = rng.integers(0, 255, (30, 64, 64, 3), dtype=np.uint8)
    # The index comes first, so the container still promises all thirty frames.
    iio.imwrite(path, frames, fps=10, ffmpeg_params=["-movflags", "+faststart"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SpatuneError, match="v.mp4: (damaged video: .* of 30|not a readable video)"):
        read_frames(path, 4)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for media in (VideoFile, FrameFolder, ImageFile):
        with pytest.raises(SpatuneError, match="nothing.png"):
            media(tmp_path / "nothing.png").load(2)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(SpatuneError, match="bad.png: not a readable picture"):
        ImageFile(tmp_path / "bad.png").load(1)


def test_pictures_are_shrunk_by_their_longest_side_and_never_enlarged() -> None:
    picture = np.zeros((50, 100, 3), np.uint8)
    assert shrink(picture, 40).shape == (20, 40, 3)
    assert shrink(picture, 200) is picture
    assert shrink(picture, None) is picture


def test_loader_keeps_order_and_digest_tells_pictures_apart(tmp_path: Path) -> None:
    paths = [tmp_path / f"{level}.png" for level in (7, 3)]
    for path in paths:
        iio.imwrite(path, np.full((8, 8, 3), int(path.stem), np.uint8))
    media = tuple(ImageFile(path) for path in paths)
    sample = Sample("1", "b", "c", "", "?", (), "1", "number", media)
    pictures = PictureLoader(2, None).load(sample)
    assert [int(picture[0, 0, 0]) for picture in pictures] == [7, 3]
    assert pictures_sha256(pictures) != pictures_sha256(pictures[::-1])
