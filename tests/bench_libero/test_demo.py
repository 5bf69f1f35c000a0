"""The demonstration: its pictures, and the whole of it where the embedded policy is there."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from spatune.bench_libero import DemoConfig, run_demo
from spatune.bench_libero.pictures import Film, contact_sheet, tile_films
from spatune.errors import SpatuneError
from spatune.policies.checkpoint import find_checkpoint


def films(count: int) -> list[Film]:
    lengths = [3 + 2 * index for index in range(count)]
    return [
        Film(
            f"task {index}",
            index % 2 == 0,
            np.stack([np.full((64, 128, 3), 10 * frame, np.uint8) for frame in range(length)]),
        )
        for index, length in enumerate(lengths)
    ]


def test_contact_sheet_goes_from_the_first_frame_to_the_last() -> None:
    sheet = contact_sheet(films(2), columns=3, height=64)
    assert sheet.shape == (2 * (26 + 64), 3 * 128, 3)
    row = sheet[26 + 26 + 64 + 10]
    assert [int(row[column * 128 + 5, 0]) for column in range(3)] == [0, 20, 40]
    # A success has a green bar, a failure a red one.
    assert sheet[1, -1].argmax() == 1 and sheet[26 + 64 + 1, -1].argmax() == 0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_tiled_film_lasts_as_long_as_the_longest_episode(count: int) -> None:
    frames = tile_films(films(count), height=64)
    assert len(frames) == 3 + 2 * (count - 1)
    assert len({frame.shape for frame in frames}) == 1
    # The first episode has three frames and then holds the last.
    assert [int(frame[40, 5, 0]) for frame in frames][:5] == [0, 10, 20, 20, 20][: len(frames)]


@pytest.mark.slow
def test_whole_demonstration_and_its_quick_repetition(tmp_path: Path) -> None:
    try:
        find_checkpoint("embedded")
    except SpatuneError as error:
        pytest.skip(f"{error}; train it as recipes/ says")
    first = run_demo(DemoConfig(out=tmp_path / "demo"))
    assert first.played == 30
    assert first.summaries["none"].total.successes > first.summaries["zero"].total.successes
    assert first.video.stat().st_size > 10_000 and first.sheet.stat().st_size > 10_000
    began = time.monotonic()
    second = run_demo(DemoConfig(out=tmp_path / "demo"))
    assert second.played == 0 and second.summaries == first.summaries
    assert time.monotonic() - began < 10
