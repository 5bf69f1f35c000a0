"""`SunRGBD3D`: SUN RGB-D boxes from a question for each category in a picture, as AP@15.

The score is that of Omni3D (Brazil et al. 2023, arXiv:2207.10660).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from ...agent.answers import AnswerError, parse_boxes3d
from ...agent.boxes.corners import AngleUnit, box_corners
from ...errors import SpatuneError
from ..benchmark import Scored, Variant
from ..boxes.average_precision import DEPTHS, BoxCase, BoxScores, average_precision
from ..rows import Row, list_field, read_rows, text_field
from ..sample import Sample
from .row_benchmark import RowBenchmark, row_media

FULL_TRUNCATION = 0.99
"""A box of which this share lies outside the picture is ignored; Omni3D's threshold."""
NO_VISIBILITY = 0.01
"""A box of which no more than this share can be seen is ignored."""
MOST_HEIGHT = 1.5
"""A box whose projection is this many pictures high is ignored."""

_UNIT_WORDS: Mapping[AngleUnit, str] = {
    "degrees": "in degrees",
    "radians": "in radians",
    "half_turns": "as a share of 180 degrees, from -1 to 1",
}


class SunRGBD3D(RowBenchmark):
    """Rows {uid, image_path, height, width, category, camera_intrinsics, answer}.

    `answer` is a list of boxes of nine numbers: x, y, z, three sizes (metres, camera frame with x
    right, y down, z forward), pitch, yaw, roll (degrees). `truncation` and `visibility`, a number
    in 0..1 for each box or -1 for unknown, are read where a row has them. All boxes of an answer
    have the score 1, so the order of the rows is part of the score.
    """

    name = "sunrgbd-3d"
    title = "SUN RGB-D 3D detection"
    variants: ClassVar[tuple[Variant, ...]] = tuple(
        Variant(
            name,
            prompt=name,
            extractor="json-boxes",
            scoring="AP@15",
            summary=f"Boxes of the answer have their angles {words}.",
        )
        for name, words in _UNIT_WORDS.items()
    )
    max_new_tokens = 1024
    resamples = 0

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        camera = row.get("camera_intrinsics")
        if not isinstance(camera, dict):
            raise SpatuneError(f"{where}: field 'camera_intrinsics' is missing or not an object")
        boxes = _boxes(list_field(row, "answer", where), where)
        media, skip = row_media(row, ("image_path",), where, folder)
        intrinsics = {name: _number(camera, name, where) for name in ("fx", "fy", "cx", "cy")}
        return Sample(
            id=text_field(row, "uid", where),
            benchmark=self.name,
            category=text_field(row, "category", where),
            scene=str(row["image_path"]) if isinstance(row["image_path"], str) else "",
            question=f"Find every {text_field(row, 'category', where)} in the picture.",
            options=(),
            truth=json.dumps(boxes),
            form="boxes3d",
            media=media,
            extra={
                "row": number,
                "camera": intrinsics,
                "width": _number(row, "width", where),
                "height": _number(row, "height", where),
                "truncation": _shares(row, "truncation", len(boxes), where),
                "visibility": _shares(row, "visibility", len(boxes), where),
            },
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """The category, the camera, and the form of a box."""
        camera = ", ".join(f"{name}={value:g}" for name, value in sample.extra["camera"].items())
        words = _UNIT_WORDS[_unit(variant)]
        return (
            f"{sample.question} The picture is {sample.extra['width']:g} x "
            f"{sample.extra['height']:g} pixels; camera: {camera}. Give each as a 3D box in the "
            "camera frame (x right, y down, z forward): a JSON list with one list of nine numbers "
            "for each, [x, y, z, x_size, y_size, z_size, pitch, yaw, roll], the first six in "
            f"metres, the angles {words}."
        )

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """The boxes as a JSON list of lists of nine numbers; None where the text holds no list."""
        try:
            boxes = parse_boxes3d(raw).boxes
        except AnswerError:
            return None
        numbers = []
        for box in boxes:
            # A yaw alone turns about the vertical axis of the camera, which is y.
            angles = box.angles if len(box.angles) == 3 else (0.0, box.angles[0], 0.0)
            numbers.append([*box.center, *box.size, *angles])
        return json.dumps(numbers)

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> None:
        """None: only all answers together have a score."""
        return None

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is AP@15; also AP over all thresholds, AP@25, AP@50, by depth, and recall."""
        scores = box_scores(scored, variant)
        totals = {
            "overall": scores.ap(0.15),
            "AP@25": scores.ap(0.25),
            "AP@50": scores.ap(0.5),
            "AP@5:50": scores.ap(),
            **{f"AP@5:50 {depth}": scores.ap(depth=depth) for depth in DEPTHS if depth != "all"},
            **{f"AR@5:50 {n}": scores.ar(max_detections=n) for n in (1, 10, 100)},
        }
        return {name: value if isfinite(value) else None for name, value in totals.items()}


def box_scores(scored: Sequence[Scored], variant: Variant) -> BoxScores:
    """All scores of answers, in the order of the benchmark's rows.

    Args:
        scored: Samples of `SunRGBD3D` with what `extract` read.
        variant: Says in which unit the angles of the answers are.
    """
    in_order = sorted(scored, key=lambda one: one.sample.extra["row"])
    return average_precision([_case(one, _unit(variant)) for one in in_order])


def score_predictions(data: Path, predictions: Path, variant: str | None = None) -> BoxScores:
    """Scores of a file of predictions {uid, answer}; the answer is boxes, or a model's text.

    Args:
        data: The benchmark's rows.
        predictions: Rows for all of these and no others, in any order.
        variant: Unit of the angles of the predictions; by default degrees.

    Raises:
        SpatuneError: A row lacks a field, or the two files differ in their uids.
    """
    benchmark = SunRGBD3D()
    chosen = benchmark.variant(variant)
    texts: dict[str, str] = {}
    for number, row in enumerate(read_rows(predictions), 1):
        where = f"{predictions}: row {number}"
        uid = text_field(row, "uid", where)
        if uid in texts:
            raise SpatuneError(f"{where}: a second prediction for {uid!r}")
        if row.get("answer") is None:
            raise SpatuneError(f"{where}: field 'answer' is missing")
        answer = row["answer"]
        texts[uid] = answer if isinstance(answer, str) else json.dumps(answer)
    samples = benchmark.load(data)
    differing = sorted({sample.id for sample in samples} ^ texts.keys())
    if differing:
        raise SpatuneError(f"{predictions} and {data} differ in the uid {differing[0]!r}")
    return box_scores(
        [
            Scored(sample, benchmark.extract(texts[sample.id], sample, chosen), None)
            for sample in samples
        ],
        chosen,
    )


def ignored_boxes(sample: Sample) -> np.ndarray:
    """(G,) bool: true boxes that need not be found, by Omni3D's rules.

    A box is ignored when it lies outside the picture, cannot be seen, has its centre behind the
    camera, or is projected to no height or to 1.5 pictures' height and more.
    """
    corners = box_corners(json.loads(sample.truth))
    camera, extra = sample.extra["camera"], sample.extra
    depth = corners[:, :, 2]
    # Corners behind the camera have no place in the picture.
    seen = depth > 1e-3
    rows = camera["fy"] * corners[:, :, 1] / np.where(seen, depth, 1.0) + camera["cy"]
    top = np.where(seen, rows, np.inf).min(axis=1)
    bottom = np.where(seen, rows, -np.inf).max(axis=1)
    height = np.where(seen.any(axis=1), bottom - top, 0.0)
    return (
        (depth.mean(axis=1) <= 0)
        | (height <= 0)
        | (height >= MOST_HEIGHT * extra["height"])
        | (np.array(extra["truncation"]) >= FULL_TRUNCATION)
        | ((np.array(extra["visibility"]) >= 0) & (np.array(extra["visibility"]) <= NO_VISIBILITY))
    )


def _case(one: Scored, unit: AngleUnit) -> BoxCase:
    sample = one.sample
    answer = box_corners(json.loads(one.extracted or "[]"), angles=unit)
    truth = box_corners(json.loads(sample.truth))
    return BoxCase(sample.category, truth, answer, ignored_boxes(sample))


def _unit(variant: Variant) -> AngleUnit:
    return cast(AngleUnit, variant.name)


def _boxes(items: list[Any], where: str) -> list[list[float]]:
    for item in items:
        numbers = item if isinstance(item, list) else []
        if len(numbers) != 9 or not all(_is_number(value) for value in numbers):
            raise SpatuneError(f"{where}: field 'answer' holds a box that is not nine numbers")
    return [[float(value) for value in item] for item in items]


def _shares(row: Row, name: str, count: int, where: str) -> list[float]:
    """A number for each box, -1 for unknown."""
    values = row.get(name)
    if values is None:
        return [-1.0] * count
    if not isinstance(values, list) or len(values) != count or not all(map(_is_number, values)):
        raise SpatuneError(f"{where}: field {name!r} is not a list of {count} numbers")
    return [float(value) for value in values]


def _number(row: Row, name: str, where: str) -> float:
    value = row.get(name)
    if not _is_number(value):
        raise SpatuneError(f"{where}: field {name!r} is missing or not a number")
    return float(cast(float, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
