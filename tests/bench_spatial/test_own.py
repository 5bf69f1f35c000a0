"""The held-out benchmark of this project: rows whose pictures lie in one parquet file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from spatune.bench_spatial import Scored
from spatune.bench_spatial.benchmarks.own import OwnBenchmark
from spatune.errors import SpatuneError

BENCH = OwnBenchmark()


def png(level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((6, 8, 3), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def row(id: str, **change: Any) -> dict[str, Any]:
    return {
        "id": id,
        "dataset": "houses",
        "scene_name": "test-1",
        "question_type": "object_rel_distance",
        "task": "object_rel_distance",
        "capability": "SR",
        "media": "video",
        "frames": ["test-1/0", "test-1/5"],
        "question": "Which is closer?",
        "options": ["A. sofa", "B. lamp"],
        "ground_truth": "B",
        **change,
    }


def number(id: str, truth: str, **change: Any) -> dict[str, Any]:
    common = {"task": "object_counting", "capability": "MM", "options": None}
    return row(id, **common, ground_truth=truth, question="How many chairs?", **change)


def write(folder: Path, rows: list[dict[str, Any]], ids: list[str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ids = ids or ["test-1/0", "test-1/5"]
    columns = {"id": ids, "bytes": [png(10 * place) for place in range(len(ids))]}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "frames.parquet")
    return folder


def test_pictures_are_those_of_the_row_in_its_order(tmp_path: Path) -> None:
    data = write(tmp_path, [row("a", frames=["test-1/5", "test-1/0"])])
    (sample,) = BENCH.load(data)
    pictures = [media.load(16)[0] for media in sample.media]
    assert [picture.shape for picture in pictures] == [(6, 8, 3)] * 2
    assert [int(picture[0, 0, 0]) for picture in pictures] == [10, 0]
    assert sum(media.count(16) for media in sample.media) == 2


def test_official_wording_announces_videos_alone(tmp_path: Path) -> None:
    data = write(tmp_path, [row("a"), number("b", "3", media="image", frames=["test-1/0"])])
    video, image = BENCH.load(data)
    assert BENCH.prompt(video, BENCH.variant("official")) == (
        "These are frames of a video.\nWhich is closer?\nOptions:\nA. sofa\nB. lamp\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert BENCH.prompt(image, BENCH.variant("official")) == (
        "How many chairs?\nPlease answer the question using a single word or phrase."
    )


def test_totals_weigh_tasks_equally(tmp_path: Path) -> None:
    rows = [row("a"), row("b"), row("c", task="route", capability="SR"), number("d", "4")]
    samples = BENCH.load(write(tmp_path, rows))
    scores = (1.0, 0.0, 1.0, 0.8)
    parts = [Scored(s, "A", score) for s, score in zip(samples, scores, strict=True)]
    totals = BENCH.aggregate(parts, BENCH.variant())
    assert totals["overall"] == pytest.approx((0.5 + 1.0 + 0.8) / 3)
    assert totals["SR"] == pytest.approx(0.75) and totals["MM"] == pytest.approx(0.8)
    assert totals["mean"] == pytest.approx(0.7)


def test_zero_truth_is_kept_with_a_reason(tmp_path: Path) -> None:
    first, second = BENCH.load(write(tmp_path, [number("a", "0"), number("b", "1")]))
    assert first.skip and not second.skip


def test_missing_pictures_and_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="holds no questions.jsonl; give --data"):
        BENCH.load(tmp_path)
    write(tmp_path, [row("a", frames=["test-1/9"])])
    with pytest.raises(SpatuneError, match="row 1: picture 'test-1/9' is not in frames.parquet"):
        BENCH.load(tmp_path)
    write(tmp_path, [row("a")], ["test-1/0", "test-1/0"])
    with pytest.raises(SpatuneError, match="two pictures of the id 'test-1/0'"):
        BENCH.load(tmp_path)
    write(tmp_path, [row("a", media="hologram")])
    with pytest.raises(SpatuneError, match="row 1: media 'hologram' is none of: video, views"):
        BENCH.load(tmp_path)
    write(tmp_path, [row("a", capability=None)])
    with pytest.raises(SpatuneError, match="row 1: field 'capability' is missing"):
        BENCH.load(tmp_path)
    (tmp_path / "frames.parquet").unlink()
    with pytest.raises(SpatuneError, match="frames.parquet: no such file"):
        BENCH.load(tmp_path)
