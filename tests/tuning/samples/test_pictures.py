"""Pictures are decoded once, and damaged ones are one clear line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from spatune.errors import SpatuneError
from spatune.tuning.samples.pictures import ArrayFrame, PictureCache, VideoFrame, decode

from ..llava_files import write_pictures


def encoded(form: str) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


STORED = {form: encoded(form) for form in ("PNG", "JPEG")}


def test_any_mode_becomes_rgb(tmp_path: Path) -> None:
    for mode in ("L", "RGBA", "P", "1"):
        Image.new(mode, (5, 4)).save(tmp_path / "x.png")
        assert decode(tmp_path / "x.png").shape == (4, 5, 3)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    form=st.sampled_from(sorted(STORED)),
    kept=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
)
def test_damage_is_a_picture_or_one_line(
    form: str, kept: float, changes: list[tuple[float, int]], tmp_path: Path
) -> None:
    data = bytearray(STORED[form])
    for place, value in changes:
        data[int(place * len(data))] = value
    file = tmp_path / "damaged.png"
    file.write_bytes(data[: round(kept * len(data))])
    try:
        assert decode(file).shape[2] == 3
    except SpatuneError as error:
        assert "\n" not in str(error) and "damaged.png cannot be read" in str(error)


def test_a_torn_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.jpg").write_bytes(STORED["JPEG"][:-150])
    with pytest.raises(SpatuneError, match=r"torn\.jpg cannot be read"):
        PictureCache()[tmp_path / "torn.jpg"]


def test_arrays_of_something_else_are_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "two.npy", 2)
    with pytest.raises(SpatuneError, match=r"two\.npy has 2 pictures, none at 2"):
        decode(ArrayFrame(tmp_path / "two.npy", 2))
    for name, array in (
        ("floats", np.zeros((2, 4, 4, 3), np.float32)),
        ("grey", np.zeros((2, 4, 4), np.uint8)),
        ("things", np.array([{}], object)),
    ):
        np.save(tmp_path / f"{name}.npy", array)
        with pytest.raises(SpatuneError, match=rf"{name}\.npy is no array of pictures: "):
            decode(ArrayFrame(tmp_path / f"{name}.npy", 0))


def test_a_damaged_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"no video")
    with pytest.raises(SpatuneError, match=r"walk\.mp4 cannot be read"):
        decode(VideoFrame(tmp_path / "walk.mp4", 0, 4))


@given(
    wanted=st.lists(st.integers(0, 5), max_size=30), megabytes=st.sampled_from([0.0, 0.03, 0.05, 1])
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cache_of_any_size_gives_the_same_pictures(
    wanted: list[int], megabytes: float, tmp_path: Path
) -> None:
    file = tmp_path / "seen.npy"
    if not file.exists():
        write_pictures(file, 6)
    pixels, cache = np.load(file), PictureCache(megabytes)  # pyright: ignore[reportArgumentType]
    for place in wanted:
        np.testing.assert_array_equal(cache[ArrayFrame(file, place)], pixels[place])
        assert cache._held <= max(megabytes * 1e6, pixels[0].nbytes)
        assert cache._held == sum(each.nbytes for each in cache._pixels.values())
