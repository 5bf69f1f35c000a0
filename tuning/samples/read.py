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
            records = json.loads(file.read_text())
        else:
            with file.open() as stream:
                records = [json.loads(line) for line in stream if line.strip()]
    except (OSError, ValueError) as error:
        raise SpatuneError(f"{file} is no file of JSON records: {error}") from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SpatuneError(f"{file} is no list of JSON objects, one a conversation")
    return records


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
    for place in (places := {p if isinstance(p, Path) else p.file for p in pictures}):
        if place not in exists:
            exists[place] = place.is_file()
    shown = all(exists[place] for place in places)
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
            truth=_truth(question) if question else answer,
        )
        yield row, _fault(row, shown)


def _fault(row: TrainingRow, shown: bool) -> str:
    """What keeps a row from being trained on; `shown` says whether its pictures are there."""
    if not shown:
        return "without their picture"
    if not row.answer:
        return "with an empty answer"
    if sum(part is None for part in row.parts) != len(row.pictures):
        return "with another number of pictures than placeholders"
    return ""


def _truth(question: Question) -> str:
    """Numbers have options too, but mixes ask for them openly."""
    return question.letter if question.form == "choice" else question.answer


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
        shown = _shown_in(table["images"])
        columns = [table[name].to_pylist() for name in ("id", "prompt", "completion")]
        notes = [json.loads(text) for text in table["meta_info"].to_pylist()]
        tasks = table["task"].to_pylist(), table["capability"].to_pylist()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SpatuneError(f"{file} was not written by `spatune data mix`: {error}") from None
    for number, (name, prompt, completion) in enumerate(zip(*columns, strict=True)):
        pictures = tuple(ParquetPicture(file, number, place) for place in range(len(shown[number])))
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
            truth=note["letter"] if note["form"] == "choice" else note["answer"],
        )
        yield row, _fault(row, all(shown[number]))


def _shown_in(images: Any) -> list[list[bool]]:
    """Of each row's pictures, whether their bytes are there, or the file that they name."""
    exists: dict[str, bool] = {}
    shown: list[list[bool]] = []
    for chunk in images.chunks:
        entries = chunk.flatten()
        there = entries.field("bytes").is_valid().to_pylist()
        for place, path in enumerate(entries.field("path").to_pylist()):
            if not there[place]:
                name = path or ""
                if name not in exists:
                    exists[name] = Path(name).is_file()
                there[place] = exists[name]
        left = iter(there)
        counts = chunk.value_lengths().to_pylist()
        shown += [[next(left) for _ in range(count or 0)] for count in counts]
    return shown
