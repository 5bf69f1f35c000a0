"""`SPARBench`: SPAR-Bench (arXiv 2503.22976): choices, amounts, and how a camera moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ...errors import SpatuneError
from ..benchmark import Scored, Variant, category_means, mean_of, mean_score
from ..rows import Row, text_field
from ..sample import Form, Sample
from ..scores.choice import choice_score
from ..scores.extraction import first_word, robust_choice, to_number
from ..scores.mra import mean_relative_accuracy
from ..scores.view_change import read_actions, view_change_score
from .letter_benchmark import ANSWER_BY_LETTER, embedded_options, truth_letter
from .row_benchmark import RowBenchmark, row_id, row_media
from .vsi_bench import BE_BRIEF, ZERO_TRUTH

LOW = (
    "depth_prediction_oc",
    "depth_prediction_oc_mv",
    "depth_prediction_oo",
    "depth_prediction_oo_mv",
    "distance_prediction_oc",
    "distance_prediction_oc_mv",
    "distance_prediction_oo",
    "distance_prediction_oo_mv",
)
"""Tasks that ask for an amount."""
VIEW_CHANGE = "view_change_infer"
MIDDLE = ("position_matching", "camera_motion_infer", VIEW_CHANGE)
HIGH = (
    "distance_infer_center_oo",
    "distance_infer_center_oo_mv",
    "obj_spatial_relation_oc_mv",
    "obj_spatial_relation_oo",
    "obj_spatial_relation_oo_mv",
    "spatial_imagination_oc",
    "spatial_imagination_oc_mv",
    "spatial_imagination_oo",
    "spatial_imagination_oo_mv",
)
LEVELS = {"low": LOW, "middle": MIDDLE, "high": HIGH}

BOX_SCALE = (
    "The values represent the bounding box coordinates normalized to a 0-1000 scale, "
    "with the top-left corner as the origin of the image."
)

_AMOUNT = re.compile(r"(?<!\^)\d+\.\d+|(?<!\^)\d+")
_HEADER = re.compile(r"\s*(?:Options|Choices)?:?\s*$")


class SPARBench(RowBenchmark):
    """Rows {id?, task, question, answer, image, img_type?}; options stand in the question."""

    name = "spar"
    title = "SPAR-Bench"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="official",
            extractor="first-word",
            scoring="accuracy, mra <=, view change",
            summary="The benchmark's own harness.",
        ),
        Variant(
            "robust",
            prompt="official",
            extractor="robust",
            scoring="accuracy, mra <=, view change",
            summary="Its prompt and score, but a letter in a sentence is read too.",
        ),
    )
    max_new_tokens = 64

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; an amount whose truth is zero has a `skip` reason."""
        task = text_field(row, "task", where)
        if not any(task in tasks for tasks in LEVELS.values()):
            raise SpatuneError(f"{where}: task {task!r} is not one of SPAR-Bench's")
        question, truth = text_field(row, "question", where), text_field(row, "answer", where)
        media, skip = row_media(row, ("image", "images"), where, folder)
        options: tuple[str, ...] = ()
        form: Form = "number" if task in LOW else "text"
        if task in LOW and (to_number(truth) or 0) <= 0:
            skip = ZERO_TRUTH
        elif task == VIEW_CHANGE and read_actions(truth) is None:
            raise SpatuneError(f"{where}: answer {truth!r} names no movement such as move_left:0.5")
        elif form == "text" and task != VIEW_CHANGE:
            stem, options = embedded_options(question, ".")
            if options:
                question, form = _HEADER.sub("", stem), "choice"
                truth = truth_letter(truth, options, where)
        return Sample(
            id=row_id(row, number, "id"),
            benchmark=self.name,
            category=task,
            scene="",
            question=question,
            options=options,
            truth=truth,
            form=form,
            media=media,
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question and options, then the wish of the task."""
        lines = [sample.question, *sample.lettered]
        if sample.category in LOW:
            return "\n".join([*lines, BE_BRIEF])
        if sample.category == VIEW_CHANGE:
            return sample.question
        scale = [BOX_SCALE] if sample.category in MIDDLE else []
        return "\n".join([*lines, *scale, ANSWER_BY_LETTER])

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """A letter, an amount, or the movements; amounts of several views come last, as published.

        A choice is the first word without its full stop.
        """
        if sample.category in LOW:
            amounts = _AMOUNT.findall(raw)
            return (amounts[-1 if sample.category.endswith("_mv") else 0]) if amounts else None
        if sample.category == VIEW_CHANGE:
            actions = read_actions(raw)
            if actions is None:
                return None
            return ",".join(f"{name}:{amount}" for name, amount in actions.items())
        if variant.extractor == "robust" and sample.options:
            return robust_choice(raw, sample.letters, sample.options)
        return first_word(raw) or None

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """Right or wrong, MRA, or the mean over the axes of a movement; no answer is 0."""
        if sample.category in LOW:
            return mean_relative_accuracy(to_number(extracted), float(sample.truth))
        if sample.category == VIEW_CHANGE:
            return view_change_score(
                read_actions(extracted or ""), read_actions(sample.truth) or {}
            )
        return choice_score(extracted, sample.truth)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall`: the mean of the tasks' means; the same for `low`, `middle`, `high`."""
        means = category_means(scored)
        totals = {"overall": mean_of(means.values())}
        for level, tasks in LEVELS.items():
            totals[level] = mean_of(means.get(task) for task in tasks)
        return {**totals, "mean": mean_score(scored)}
