"""`LlavaWriter`: samples as JSON lines in LLaVA's form."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ..questions.question import Question
from .pictures import Pictures
from .sample import Sample, relative

FILE = "train.jsonl"


class LlavaWriter:
    """Writes `train.jsonl`: {id, conversations, type, data_source, image or video}.

    `conversations` are a `human` turn, which begins with one `<image>` line an image or one
    `<video>` line, and a `gpt` turn. Paths are relative to the folder of the file. Images with
    marks, and rescaled ones, are drawn anew into `images/`.

    Args:
        folder: Where to write.
        final: Where the folder will be when it is finished; relative paths start there.
        pictures: Of the data.
        copy: Copy all images into `images/` too.
        video: Name the video of a trajectory for questions about all of it.
    """

    def __init__(
        self, folder: Path, final: Path, pictures: Pictures, *, copy: bool, video: bool
    ) -> None:
        self._folder, self._final, self._pictures = folder, final, pictures
        self._copy, self._video = copy, video
        self._stream = (folder / FILE).open("w")

    def write(self, sample: Sample) -> None:
        """Add a sample.

        Raises:
            SpatuneError: One of its images is missing.
        """
        question = sample.question
        if self._video and question.media == "video":
            shown, token = self._video_of(question), "<video>\n"
        else:
            files = self._images(sample)
            shown, token = {"image": files}, "<image>\n" * len(files)
        record = {
            "id": question.id,
            "conversations": [
                {"from": "human", "value": token + sample.turn.prompt},
                {"from": "gpt", "value": sample.turn.answer},
            ],
            "type": sample.turn.type,
            "data_source": question.source,
            **shown,
        }
        self._stream.write(json.dumps(record) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()

    def _video_of(self, question: Question) -> dict[str, Any]:
        file = self._pictures.video(question)
        return {"video": self._placed(file, f"videos/{_folder(question)}/{file.name}")}

    def _images(self, sample: Sample) -> list[str]:
        question = sample.question
        files = self._pictures.files(question)
        if not sample.redrawn:
            return [self._placed(f, f"images/{_folder(question)}/{f.name}") for f in files]
        names = []
        kind = "marked" if any(question.marks) else "rescaled"
        for place, jpeg in enumerate(self._pictures.jpegs(question, sample.view)):
            name = f"images/{kind}/{question.id}/{place}.jpg"
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(jpeg)
            names.append(name)
        return names

    def _placed(self, file: Path, name: str) -> str:
        if not self._copy:
            return relative(file, self._final)
        target = self._folder / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        return name


def _folder(question: Question) -> str:
    return f"{question.scene.replace('/', '_')}/{question.trajectory}"
