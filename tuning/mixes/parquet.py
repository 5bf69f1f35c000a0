"""`ParquetWriter`: samples as parquet files that `datasets` and TRL read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..questions.question import Question
from .pictures import Pictures
from .sample import Sample

FILE_BYTES = 400_000_000
"""Images and text of a file, before compression."""
GROUP_BYTES = 16_000_000
"""Those of a row group, which is all that is held in memory."""


class ParquetWriter:
    """Writes `train-00000-of-00003.parquet`, ...

    Columns: `prompt` and `completion`, conversations whose content is a list of {type, text} with
    one {type: image} an image before the text; `images` ({bytes, path}); `id`, `task`,
    `capability`; `meta_info`, a JSON text of where the answer comes from.

    Args:
        folder: Where to write.
        pictures: Of the data.
        paths_only: Store absolute paths of images instead of the images; those with marks, and
            rescaled ones, are stored as images all the same.
        file_bytes: About how large a file gets.
    """

    def __init__(
        self,
        folder: Path,
        pictures: Pictures,
        *,
        paths_only: bool = False,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self._folder, self._pictures = folder, pictures
        self._paths_only, self._file_bytes = paths_only, file_bytes
        self._schema = _features().arrow_schema
        self._file: Any = None
        self._files: list[Path] = []
        self._rows: list[dict[str, Any]] = []
        self._group_size = self._file_size = 0

    def write(self, sample: Sample) -> None:
        """Add a sample.

        Raises:
            SpatuneError: One of its images is missing.
        """
        row = self._row(sample)
        size = sum(len(image["bytes"] or b"") for image in row["images"]) + len(row["meta_info"])
        if self._file_size and self._file_size + size > self._file_bytes:
            self._end_file()
        self._rows.append(row)
        self._group_size += size
        self._file_size += size
        if self._group_size >= min(GROUP_BYTES, self._file_bytes):
            self._end_group()

    def close(self) -> None:
        """Finish the last file and give all their names."""
        self._end_file()
        for number, file in enumerate(self._files):
            os.replace(file, self._folder / f"train-{number:05d}-of-{len(self._files):05d}.parquet")

    def _row(self, sample: Sample) -> dict[str, Any]:
        question = sample.question
        images = self._images(sample)
        text = [{"type": "text", "text": sample.turn.prompt}]
        user = [{"type": "image", "text": None}] * len(images) + text
        answer = [{"type": "text", "text": sample.turn.answer}]
        return {
            "id": question.id,
            "task": question.task,
            "capability": question.capability,
            "type": sample.turn.type,
            "data_source": question.source,
            "prompt": [{"role": "user", "content": user}],
            "completion": [{"role": "assistant", "content": answer}],
            "images": images,
            "meta_info": json.dumps(_meta_info(question), sort_keys=True),
        }

    def _images(self, sample: Sample) -> list[dict[str, Any]]:
        files = self._pictures.files(sample.question)
        if self._paths_only and not sample.redrawn:
            return [{"bytes": None, "path": str(file.resolve())} for file in files]
        jpegs = self._pictures.jpegs(sample.question, sample.view)
        return [{"bytes": jpeg, "path": file.name} for jpeg, file in zip(jpegs, files, strict=True)]

    def _end_group(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._rows:
            return
        if self._file is None:
            self._files.append(self._folder / f"train-{len(self._files):05d}.part")
            self._file = pq.ParquetWriter(self._files[-1], self._schema)
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._group_size = [], 0

    def _end_file(self) -> None:
        self._end_group()
        if self._file is not None:
            self._file.close()
        self._file, self._file_size = None, 0


def _meta_info(question: Question) -> dict[str, Any]:
    names = ("media", "form", "scene", "trajectory", "frames", "answer", "options", "letter")
    return {name: getattr(question, name) for name in names} | {"provenance": question.provenance}


def _features() -> Any:
    from datasets import Features, Image, List, Value

    text = Value("string")
    turns = List({"role": text, "content": List({"type": text, "text": text})})
    return Features(
        {
            "id": text,
            "task": text,
            "capability": text,
            "type": text,
            "data_source": text,
            "prompt": turns,
            "completion": turns,
            "images": List(Image()),
            "meta_info": text,
        }
    )
