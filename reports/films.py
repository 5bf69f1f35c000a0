"""`FilmShelf`: films of episodes, put into a page within a limit or linked."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import tempfile
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ..evaluation.keys import EpisodeKey

_NAME = re.compile(r"-[a-z]+(\d+)-[a-z]+(\d+)(?:-(.+))?\.mp4")
_POSTER_HEIGHT, _SMALL_HEIGHT, _SMALL_RATE = 192, 192, 10


@dataclass(frozen=True)
class Film:
    """A film as the page holds it.

    Attributes:
        how: `whole`: the file itself is in the page; `smaller`: in the page, encoded anew;
            `linked`: the page names the file.
        source: Address for the page: data, or the path from the page to the file.
        poster: Last frame as the address of a JPEG, or an empty string.
        note: What a viewer must know, or an empty string.
    """

    how: Literal["whole", "smaller", "linked"]
    source: str
    poster: str
    note: str


class FilmShelf:
    """Puts films into one page.

    Args:
        page: The page, from which links start.
        film_bytes: A larger film is encoded anew: 192 pixels high, 10 frames a second.
        page_bytes: When the films in the page would exceed it, further ones are linked.

    Attributes:
        counts: Films so far, by `Film.how`.
    """

    def __init__(self, page: Path, film_bytes: int, page_bytes: int) -> None:
        self._page = page
        self._film_bytes, self._left = film_bytes, page_bytes
        self.counts: Counter[str] = Counter()

    def add(self, path: Path) -> Film:
        """Put a film into the page if it fits, or link it."""
        film = self._film(path)
        self.counts[film.how] += 1
        if film.how != "linked":
            self._left -= len(film.source)
        return film

    def _film(self, path: Path) -> Film:
        try:
            poster = _poster(path)
            data = path.read_bytes()
            small = data if len(data) <= self._film_bytes else _encoded_smaller(path)
        except (OSError, ValueError, subprocess.CalledProcessError):
            return Film("linked", self._link(path), "", "linked: this film cannot be read")
        source = f"data:video/mp4;base64,{base64.b64encode(small).decode()}"
        if len(source) > self._left:
            note = f"linked, {_kb(data)}: it would take the page over its limit (--page-mb)"
            return Film("linked", self._link(path), poster, note)
        if small is data:
            return Film("whole", source, poster, "")
        note = f"encoded anew for the page: {_kb(small)} instead of {_kb(data)}"
        return Film("smaller", source, poster, note)

    def _link(self, path: Path) -> str:
        start = self._page.resolve().parent
        return quote(Path(os.path.relpath(path.resolve(), start)).as_posix())


def find_films(folder: Path, keys: Sequence[EpisodeKey]) -> dict[EpisodeKey, Path]:
    """Films in `videos/` of a run directory, by episode.

    A film's name is the suite, a word and the task's number, a word and the init index, and the
    perturbation if there is one: `libero_goal-task03-init00.mp4`.
    """
    named: dict[tuple[str, int, int, str], Path] = {}
    for path in sorted((folder / "videos").glob("*.mp4")):
        for suite in {key.suite for key in keys}:
            match = _NAME.fullmatch(path.name.removeprefix(suite))
            if match and path.name.startswith(suite):
                place = (suite, int(match[1]), int(match[2]), match[3] or "none")
                named[place] = path
    places: Mapping[EpisodeKey, tuple[str, int, int, str]] = {
        key: (key.suite, key.task_id, key.init_index, key.perturbation) for key in keys
    }
    return {key: named[place] for key, place in places.items() if place in named}


def _poster(path: Path) -> str:
    import av

    with av.open(str(path)) as film:
        (last,) = deque(film.decode(video=0), maxlen=1)
        image = last.to_image()
    image.thumbnail((4 * _POSTER_HEIGHT, _POSTER_HEIGHT))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _encoded_smaller(path: Path) -> bytes:
    from imageio_ffmpeg import get_ffmpeg_exe

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "small.mp4"
        size = f"scale=-2:{_SMALL_HEIGHT},fps={_SMALL_RATE}"
        words = ["-v", "error", "-i", str(path), "-vf", size, "-an"]
        words += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "30", "-preset", "slow"]
        # One thread: the bytes do not depend on the machine's cores.
        words += ["-threads", "1", "-movflags", "+faststart", "-map_metadata", "-1", str(out)]
        subprocess.run([get_ffmpeg_exe(), *words], capture_output=True, check=True)
        return out.read_bytes()


def _kb(data: bytes) -> str:
    return f"{len(data) / 1000:.0f} kB"
