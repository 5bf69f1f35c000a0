"""`make_mix`: the body of `spatune data mix`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...errors import SpatuneError, first_line
from ...progress import Progress
from ..quality.balance import by_task
from ..quality.outline import Outline
from ..quality.question_files import QUESTIONS, QuestionFiles
from ..quality.stable_hash import stable_hash
from .choosing import choose
from .config import MixConfig
from .letters import place_letters, with_right_option_at
from .llava import LlavaWriter
from .metric_views import MetricViews
from .named import quotas
from .naming import without_places
from .parquet import ParquetWriter
from .pictures import Pictures
from .prompts import turn
from .sample import Sample, Writer
from .summary import MixSummary

_PATHS = ("data", "out")
_RESCALING = ("unify_fov", "patch")


def make_mix(config: MixConfig) -> Path:
    """Choose questions and write them for training.

    The folder appears when everything in it is written; a stopped run leaves only OUT.work, which
    the next one replaces.

    Returns:
        The folder: the formats' files, `questions/mix.jsonl` with the questions as they are asked,
        `summary.json` and `config.json`.

    Raises:
        SpatuneError: A wrong setting, no data, damaged data, a missing image, a quota that cannot
            be filled while `strict`, or a folder that exists or cannot be written.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists; remove it or choose another --out")
    if not config.formats:
        raise SpatuneError("nothing to write; give --formats llava or parquet")
    if config.most is not None and config.most < 1:
        raise SpatuneError(f"--most is {config.most}; use 1 or more")
    _views(config)
    files = QuestionFiles(config.data)
    outlines = [Outline.of(question, place) for place, question in files.placed()]
    pictured = [outline for outline in outlines if outline.has_pictures]
    if not pictured:
        raise SpatuneError(f"no question of {config.data} shows a picture; nothing can be trained")
    available = dict(by_task(pictured))
    for task in config.without:
        if available.pop(task, None) is None:
            raise SpatuneError(f"--without {task}: {config.data} has no question of this task")
    wanted = quotas(config.mix, _counts(available), config.size, config.without)
    if config.most is not None:
        wanted = {task: min(quota, config.most) for task, quota in wanted.items()}
    chosen, letters = _chosen(wanted, available, config.seed)
    summary = MixSummary.of(
        wanted,
        available,
        len(outlines) - len(pictured),
        [_relettered(outline, letters) for outline in chosen],
    )
    summary.show()
    _check(config, summary)
    work = config.out.with_name(config.out.name + ".work")
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _write(config, work, _samples(config, files, chosen, letters), len(chosen))
        _dump(work / "summary.json", summary.to_json())
        _dump(work / "config.json", _settings(config))
        os.replace(work, config.out)
    except OSError as error:
        raise SpatuneError(f"{config.out} cannot be written: {first_line(error)}") from None
    print(f"{summary.size} questions of mix {config.mix} -> {config.out}")
    return config.out


def _counts(available: Mapping[str, Sequence[Outline]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for task, outlines in available.items():
        counts.setdefault(outlines[0].capability, {})[task] = len(outlines)
    return counts


def _chosen(
    wanted: Mapping[str, int], available: Mapping[str, Sequence[Outline]], seed: int
) -> tuple[list[Outline], dict[str, int]]:
    """Questions in the order of the mix, and the places of the right options by id."""
    chosen: list[Outline] = []
    letters: dict[str, int] = {}
    for task, quota in wanted.items():
        taken = choose(available.get(task, ()), quota, seed)
        letters |= place_letters(taken, seed)
        chosen += taken
    chosen.sort(key=lambda outline: (stable_hash(seed, "order", outline.id), outline.id))
    return chosen, letters


def _relettered(outline: Outline, letters: Mapping[str, int]) -> Outline:
    return replace(outline, letter=letters.get(outline.id, -1))


def _check(config: MixConfig, summary: MixSummary) -> None:
    lacking = ", ".join(f"{task} lacks {n}" for task, n in summary.deficits.items())
    if config.strict and lacking:
        raise SpatuneError(f"quotas cannot be filled: {lacking}; generate more, or lower --size")
    if not summary.size:
        raise SpatuneError(f"{config.data} has no question of mix {config.mix!r}: {lacking}")


def _samples(
    config: MixConfig,
    files: QuestionFiles,
    chosen: Sequence[Outline],
    letters: Mapping[str, int],
) -> Iterator[Sample]:
    views = _views(config)
    for outline in chosen:
        question = files.at(outline.place)
        if outline.id in letters:
            question = with_right_option_at(question, letters[outline.id], config.seed)
        letter_only = config.choices == "letter" or (
            config.choices == "both" and stable_hash(config.seed, "form", outline.id) % 2 == 0
        )
        if config.mix == "naming":
            question = without_places(question)
        view = views.view(question) if views else None
        asked = turn(
            question, letter_only=letter_only, reasoning=config.reasoning,
            camera=view.text if view else "",
        )  # fmt: skip
        yield Sample(question, asked, view)


def _views(config: MixConfig) -> MetricViews | None:
    if config.unify_fov is None:
        return None
    return MetricViews(config.data, config.unify_fov, config.patch)


def _write(config: MixConfig, work: Path, samples: Iterator[Sample], total: int) -> None:
    (work / QUESTIONS).mkdir()
    with ExitStack() as stack:
        writers = [stack.enter_context(closing(writer)) for writer in _writers(config, work)]
        questions = stack.enter_context((work / QUESTIONS / "mix.jsonl").open("w"))
        progress = stack.enter_context(Progress(total, "mix"))
        for number, sample in enumerate(samples, start=1):
            for writer in writers:
                writer.write(sample)
            questions.write(sample.question.to_line())
            progress.update(number, sample.question.task)


def _writers(config: MixConfig, work: Path) -> Iterator[Writer]:
    pictures = Pictures(config.data)
    if "llava" in config.formats:
        yield LlavaWriter(work, config.out, pictures, copy=config.copy_images, video=config.video)
    if "parquet" in config.formats:
        yield ParquetWriter(work, pictures, paths_only=config.image_paths)


def _settings(config: MixConfig) -> dict[str, Any]:
    """Settings without paths, so that equal mixes have equal files."""
    unused = _RESCALING if config.unify_fov is None else ()
    return {n: value for n, value in asdict(config).items() if n not in (*_PATHS, *unused)}


def _dump(file: Path, data: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(data, indent=1) + "\n")
