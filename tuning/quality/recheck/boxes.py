"""3D boxes of an answer against the corners of meshes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...questions.question import Question
from .film import Film
from .finding import Finding, together
from .look import TWIN
from .reading import read

AGREED = 0.02
BAND = 0.03
"""Metres between corners; numbers are rounded to centimetres, angles to a thousandth of a half
turn, which is 5 mm at a metre from the middle."""

_ANGLE = 0.0005 * np.pi


def boxes(film: Film, question: Question) -> Finding:
    """Corners of the nine numbers against those of the meshes' bounds, in the camera's axes."""
    (name,) = read(r"Detect the 3D bounding box of every (.+) in the image\. .*", question.question)
    (text,) = read(r"```json\n(.+)\n```", question.answer)
    items = json.loads(text)
    look = film.look(question.frames[0])
    group = film.house.categories.get(name, ())
    things = [thing for thing in group if look.share(thing) >= TWIN]
    if len(things) != len(items) or any(item["label"] != name for item in items):
        return Finding("disagree", f"{len(things)} things")
    found = [_corners(item["bbox_3d"]) for item in items]
    true = [look.in_camera(thing.corners) for thing in things]
    off = np.array([[_apart(one, other) for other in true] for one in found])
    rows, columns = linear_sum_assignment(off)
    return together(
        _finding(float(off[row, column]), true[column])
        for row, column in zip(rows, columns, strict=True)
    )


def _finding(metres: float, corners: np.ndarray) -> Finding:
    half = float(np.linalg.norm(np.ptp(corners, axis=0))) / 2
    slack = 2 * half * _ANGLE
    text = f"corners {metres:.3f} m apart"
    if metres <= AGREED + slack:
        return Finding("agree", text)
    return Finding("in band" if metres <= BAND + slack else "disagree", text)


def _corners(numbers: Sequence[float]) -> np.ndarray:
    """(8, 3): X, then Y, then Z of the camera are what the box is turned about."""
    x, y, z = np.array(numbers[6:]) * np.pi
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    signs = np.array(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5])).reshape(3, -1).T
    turned = (signs * np.array(numbers[3:6])) @ (about_z @ about_y @ about_x).T
    return turned + np.array(numbers[:3])


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    """Greatest distance from a corner of either to the nearest one of the other."""
    metres = np.linalg.norm(first[:, None] - second[None], axis=2)
    return float(max(metres.min(axis=0).max(), metres.min(axis=1).max()))
