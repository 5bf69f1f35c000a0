"""`average_precision`: AP of 3D boxes as Omni3D scores it.

The rules are of COCO's evaluation with what Omni3D (Brazil et al. 2023, arXiv:2207.10660) changed:
exact 3D IoU, thresholds 0.05 to 0.50, ranges of depth in place of ranges of area.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ...agent.boxes.iou import box_iou
from ...errors import SpatuneError

IOU_THRESHOLDS = np.linspace(0.05, 0.50, 10)
"""Least IoU of a match: 0.05, 0.10, ... 0.50."""
RECALLS = np.linspace(0.0, 1.0, 101)
"""Where the curve of precision over recall is read."""
DEPTHS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"all": (0.0, 1e5), "near": (0.0, 10.0), "medium": (10.0, 35.0), "far": (35.0, 1e5)}
)
"""Ranges of the depth (m, z of the centre); both ends belong to a range."""
MAX_DETECTIONS = (1, 10, 100)
"""How many boxes of an answer count, from its start."""


@dataclass(frozen=True)
class BoxCase:
    """The boxes of one category in one picture: what is there and what was answered."""

    category: str
    """Name of the category."""
    truth: np.ndarray
    """(G, 8, 3) corners of the true boxes, in metres, in the camera frame (z forward)."""
    answer: np.ndarray
    """(D, 8, 3) corners of the boxes of the answer, in its order; all have the score 1."""
    ignored: np.ndarray
    """(G,) bool: true boxes that need not be found, and whose match counts neither way."""


@dataclass(frozen=True)
class BoxScores:
    """Precision and recall of every category, IoU threshold, range of depth and limit."""

    categories: tuple[str, ...]
    """Names of the categories, sorted."""
    precision: np.ndarray
    """(10, 101, K, 4, 3): IoU threshold, recall, category, depth, limit; NaN: nothing to find."""
    recall: np.ndarray
    """(10, K, 4, 3): the recall reached."""

    def ap(
        self,
        iou: float | None = None,
        *,
        category: str | None = None,
        depth: str = "all",
        max_detections: int = 100,
    ) -> float:
        """Average precision in [0, 1]; NaN where there is nothing to find.

        Args:
            iou: One threshold of `IOU_THRESHOLDS`, as 0.15 for AP@15; None: mean over all.
            category: One category; None: mean over the categories that have something to find.
            depth: A name of `DEPTHS`.
            max_detections: A number of `MAX_DETECTIONS`.

        Raises:
            SpatuneError: if a name or number is not one of those.
        """
        part = self.precision[_row(iou)]
        return _mean(part[:, :, self._columns(category), *_place(depth, max_detections)])

    def ar(
        self,
        iou: float | None = None,
        *,
        category: str | None = None,
        depth: str = "all",
        max_detections: int = 100,
    ) -> float:
        """Recall in [0, 1]; arguments and errors are those of `ap`."""
        part = self.recall[_row(iou)]
        return _mean(part[:, self._columns(category), *_place(depth, max_detections)])

    def _columns(self, category: str | None) -> list[int]:
        if category is None:
            return list(range(len(self.categories)))
        if category not in self.categories:
            known = ", ".join(self.categories)
            raise SpatuneError(f"No boxes of the category {category!r}; it has {known}.")
        return [self.categories.index(category)]


def average_precision(cases: Sequence[BoxCase]) -> BoxScores:
    """Score answers of boxes.

    All answers have the same confidence, so the curve runs over them in the order of the cases, and
    another order of cases can move the score a little: keep that of the benchmark's file.

    Args:
        cases: One for each category asked about in a picture.

    Returns:
        The scores by category, threshold, depth and limit.
    """
    categories = tuple(sorted({case.category for case in cases}))
    shape = (len(IOU_THRESHOLDS), len(categories), len(DEPTHS), len(MAX_DETECTIONS))
    precision = np.full((shape[0], len(RECALLS), *shape[1:]), np.nan)
    recall = np.full(shape, np.nan)
    for k, category in enumerate(categories):
        own = [case for case in cases if case.category == category]
        overlaps = [box_iou(case.answer[: MAX_DETECTIONS[-1]], case.truth)[1] for case in own]
        for a, limits in enumerate(DEPTHS.values()):
            matches = [_match(c, o, limits) for c, o in zip(own, overlaps, strict=True)]
            for m, most in enumerate(MAX_DETECTIONS):
                found = sum(match.to_find for match in matches)
                if found:
                    curve = _curve(matches, most, found)
                    precision[:, :, k, a, m], recall[:, k, a, m] = curve
    return BoxScores(categories, precision, recall)


@dataclass(frozen=True)
class _Match:
    """What became of the boxes of one answer at each IoU threshold."""

    hit: np.ndarray
    """(10, D) bool: matched."""
    skipped: np.ndarray
    """(10, D) bool: counts neither way."""
    to_find: int
    """True boxes that are not ignored."""


def _match(case: BoxCase, overlaps: np.ndarray, limits: tuple[float, float]) -> _Match:
    """Give each box of the answer, in order, the best true box that is left (COCO's rule)."""
    ignored = case.ignored | _outside(case.truth, limits)
    order = np.argsort(ignored, kind="stable")
    ignored, overlaps = ignored[order], overlaps[:, order]
    shape = (len(IOU_THRESHOLDS), len(overlaps))
    hit, skipped = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for t, threshold in enumerate(IOU_THRESHOLDS):
        taken = np.zeros(len(ignored), dtype=bool)
        for d, row in enumerate(overlaps):
            able = ~taken & (row >= threshold)
            # An ignored box is a match only where no other true box is.
            if (able & ~ignored).any():
                able &= ~ignored
            if not able.any():
                continue
            best = np.flatnonzero(able & (row == row[able].max()))[-1]
            taken[best], hit[t, d], skipped[t, d] = True, True, ignored[best]
    far = _outside(case.answer[: len(overlaps)], limits)
    return _Match(hit, skipped | (~hit & far), int((~ignored).sum()))


def _curve(matches: Sequence[_Match], most: int, to_find: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision at the 101 recalls, (10, 101), and the recall reached, (10,)."""
    hit = np.concatenate([match.hit[:, :most] for match in matches], axis=1)
    counts = ~np.concatenate([match.skipped[:, :most] for match in matches], axis=1)
    right, wrong = np.cumsum(hit & counts, axis=1), np.cumsum(~hit & counts, axis=1)
    precision = np.zeros((len(IOU_THRESHOLDS), len(RECALLS)))
    if not hit.shape[1]:
        return precision, np.zeros(len(IOU_THRESHOLDS))
    recall = right / to_find
    raw = right / np.maximum(right + wrong, 1)
    falling = np.maximum.accumulate(raw[:, ::-1], axis=1)[:, ::-1]
    for t in range(len(IOU_THRESHOLDS)):
        places = np.searchsorted(recall[t], RECALLS, side="left")
        reached = places < hit.shape[1]
        precision[t, reached] = falling[t, places[reached]]
    return precision, recall[:, -1]


def _outside(corners: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """(N,) bool: the depth of the centre is out of the range."""
    if not len(corners):
        return np.zeros(0, dtype=bool)
    depth = corners[:, :, 2].mean(axis=1)
    return (depth < limits[0]) | (depth > limits[1])


def _row(iou: float | None) -> np.ndarray:
    """Indices of the thresholds that are meant."""
    if iou is None:
        return np.arange(len(IOU_THRESHOLDS))
    rows = np.flatnonzero(np.isclose(IOU_THRESHOLDS, iou))
    if not len(rows):
        raise SpatuneError(f"No IoU threshold {iou}; choose one of 0.05, 0.10, ... 0.50.")
    return rows


def _place(depth: str, max_detections: int) -> tuple[int, int]:
    """Index of the range of depth and of the limit."""
    if depth not in DEPTHS or max_detections not in MAX_DETECTIONS:
        raise SpatuneError(
            f"No score for depth {depth!r} and {max_detections} boxes; depths are "
            f"{', '.join(DEPTHS)}, numbers of boxes are 1, 10 and 100."
        )
    return list(DEPTHS).index(depth), MAX_DETECTIONS.index(max_detections)


def _mean(values: np.ndarray) -> float:
    """Mean of what is not NaN."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
