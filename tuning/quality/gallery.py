"""`make_gallery`: the body of `spatune data gallery`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ...errors import SpatuneError, first_line
from ...progress import Progress
from ..generation.jobs import trajectory_folder
from ..questions.question import Question
from ..scenes.simsv import FRAMES_FILE, read_trajectory
from .balance import TaskBalance, by_task
from .gallery_card import GalleryCard
from .gallery_config import GalleryConfig
from .outline import Outline
from .question_files import QuestionFiles
from .stable_hash import stable_hash

_SMALLEST, _LARGEST = 32, 1024

_ALL = '<a class="all" href="#">all tasks</a>'
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1860px;padding:16px;color:#222}
table{border-collapse:collapse;margin:12px 0}
th,td{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}
article{border:1px solid #ccc;border-radius:6px;padding:10px;margin:12px 0}
header{color:#777;font-size:12px}
.strip{display:flex;flex-wrap:wrap;gap:4px;margin:6px 0}
figure{margin:0}figcaption{font-size:11px;color:#777;text-align:center}
img{display:block}
.question{font-weight:600;white-space:pre-wrap;margin:6px 0}
ul{list-style:none;padding:0;margin:4px 0}
.right,.answer{color:#08702c;font-weight:600;white-space:pre-wrap}
pre{white-space:pre-wrap;font-size:12px;background:#f6f6f6;padding:6px}
summary{cursor:pointer;color:#555}
body:has(section:target) section:not(:target){display:none}
.all{display:none}body:has(section:target) .all{display:inline}
small,.all{font-weight:400;font-size:14px;margin-left:8px}
"""


def make_gallery(config: GalleryConfig) -> Path:
    """Write the page; an older one is overwritten when the new one is whole.

    Returns:
        The page.

    Raises:
        SpatuneError: A wrong setting, an unknown task, no data or damaged data, a missing image,
            or a file that cannot be written.
    """
    _check(config)
    files = QuestionFiles(config.data)
    outlines = by_task(Outline.of(question, place) for place, question in files.placed())
    for task in config.tasks:
        if task not in outlines:
            raise SpatuneError(f"there is no task {task!r}; tasks are: {', '.join(outlines)}")
    tasks = [task for task in outlines if task in config.tasks or not config.tasks]
    page = config.out or config.data / "gallery.html"
    partial = page.with_name(page.name + ".work")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w") as stream, Progress(len(tasks), "gallery") as progress:
            stream.write(_head(outlines, tasks))
            for number, task in enumerate(tasks, start=1):
                sample = [files.at(o.place) for o in _sample(outlines[task], config)]
                stream.write(_section(sample, config))
                progress.update(number, task)
        os.replace(partial, page)
    except OSError as error:
        raise SpatuneError(f"{page} cannot be written: {first_line(error)}") from None
    print(f"{len(tasks)} tasks -> {page}")
    return page


def _sample(outlines: Sequence[Outline], config: GalleryConfig) -> list[Outline]:
    """Questions in the order of a hash, one a scene before the second of any."""
    order = sorted(outlines, key=lambda o: (stable_hash(config.seed, "gallery", o.id), o.id))
    seen: dict[str, int] = {}
    turns: list[tuple[int, int]] = []
    for place, outline in enumerate(order):
        seen[outline.scene] = seen.get(outline.scene, 0) + 1
        turns.append((seen[outline.scene], place))
    return [order[place] for _, place in sorted(turns)[: config.per_task]]


def _head(outlines: Mapping[str, Sequence[Outline]], tasks: Sequence[str]) -> str:
    rows = [_row(TaskBalance.of(outlines[task]), outlines[task]) for task in tasks]
    total = sum(len(outlines[task]) for task in tasks)
    names = ("task", "capability", "questions", "scenes", "most common answer", "letters")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Questions</title>'
        f"<style>{_STYLE}</style></head><body>"
        f"<h1>{total} questions of {len(tasks)} tasks</h1>"
        "<p>A click on a task shows it alone.</p>"
        f"<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>{''.join(rows)}</table>\n"
    )


def _row(balance: TaskBalance, outlines: Sequence[Outline]) -> str:
    answers = balance.answers
    common = ""
    if balance.kind not in ("orders", "free"):
        common = f"{next(iter(answers.counts))} ({answers.most_common_share:.0%})"
    letters = "; ".join(
        " ".join(f"{letter} {spread.counts[letter]}" for letter in sorted(spread.counts))
        for spread in balance.letters.values()
    )
    cells = (outlines[0].capability, balance.questions, balance.scenes, common, letters)
    link = f'<a href="#{escape(balance.task)}">{escape(balance.task)}</a>'
    return f"<tr><td>{link}</td>{''.join(f'<td>{escape(str(c))}</td>' for c in cells)}</tr>"


def _section(questions: Sequence[Question], config: GalleryConfig) -> str:
    first = questions[0]
    cards = "\n".join(_card(question, config).html() for question in questions)
    kind = f"{first.capability}, {first.media}, {first.form}"
    heading = f"<h2>{escape(first.task)} <small>{kind}</small> {_ALL}</h2>"
    return f'<section id="{escape(first.task)}">{heading}\n{cards}\n</section>\n'


def _card(question: Question, config: GalleryConfig) -> GalleryCard:
    folder = trajectory_folder(config.data, question.scene, question.trajectory)
    trajectory = None
    if question.frames:
        if not (folder / FRAMES_FILE).is_file():
            raise SpatuneError(
                f"{folder} holds no {FRAMES_FILE}; give the folder that `spatune data generate` "
                "filled"
            )
        trajectory = read_trajectory(folder)
    return GalleryCard(question, folder, trajectory, config.frames, config.width)


def _check(config: GalleryConfig) -> None:
    if config.per_task < 1 or config.frames < 1:
        raise SpatuneError(
            f"--per-task is {config.per_task} and --frames {config.frames}; use 1 or more"
        )
    if not _SMALLEST <= config.width <= _LARGEST:
        raise SpatuneError(f"--width is {config.width}; use {_SMALLEST} to {_LARGEST} pixels")
