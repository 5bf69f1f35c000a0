"""`boxes_accuracy`: how well labelled 3D boxes fit (VST's detection reward, made label-aware)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...agent.answers import AnswerError, Box3D, parse_boxes3d
from ...agent.boxes.corners import box_corners
from ...agent.boxes.iou import box_iou

FOUND_IOU = 0.25
"""Least IoU at which a box counts as found in the F1 score."""

LEAST_SIZE = 0.01
"""Sizes (m) are at least this, the step of the data's texts: a thing 0.00 m thin is a box too."""

FARTHEST = 1e4
"""Coordinate or size (m) above which a box overlaps nothing."""


def boxes_accuracy(truth: str, answer: str) -> float | None:
    """Half the matched IoU over the number of true boxes, and half the F1 score at IoU 0.25.

    Each box is matched with at most one true box of the same label. Of all matchings the one with
    the highest score counts, not the one with the most IoU: only so no better box ever costs a
    point. Angles are extrinsic xyz Euler angles in degrees over 180; of a box with yaw alone the
    other two are 0.

    Args:
        truth: JSON list of boxes.
        answer: Without reasoning.

    Returns:
        Score in [0, 1]; None where the answer is no list of boxes.

    Raises:
        AnswerError: The truth is no list of boxes.
    """
    wanted = parse_boxes3d(truth).boxes
    try:
        given = parse_boxes3d(answer).boxes
    # Beyond broken JSON: whole numbers of more digits than Python reads.
    except (AnswerError, ValueError):
        return None
    if not wanted or not given:
        return float(len(wanted) == len(given))
    _, ious = box_iou(_corners(given), _corners(wanted))  # (G, W)
    same = np.array([[_label(a) == _label(b) for b in wanted] for a in given])
    return best_matching(np.where(same, ious, 0.0))


def best_matching(ious: np.ndarray) -> float:
    """The highest score of any matching of G given with W true boxes, whose IoUs are (G, W).

    The F1 score is twice the number of found boxes over G + W, so that each pair adds its own
    share to the score and the best matching is an assignment problem.
    """
    given, wanted = ious.shape
    worth = 0.5 * ious / wanted + (ious >= FOUND_IOU) / (given + wanted)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return float(min(worth[rows, columns].sum(), 1.0))


def _corners(boxes: tuple[Box3D, ...]) -> np.ndarray:
    numbers = np.zeros((len(boxes), 9))
    for row, box in zip(numbers, boxes, strict=True):
        angles = box.angles if len(box.angles) == 3 else (0.0, box.angles[0], 0.0)
        size = np.maximum(box.size, LEAST_SIZE)
        place = np.array([*box.center, *size])
        if np.abs(place).max() <= FARTHEST and np.abs(angles).max() <= FARTHEST:
            row[:] = [*place, *angles]
    # A row of zeros is no box, so that it overlaps nothing.
    return box_corners(numbers, angles="half_turns")


def _label(box: Box3D) -> str:
    return " ".join((box.label or "").lower().split())
