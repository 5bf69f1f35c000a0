"""A tiny VLM that has learnt to answer a tiny VSI-Bench, and that benchmark's files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

FRAMES, FRAME_SHAPE = 2, (64, 64, 3)
ROOMS = {"dark": 20, "bright": 235}
"""Scene -> grey level of its video. The right answers differ between the two."""

Rows = list[dict[str, Any]]


def vsi_rows() -> Rows:
    """Six questions, the same three on each of two videos; only pictures tell the answers."""
    rows = []
    for place, scene in enumerate(ROOMS):
        common = {"dataset": "scannet", "scene_name": scene}
        first, second = ("A", "B") if scene == "dark" else ("B", "A")
        rows += [
            {
                **common,
                "id": 10 * place + 1,
                "question_type": "object_rel_distance",
                "question": "Which is closer to the door?",
                "options": ["A. sofa", "B. lamp"],
                "ground_truth": first,
            },
            {
                **common,
                "id": 10 * place + 2,
                "question_type": "route_planning",
                "question": "Where do you turn?",
                "options": ["A. left", "B. right"],
                "ground_truth": second,
            },
            {
                **common,
                "id": 10 * place + 3,
                "question_type": "object_counting",
                "question": "How many chairs are in this room?",
                "options": None,
                "ground_truth": "2" if scene == "dark" else "8",
            },
        ]
    return rows


def write_rows(path: Path, rows: Rows) -> Path:
    """A .jsonl file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_video(
    path: Path, levels: Sequence[int], shape: tuple[int, int, int] = FRAME_SHAPE
) -> Path:
    """A video of plain grey frames of those levels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = np.stack([np.full(shape, level, np.uint8) for level in levels])
    iio.imwrite(path, frames, fps=10)
    return path


@pytest.fixture
def make_vsi(tmp_path: Path) -> Callable[[], Path]:
    """Writes the six questions with their videos; gives the folder."""

    def make() -> Path:
        folder = tmp_path / "vsi"
        for scene, level in ROOMS.items():
            write_video(folder / "scannet" / f"{scene}.mp4", [level] * 8)
        write_rows(folder / "test.jsonl", vsi_rows())
        return folder

    return make


@pytest.fixture
def make_own(tmp_path: Path) -> Callable[[], Path]:
    """Writes a held-out benchmark of five questions on one or two pictures; gives the folder."""

    def make() -> Path:
        import pyarrow
        import pyarrow.parquet

        folder = tmp_path / "own"
        rows = [
            {
                "id": f"q{index}",
                "dataset": "houses",
                "scene_name": f"test-{index % 2}",
                "question_type": "object_rel_distance",
                "task": "count" if index == 4 else "nearer",
                "capability": "MM" if index == 4 else "SR",
                "media": "image" if index % 2 else "video",
                "frames": ["f0"] if index % 2 else ["f0", "f1"],
                "question": f"Question {index}?",
                "options": None if index == 4 else ["A. sofa", "B. lamp"],
                "ground_truth": "3" if index == 4 else "A",
            }
            for index in range(5)
        ]
        write_rows(folder / "questions.jsonl", rows)
        pictures = [np.full(FRAME_SHAPE, level, np.uint8) for level in ROOMS.values()]
        data = [iio.imwrite("<bytes>", picture, extension=".png") for picture in pictures]
        table = pyarrow.table({"id": ["f0", "f1"], "bytes": data})
        pyarrow.parquet.write_table(table, folder / "frames.parquet")
        return folder

    return make


@pytest.fixture(scope="session")
def trained_vlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoint of a tiny VLM that answers the six questions right when it sees the videos."""
    import torch

    from spatune.agent import SpatialVLM, build_tiny
    from spatune.bench_spatial.benchmarks.vsi_bench import VSIBench

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("trained")
    data = write_rows(folder / "vsi" / "test.jsonl", vsi_rows())
    bench = VSIBench()
    samples = bench.load(data)
    texts = [bench.prompt(sample, bench.variant()) for sample in samples]
    build_tiny("qwen3_vl", folder / "start", corpus=texts)
    vlm = SpatialVLM.from_pretrained(folder / "start")
    levels = [ROOMS[sample.scene.split("/")[1]] for sample in samples]
    pictures = [[np.full(FRAME_SHAPE, level, np.uint8)] * FRAMES for level in levels]
    wanted = [vlm.processor.tokenizer.encode(s.truth, add_special_tokens=False) for s in samples]
    targets = torch.tensor([tokens[0] for tokens in wanted])
    inputs = vlm.inputs(pictures, texts, padding_side="left")
    optimiser = torch.optim.AdamW(vlm.model.parameters(), 3e-3)
    for _ in range(50):
        loss = torch.nn.functional.cross_entropy(vlm.model(**inputs).logits[:, -1], targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1, f"the tiny model has not learnt: loss {loss.item():.2f}"
    vlm.save_pretrained(folder / "vlm")
    return folder / "vlm"
