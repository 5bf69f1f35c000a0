"""Freezes the held-out benchmark: a balanced part of questions about houses of the test split.

Usage: python recipes/spatial/held_out.py DATA [--quota 20] [--out bench_spatial/data/own]

DATA is what `spatune data generate --split test` wrote. Pictures are stored once, those with marks
for each question.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from spatune.errors import SpatuneError
from spatune.progress import Progress
from spatune.tuning.mixes.choosing import choose
from spatune.tuning.mixes.letters import place_letters, with_right_option_at
from spatune.tuning.mixes.pictures import Pictures
from spatune.tuning.quality.answer_classes import AnswerClasses
from spatune.tuning.quality.outline import Outline
from spatune.tuning.quality.question_files import QuestionFiles
from spatune.tuning.questions.question import Question

QUALITY = 82
SEED = 0


def chosen(data: Path, quota: int) -> list[Question]:
    """At most `quota` questions a task, balanced in answers, scenes and letters, by id.

    A task with less than half the quota is left out: its mean would weigh as much as any other's.
    """
    files = QuestionFiles(data)
    tasks: dict[str, list[Outline]] = {}
    for place, question in files.placed():
        # No relative error is defined where the truth is zero.
        if question.form == "choice" or (question.form == "number" and float(question.answer) > 0):
            tasks.setdefault(question.task, []).append(Outline.of(question, place))
    questions = []
    for task in sorted(tasks):
        classes = AnswerClasses.of(tasks[task])
        outlines = choose(tasks[task], quota, SEED, classes)
        if 2 * len(outlines) < quota:
            print(f"left out: {task}, of which there are {len(outlines)} questions only")
            continue
        letters = place_letters(outlines, SEED)
        for outline in outlines:
            question = files.at(outline.place)
            if outline.id in letters:
                question = with_right_option_at(question, letters[outline.id], SEED)
            else:
                question = replace(question, options=(), letter="")
            questions.append(question)
    return sorted(questions, key=lambda question: question.id)


def row(question: Question, pictures: list[str]) -> dict[str, object]:
    """A question in the form of VSI-Bench's rows, with what ours add."""
    lettered = [f"{'ABCDEFGH'[i]}. {text}" for i, text in enumerate(question.options)]
    return {
        "id": question.id,
        "dataset": question.source,
        "scene_name": question.scene,
        "question_type": question.task,
        "question": question.question,
        "ground_truth": question.letter or question.answer,
        "options": lettered or None,
        "task": question.task,
        "capability": question.capability,
        "media": question.media,
        "frames": pictures,
    }


def main() -> None:
    """Write questions.jsonl, frames.parquet and card.json."""
    import pyarrow
    import pyarrow.parquet as parquet

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--quota", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("bench_spatial/data/own"))
    options = parser.parse_args()
    questions = chosen(options.data, options.quota)
    if not questions:
        raise SpatuneError(f"{options.data} holds no question with a short answer")
    source = Pictures(options.data)
    stored: dict[str, bytes] = {}
    rows = []
    with Progress(len(questions), "questions") as progress:
        for number, question in enumerate(questions, 1):
            names = []
            marks = question.marks or ((),) * len(question.frames)
            for frame, marked, image in zip(
                question.frames, marks, source.jpegs(question), strict=True
            ):
                name = f"{question.scene}/{question.trajectory}/{frame:06d}"
                if marked:
                    name = f"{question.id}/{frame:06d}"
                if name not in stored:
                    stored[name] = _smaller(image)
                names.append(name)
            rows.append(row(question, names))
            progress.update(number, f"{len(stored)} pictures")
    options.out.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in rows)
    (options.out / "questions.jsonl").write_text(text)
    table = pyarrow.table(
        {"id": sorted(stored), "bytes": [stored[name] for name in sorted(stored)]}
    )
    parquet.write_table(table, options.out / "frames.parquet", compression="none")
    card = {
        "about": "Questions about ProcTHOR houses of the test split, whose assets are in no "
        "training house; scores on them are not scores of any published benchmark.",
        "made_by": "recipes/spatial/make.sh",
        "config": json.loads((options.data / "config.json").read_text()) | {"out": "DATA"},
        "quota": options.quota,
        "questions": len(rows),
        "tasks": {
            task: sum(entry["task"] == task for entry in rows)
            for task in sorted({str(entry["task"]) for entry in rows})
        },
        "scenes": len({entry["scene_name"] for entry in rows}),
        "pictures": len(stored),
        "questions_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "pictures_sha256": hashlib.sha256(b"".join(stored[n] for n in sorted(stored))).hexdigest(),
        "licence": "Apache-2.0; house layouts by ProcTHOR (Apache-2.0), see NOTICE",
    }
    (options.out / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"{len(rows)} questions, {len(stored)} pictures -> {options.out}")


def _smaller(image: bytes) -> bytes:
    """The picture at a quality that keeps the package small."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(image)) as opened:
        opened.convert("RGB").save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()


if __name__ == "__main__":
    main()
