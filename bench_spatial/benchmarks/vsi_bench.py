"""`VSIBench`: VSI-Bench (arXiv 2412.14171), 5,130 questions on 288 videos of indoor scans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ...errors import SpatuneError
from ..benchmark import Scored, Variant, category_means, mean_of, mean_score
from ..media import find_video
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.choice import choice_score
from ..scores.extraction import (
    robust_choice,
    robust_number,
    strict_choice,
    strict_number,
    to_number,
)
from ..scores.mra import mean_relative_accuracy
from .letter_benchmark import ANSWER_BY_LETTER
from .row_benchmark import RowBenchmark

DIRECTION_TYPES = (
    "object_rel_direction_easy",
    "object_rel_direction_medium",
    "object_rel_direction_hard",
)
CHOICE_TYPES = (
    *DIRECTION_TYPES,
    "object_rel_distance",
    "route_planning",
    "obj_appearance_order",
)
NUMBER_TYPES = (
    "object_abs_distance",
    "object_counting",
    "object_size_estimation",
    "room_size_estimation",
)

PREFIX = "These are frames of a video."
BE_BRIEF = "Please answer the question using a single word or phrase."
ONE_FLOAT = "Answer briefly and directly in one float number."

ZERO_TRUTH = "the truth is not a number above zero, so MRA is undefined"
NO_VIDEO = "the video is missing"

_LETTERED = re.compile(r"\s*([A-Z])[.):]\s*(.*\S)\s*", re.DOTALL)


class VSIBench(RowBenchmark):
    """Choices by letter, numbers by mean relative accuracy.

    `--data` is the row file (.parquet, .json, .jsonl) with the folders of videos beside it, or the
    folder that holds both: `{dataset}/{scene_name}.mp4`, or a folder of pictures
    `{dataset}/{scene_name}/`. Rows are known by their `id`: the public file changed its order on
    2025-11-11.

    Two published rules are kept apart by variant: whether an error on the bound counts (`official`)
    or not (`strict`), and how an answer is read.
    """

    name = "vsi-bench"
    title = "VSI-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="official",
            extractor="first-word",
            scoring="mra <=",
            summary="The benchmark's own harness (thinking-in-space).",
        ),
        Variant(
            "robust",
            prompt="official",
            extractor="robust",
            scoring="mra <=",
            summary="Its prompt and score, but answers in sentences are read too.",
        ),
        Variant(
            "strict",
            prompt="official",
            extractor="first-word",
            scoring="mra <",
            summary="An error equal to a bound does not count (as in test-set-training).",
        ),
        Variant(
            "vlmevalkit",
            prompt="one-float",
            extractor="robust",
            scoring="mra <=",
            summary="VLMEvalKit's wording: no 'Options:', and 'one float number' for numbers.",
        ),
    )

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; one without its video, or with a zero truth, has a `skip` reason."""
        category = text_field(row, "question_type", where)
        if category not in (*CHOICE_TYPES, *NUMBER_TYPES):
            raise SpatuneError(f"{where}: question_type {category!r} is not one of VSI-Bench's")
        dataset, scene = (text_field(row, name, where) for name in ("dataset", "scene_name"))
        options, truth = read_answer(row, where, choice=category in CHOICE_TYPES)
        media = find_video(root / dataset / scene for root in (folder, folder / "videos"))
        skip = "" if media else NO_VIDEO
        if category in NUMBER_TYPES and (to_number(truth) or 0) <= 0:
            skip = ZERO_TRUTH
        return Sample(
            id=text_field(row, "id", where),
            benchmark=self.name,
            category=category,
            scene=f"{dataset}/{scene}",
            question=text_field(row, "question", where),
            options=options,
            truth=truth,
            form="choice" if options else "number",
            media=(media,) if media else (),
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Prefix, question, options and the wish for a short answer, a line each."""
        official = variant.prompt == "official"
        if not sample.options:
            return "\n".join([PREFIX, sample.question, BE_BRIEF if official else ONE_FLOAT])
        header = ["Options:"] if official else []
        return "\n".join([PREFIX, sample.question, *header, *sample.lettered, ANSWER_BY_LETTER])

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """A letter of the options, or the text of a number."""
        robust = variant.extractor == "robust"
        if sample.form == "choice":
            if robust:
                return robust_choice(raw, sample.letters, sample.options)
            return strict_choice(raw, sample.letters)
        return robust_number(raw) if robust else strict_number(raw)

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """Right or wrong for a choice, MRA for a number; no answer is 0."""
        if sample.form == "choice":
            return choice_score(extracted, sample.truth)
        rule = "strict" if variant.scoring == "mra <" else "official"
        return mean_relative_accuracy(to_number(extracted), float(sample.truth), rule)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is the mean of the 8 types, where the direction type is the mean of its three.

        It is None while a type has no answer: a mean of fewer types is another number. `mean` is
        over all samples.
        """
        means = dict(category_means(scored))
        direction = _mean_of_all([means.pop(name, None) for name in DIRECTION_TYPES])
        rest = [name for name in (*CHOICE_TYPES, *NUMBER_TYPES) if name not in DIRECTION_TYPES]
        return {
            "overall": _mean_of_all([direction, *(means.get(name) for name in rest)]),
            "object_rel_direction": direction,
            "mean": mean_score(scored),
        }


def read_answer(row: Row, where: str, *, choice: bool) -> tuple[tuple[str, ...], str]:
    """Options without letters (empty for an open question) and the truth of a row.

    Raises:
        SpatuneError: Options do not run A, B, ..., or the truth is none of them.
    """
    truth = text_field(row, "ground_truth", where)
    if not choice:
        return (), truth
    options = []
    for index, option in enumerate(list_field(row, "options", where)):
        match = _LETTERED.fullmatch(str(option))
        if match is None or match[1] != chr(ord("A") + index):
            raise SpatuneError(
                f"{where}: option {option!r} does not begin with '{chr(ord('A') + index)}. '"
            )
        options.append(match[2])
    truth = truth.upper()
    if len(truth) != 1 or not 0 <= ord(truth) - ord("A") < len(options):
        raise SpatuneError(f"{where}: ground_truth {truth!r} is the letter of no option")
    return tuple(options), truth


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    """The mean, or None if one is missing."""
    return None if None in values else mean_of(values)
