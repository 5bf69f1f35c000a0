"""`spatune data actions`: demonstrations as questions whose answers are action tokens."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..agent.action_codec import ActionTokenCodec, add_action_tokens
from ..agent.action_tokens import ActionTokens
from ..envs.experts.array_columns import FOLDER
from ..envs.experts.dataset_writer import ENV_SPEC_FILE, EPISODES_FILE
from ..envs.spec import EnvSpec
from ..errors import SpatuneError
from ..progress import Progress
from .action_rows_config import ActionRowsConfig
from .mixes.llava import FILE

VLM_FOLDER = "vlm"
_IMAGES = "observation.images."
_ACTION, _CHUNK, _IS_PAD = "action", "action.chunk", "action.chunk_is_pad"
_BATCH = 256
"""Rows of pictures in memory at a time."""


def make_action_rows(config: ActionRowsConfig) -> Path:
    """Write the rows, their pictures, and the VLM that will be trained on them.

    The answer to a frame is the expert's next `chunk_length` actions; behind the end of an episode
    its last action repeats. Percentiles are of the actions of these rows, repetitions left out.

    Returns:
        `config.out` with `train.jsonl`, `images/` and `vlm/`.

    Raises:
        SpatuneError: A wrong setting, another kind of dataset, no such VLM, or `out` exists.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; remove it or choose another --out")
    frames = _Frames(config.dataset)
    targets = _targets(frames, config)
    steps = config.chunk_length if config.execute_steps is None else config.execute_steps
    tokens = ActionTokens.of_actions(
        targets.real,
        cameras=[f"{_IMAGES}{name}" for name in config.cameras],
        chunk_length=config.chunk_length,
        execute_steps=steps,
        env_spec=frames.env_spec,
    )
    work = config.out.with_name(config.out.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _write_vlm(config, tokens, work / VLM_FOLDER)
    count = _write_rows(frames, targets, tokens, work)
    os.replace(work, config.out)
    print(f"{count} rows of {config.chunk_length} actions -> {config.out}")
    return config.out


@dataclass(frozen=True)
class _Targets:
    """What to learn of every frame of a dataset.

    Attributes:
        actions: (N, H, A), environment units.
        is_pad: (N, H), behind the end of the episode.
        chosen: (N,), frames that become rows.
    """

    actions: np.ndarray
    is_pad: np.ndarray
    chosen: np.ndarray

    @property
    def real(self) -> np.ndarray:
        """Actions of the rows that an expert gave, (M, A)."""
        return self.actions[self.chosen][~self.is_pad[self.chosen]]


class _Frames:
    """The frames of a LeRobotDataset with lossless images, in its rows or as arrays beside them."""

    def __init__(self, root: Path) -> None:
        import pyarrow.parquet as parquet

        self.root = root
        self._files = sorted((root / "data").glob("**/*.parquet"))
        if not self._files or not (root / ENV_SPEC_FILE).is_file():
            raise SpatuneError(
                f"{root} is no demonstration dataset; make one with `spatune demos libero`"
            )
        self.env_spec = EnvSpec.from_json(json.loads((root / ENV_SPEC_FILE).read_text()))
        self._rows = set(parquet.read_schema(self._files[0]).names)
        if not all(self.has(camera.key) for camera in self.env_spec.cameras):
            raise SpatuneError(f"{root} holds video; write it again with --pictures png or arrays")

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._rows or self._array(name).is_file()

    def column(self, name: str) -> np.ndarray:
        """A column of numbers, (N, ...)."""
        import pyarrow.parquet as parquet

        if name not in self._rows:
            return np.load(self._array(name), mmap_mode="r")
        parts = [parquet.read_table(file, columns=[name])[name] for file in self._files]
        return np.concatenate([np.array(part.to_pylist()) for part in parts])

    def _array(self, name: str) -> Path:
        return self.root / FOLDER / f"{name}.npy"

    @cached_property
    def episodes(self) -> np.ndarray:
        """Number of each frame's episode, int64 (N,)."""
        return self.column("episode_index")

    @cached_property
    def instructions(self) -> list[str]:
        """Instruction of each frame."""
        import pyarrow.parquet as parquet

        tasks = parquet.read_table(self.root / "meta" / "tasks.parquet").to_pylist()
        key = next(name for name in tasks[0] if name != "task_index")
        texts = {task["task_index"]: task[key] for task in tasks}
        return [texts[index] for index in self.column("task_index").tolist()]

    def suites(self) -> np.ndarray:
        """Suite of each frame, (N,)."""
        entries = json.loads((self.root / EPISODES_FILE).read_text())
        return np.array([entry["suite"] for entry in entries])[self.episodes]

    def pictures(self, keys: Sequence[str]) -> Iterator[list[bytes]]:
        """PNG files of each frame, in the order of the keys."""
        import pyarrow.parquet as parquet

        if not self._rows.issuperset(keys):
            for pixels in zip(*(self.column(key) for key in keys), strict=True):
                yield list(map(_png, pixels))
            return
        for file in self._files:
            with parquet.ParquetFile(file) as opened:
                for batch in opened.iter_batches(_BATCH, columns=list(keys)):
                    for row in batch.to_pylist():
                        yield [row[key]["bytes"] for key in keys]


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(file, "PNG")
    return file.getvalue()


def _targets(frames: _Frames, config: ActionRowsConfig) -> _Targets:
    """Targets of every frame.

    Raises:
        SpatuneError: The dataset's chunks are too short, or nothing is chosen.
    """
    length, count = config.chunk_length, len(frames.episodes)
    if length < 1:
        raise SpatuneError(f"chunk_length is {length}; give a number of actions, at least 1")
    if length == 1:
        actions, is_pad = frames.column(_ACTION)[:, None], np.zeros((count, 1), bool)
    elif frames.has(_CHUNK):
        actions, is_pad = frames.column(_CHUNK), frames.column(_IS_PAD).astype(bool)
        if actions.shape[1] < length:
            raise SpatuneError(
                f"chunk_length is {length}, but {frames.root} holds chunks of {actions.shape[1]} "
                "actions; lower it, or make demonstrations with a longer --chunk"
            )
        actions, is_pad = actions[:, :length], is_pad[:, :length]
    else:
        # Without chunks every control step is a row.
        ends = np.searchsorted(frames.episodes, frames.episodes, side="right")[:, None]
        rows = np.arange(count)[:, None] + np.arange(length)
        actions, is_pad = frames.column(_ACTION)[np.minimum(rows, ends - 1)], rows >= ends
    chosen = np.ones(count, bool)
    if config.suites:
        suites = frames.suites()
        chosen = np.isin(suites, config.suites)
        missing = sorted(set(config.suites) - set(suites.tolist()))
        if missing:
            have = ", ".join(sorted(set(suites.tolist())))
            raise SpatuneError(f"{frames.root} has no {', '.join(missing)}; it has {have}")
    return _Targets(actions.astype(np.float64), is_pad, chosen)


def _write_vlm(config: ActionRowsConfig, tokens: ActionTokens, folder: Path) -> None:
    from ..agent.vlm import SpatialVLM

    vlm = SpatialVLM.from_pretrained(config.vlm)
    add_action_tokens(vlm, seed=config.seed)
    vlm.save_pretrained(folder)
    tokens.save(folder)


def _write_rows(frames: _Frames, targets: _Targets, tokens: ActionTokens, work: Path) -> int:
    """Writes `train.jsonl` and the pictures; returns the number of rows."""
    instructions, numbers = frames.instructions, frames.column("frame_index")
    total = int(targets.chosen.sum())
    written = 0
    with (work / FILE).open("w") as stream, Progress(total, "action rows") as progress:
        for row, pngs in enumerate(frames.pictures(tokens.cameras)):
            if not targets.chosen[row]:
                continue
            place = f"{int(frames.episodes[row]):06d}/{int(numbers[row]):06d}"
            files = []
            for key, png in zip(tokens.cameras, pngs, strict=True):
                files.append(f"images/{place}-{key.removeprefix(_IMAGES)}.png")
                (work / files[-1]).parent.mkdir(parents=True, exist_ok=True)
                (work / files[-1]).write_bytes(png)
            answer = ActionTokenCodec.text(tokens.normalise(targets.actions[row]))
            record = _record(frames.env_spec.name, place, instructions[row], answer, files)
            stream.write(json.dumps(record) + "\n")
            written += 1
            progress.update(written, instructions[row])
    return written


def _record(
    source: str, place: str, instruction: str, answer: str, files: list[str]
) -> dict[str, Any]:
    """A line in the form of `mixes.llava.LlavaWriter`."""
    question = "<image>\n" * len(files) + ActionTokens.prompt(instruction)
    return {
        "id": f"{source}/{place}",
        "conversations": [
            {"from": "human", "value": question},
            {"from": "gpt", "value": answer},
        ],
        "type": "oe",
        "data_source": source,
        "task": "action",
        "image": files,
    }
