"""`read_rows`: training rows of folders that `spatune data` wrote, and of LLaVA's files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from ..questions.question import Question
from .pictures import ArrayFrame, ParquetPicture, Picture, VideoFrame
from .row import TrainingRow

LLAVA_FILE = "train.jsonl"
QUESTIONS_FILE = "questions/mix.jsonl"
_IMAGE, _VIDEO = "<image>", "<video>"
_EXAMPLES = 2


def read_rows(paths: Sequence[Path], *, video_frames: int = 16) -> list[TrainingRow]:
    """Every row of the data, in the order of the files.

    Args:
        paths: Folders of `spatune data mix` (its parquet files where there are some, else
            `train.jsonl`) or files in LLaVA's form (`.json`, `.jsonl`). Of a conversation of
            several turns each answer is a row of its own.
        video_frames: Frames that stand for a video.

    Raises:
        SpatuneError: Nothing is there, or rows lack pictures or answers; it counts these.
    """
    rows: list[TrainingRow] = []
    faults: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for path in paths:
        for row, fault in _read(path, video_frames):
            if fault:
                faults[fault] += 1
                examples.setdefault(fault, []).append(row.id)
            rows.append(row)
    if faults:
        named = "; ".join(
            f"{count} {fault} (such as {', '.join(examples[fault][:_EXAMPLES])})"
            for fault, count in faults.most_common()
        )
        raise SpatuneError(f"{sum(faults.values())} of {len(rows)} rows cannot be used: {named}")
    if not rows:
        raise SpatuneError(f"{', '.join(map(str, paths))}: no training row")
    return rows


_Checked = tuple[TrainingRow, str]
"""A row and what is wrong with it, or an empty text."""


def _read(path: Path, video_frames: int) -> Iterator[_Checked]:
    parquet = sorted(path.glob("*.parquet")) if path.is_dir() else []
    if parquet or path.suffix == ".parquet":
        for file in parquet or [path]:
            yield from _parquet(file)
        return
    file = path / LLAVA_FILE if path.is_dir() else path
    if not file.is_file():
        raise SpatuneError(
            f"{path}: no training data; give a folder of `spatune data mix` or LLaVA's .jsonl"
        )
    questions = _questions(file.parent / QUESTIONS_FILE)
    exists: dict[Path, bool] = {}
    for number, record in enumerate(_records(file)):
        yield from _llava(file, number, record, questions, video_frames, exists)


def _records(file: Path) -> Iterable[dict[str, Any]]:
    try:
        if file.suffix == ".json":
            return json.loads(file.read_text())
        with file.open() as stream:
            return [json.loads(line) for line in stream if line.strip()]
    except (OSError, ValueError) as error:
        raise SpatuneError(f"{file} is no file of JSON records: {error}") from None


def _questions(file: Path) -> dict[str, Question]:
    if not file.is_file():
        return {}
    with file.open() as stream:
        return {question.id: question for question in map(Question.from_line, stream)}


def _llava(
    file: Path,
    number: int,
    record: dict[str, Any],
    questions: dict[str, Question],
    video_frames: int,
    exists: dict[Path, bool],
) -> Iterator[_Checked]:
    name = str(record.get("id", number))
    pictures = _shown(file.parent, record, video_frames)
    fault = ""
    for picture in pictures:
        place = picture if isinstance(picture, Path) else picture.file
        if place not in exists:
            exists[place] = place.is_file()
        if not exists[place]:
            fault = "without their picture"
    turns = record.get("conversations") or []
    pairs = list(zip(turns[::2], turns[1::2], strict=False))
    if not pairs:
        yield TrainingRow(name, pictures, (), ""), "without a conversation"
    question = questions.get(name)
    for place, (human, model) in enumerate(pairs):
        parts = _parts(str(human.get("value", "")), len(pictures), video_frames)
        answer = str(model.get("value", "")).strip()
        row = TrainingRow(
            id=name if len(pairs) == 1 else f"{name}/{place}",
            pictures=pictures,
            parts=parts,
            answer=answer,
            task=question.task if question else str(record.get("task", "")),
            capability=question.capability if question else "",
            form=question.form if question else str(record.get("form", "")),
            truth=(question.letter or question.answer) if question else answer,
        )
        placeholders = sum(part is None for part in parts)
        if not answer:
            fault = fault or "with an empty answer"
        elif placeholders != len(pictures):
            fault = fault or "with another number of pictures than placeholders"
        yield row, fault


def _shown(folder: Path, record: dict[str, Any], video_frames: int) -> tuple[Picture, ...]:
    video = record.get("video")
    if video:
        return tuple(VideoFrame(folder / video, i, video_frames) for i in range(video_frames))
    images = record.get("image") or record.get("images") or []
    return tuple(_place(folder, name) for name in ([images] if isinstance(images, str) else images))


def _place(folder: Path, name: str) -> Picture:
    file, mark, place = name.rpartition("#")
    if mark and file.endswith(".npy") and place.isdigit():
        return ArrayFrame(folder / file, int(place))
    return folder / name


def _parts(text: str, pictures: int, video_frames: int) -> tuple[str | None, ...]:
    """Texts and places of pictures; later turns of a conversation show all of them first."""
    if _VIDEO in text:
        text = text.replace(_VIDEO, _IMAGE * video_frames)
    if _IMAGE not in text:
        return (*(None,) * pictures, text)
    parts: list[str | None] = []
    for place, piece in enumerate(text.split(_IMAGE)):
        if place:
            parts.append(None)
            # The line break belongs to the placeholder: at test time text follows pictures.
            piece = piece.removeprefix("\n")
        if piece:
            parts.append(piece)
    return tuple(parts)


def _parquet(file: Path) -> Iterator[_Checked]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file, memory_map=True)
        counts = [len(images) for images in table["images"]]
        columns = [table[name].to_pylist() for name in ("id", "prompt", "completion")]
        notes = [json.loads(text) for text in table["meta_info"].to_pylist()]
        tasks = table["task"].to_pylist(), table["capability"].to_pylist()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SpatuneError(f"{file} was not written by `spatune data mix`: {error}") from None
    for number, (name, prompt, completion) in enumerate(zip(*columns, strict=True)):
        pictures = tuple(ParquetPicture(file, number, place) for place in range(counts[number]))
        parts = tuple(
            None if part["type"] == "image" else part["text"] for part in prompt[-1]["content"]
        )
        answer = "".join(part["text"] or "" for part in completion[-1]["content"]).strip()
        note = notes[number]
        row = TrainingRow(
            id=name,
            pictures=pictures,
            parts=parts,
            answer=answer,
            task=tasks[0][number],
            capability=tasks[1][number],
            form=note["form"],
            truth=note["letter"] or note["answer"],
        )
        fault = "" if answer else "with an empty answer"
        if sum(part is None for part in parts) != len(pictures):
            fault = "with another number of pictures than placeholders"
        yield row, fault
