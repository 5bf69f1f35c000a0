"""How fast a training loop gets cached features: LeRobot's own columns against frame columns.

Both hold the features of the embedded policy (34,816 floats a frame in float16) and a 16-step
action chunk, and both are read through a torch DataLoader over a LeRobotDataset on one thread:

    python benchmarks/features_loading.py [frames]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from lerobot.datasets import LeRobotDataset
from lerobot.utils.utils import SuppressProgressBars

from spatune.digests import file_sha256
from spatune.policies.columns import (
    CHUNK,
    CHUNK_PAD,
    FOLDER,
    MANIFEST,
    FrameColumns,
    Manifest,
    column_path,
)
from spatune.policies.features import FeatureSpec

BATCH = 128
EPISODE = 64
CHUNK_SHAPE = (16, 7)
SPECS = (
    FeatureSpec("fine", "vision.timm_model.blocks.2", "grid", (2, 40, 16, 16)),
    FeatureSpec("coarse", "vision.timm_model.blocks.4", "grid", (2, 112, 8, 8)),
    FeatureSpec("text", "language.-1", "last", (192,)),
)
ROWS = {
    "observation.state": {"dtype": "float32", "shape": (8,), "names": None},
    "action": {"dtype": "float32", "shape": (7,), "names": None},
}
LABELS = {
    CHUNK: {"dtype": "float32", "shape": CHUNK_SHAPE, "names": None},
    CHUNK_PAD: {"dtype": "bool", "shape": CHUNK_SHAPE[:1], "names": None},
}


def write_rows(root: Path, frames: int, features: dict) -> None:
    """A LeRobotDataset whose rows hold random values of the given features."""
    rng = np.random.default_rng(0)
    dataset = LeRobotDataset.create(
        "local/benchmark", fps=20, features=features, root=root, use_videos=False
    )
    for start in range(0, frames, EPISODE):
        for _ in range(min(EPISODE, frames - start)):
            values = {
                k: rng.normal(size=f["shape"]).astype(f["dtype"]) for k, f in features.items()
            }
            dataset.add_frame({**values, "task": "pick up the mug"})
        dataset.save_episode()
    dataset.finalize()


def write_columns(root: Path, frames: int) -> None:
    """Frame columns beside the rows, as `spatune features` writes them."""
    rng = np.random.default_rng(0)
    shapes = {spec.key: (spec.shape, np.float16) for spec in SPECS}
    shapes |= {CHUNK: (CHUNK_SHAPE, np.float32), CHUNK_PAD: (CHUNK_SHAPE[:1], np.bool_)}
    digests = {}
    for name, (shape, dtype) in shapes.items():
        path = column_path(root, name)
        path.parent.mkdir(exist_ok=True)
        table = np.lib.format.open_memmap(path, "w+", dtype, (frames, *shape))
        for start in range(0, frames, EPISODE):
            block = table[start : start + EPISODE]
            # Nothing is padded; everything else is noise.
            block[:] = 0 if dtype is np.bool_ else rng.standard_normal(block.shape, np.float32)
        table.flush()
        digests[name] = file_sha256(path)
    manifest = Manifest(frames, digests, SPECS)
    (root / FOLDER / MANIFEST).write_text(json.dumps(manifest.to_json()))


def rate(root: Path, join: Callable[[dict], None], delta: bool = False) -> float:
    """Samples a second over one shuffled epoch, after a first batch that opens the files."""
    deltas = {"action": [step / 20 for step in range(CHUNK_SHAPE[0])]} if delta else None
    dataset = LeRobotDataset("local/benchmark", root=root, delta_timestamps=deltas)
    loader = torch.utils.data.DataLoader(dataset, batch_size=BATCH, shuffle=True)
    join(next(iter(loader)))
    start, samples = time.perf_counter(), 0
    for batch in loader:
        join(batch)
        samples += len(batch["index"])
    return samples / (time.perf_counter() - start)


def main() -> None:
    """Measure the three ways and print a table."""
    torch.set_num_threads(1)
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 8192
    few = min(frames, 256)
    with tempfile.TemporaryDirectory() as folder, SuppressProgressBars():
        heavy = {s.key: {"dtype": "float16", "shape": s.shape, "names": None} for s in SPECS}
        write_rows(Path(folder) / "heavy", few, ROWS | LABELS | heavy)
        write_rows(Path(folder) / "light", frames, ROWS)
        write_columns(Path(folder) / "light", frames)
        columns = FrameColumns.open(Path(folder) / "light")
        names = (*(spec.key for spec in SPECS), CHUNK, CHUNK_PAD)

        def join(batch: dict) -> None:
            for name in names:
                batch[name] = columns.take(name, batch["index"])

        results = {
            "features and chunks as LeRobot columns": rate(Path(folder) / "heavy", lambda _: None),
            "rows with LeRobot's 16-step chunk alone": rate(
                Path(folder) / "light", lambda _: None, delta=True
            ),
            "rows alone": rate(Path(folder) / "light", lambda _: None),
            "rows joined with frame columns": rate(Path(folder) / "light", join),
        }
    print(f"one thread, batch {BATCH}, {frames} frames of {70_016 + 128 + 464} bytes")
    for name, value in results.items():
        print(f"{value:8.0f} samples/s  {name}")


if __name__ == "__main__":
    main()
