"""`Pictures`: the image files of questions."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import SpatuneError, first_line
from ..fov import UnifiedView
from ..generation.jobs import trajectory_folder
from ..questions.question import Question
from .marks import draw_marks

_QUALITY = 92


class Pictures:
    """Images and videos in a data folder.

    Args:
        data: What `spatune data generate` wrote.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        # The questions of a mix jump between trajectories; a listing is some kilobytes.
        self._names = lru_cache(maxsize=4096)(_file_names)

    def files(self, question: Question) -> list[Path]:
        """The images that a question shows, in order.

        Raises:
            SpatuneError: One is missing.
        """
        folder = self._folder(question) / "frames"
        names = self._names(folder)
        files = [folder / f"{index:06d}.jpg" for index in question.frames]
        for file in files:
            if file.name not in names:
                raise SpatuneError(f"{file}, which question {question.id} shows, is missing")
        return files

    def video(self, question: Question) -> Path:
        """The video of a question's trajectory.

        Raises:
            SpatuneError: There is none.
        """
        file = self._folder(question) / "video.mp4"
        if file.name not in self._names(file.parent):
            raise SpatuneError(f"{file} is missing; generate with --every-frame --video")
        return file

    def jpegs(self, question: Question, view: UnifiedView | None = None) -> list[bytes]:
        """The images that a question shows as JPEG files, with its marks drawn.

        Args:
            question: What is asked.
            view: Rescale the images so, before marks are drawn.

        Raises:
            SpatuneError: One is missing or damaged, or has another size than `view` says.
        """
        files = self.files(question)
        marks = question.marks or ((),) * len(files)
        if len(marks) != len(files):
            raise SpatuneError(
                f"question {question.id} marks {len(marks)} images and shows {len(files)}; "
                "generate its file again"
            )
        return [
            _drawn(file, each, view) if each or view else _bytes(file)
            for file, each in zip(files, marks, strict=True)
        ]

    def _folder(self, question: Question) -> Path:
        return trajectory_folder(self._data, question.scene, question.trajectory)


def _file_names(folder: Path) -> frozenset[str]:
    return frozenset(file.name for file in folder.iterdir()) if folder.is_dir() else frozenset()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SpatuneError(f"{file} cannot be read: {first_line(error)}") from None


def _drawn(
    file: Path, marks: tuple[tuple[str, float, float], ...], view: UnifiedView | None
) -> bytes:
    stream = BytesIO()
    try:
        with Image.open(file) as image:
            if view is not None:
                image = Image.fromarray(view.resize(np.asarray(image.convert("RGB"))))
            draw_marks(image, marks).save(stream, "JPEG", quality=_QUALITY)
    except OSError as error:
        raise SpatuneError(f"{file} is no whole image: {first_line(error)}") from None
    return stream.getvalue()
