"""`read_meta_info`: real rooms in the format of VSI-Bench's public `meta_info` files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...envs.houses.fields import Field
from ...envs.houses.frames import AXES
from ...errors import SpatuneError, first_line
from .box import Box
from .scene import Scene, SceneObject, SceneRoom

BOUNDS_TOLERANCE = 0.01
"""Metres that `min` and `max` may differ from the bounds of the box that the other fields give."""


def read_meta_info(path: str | Path) -> tuple[Scene, ...]:
    """The scenes of a file, in its order, each with one room of known area.

    The file is a JSON object from a scene's name to its annotation: `dataset`, `room_size` (square
    metres), `object_counts` and `object_bbox` (per category a list of boxes with `centroid`,
    `axesLengths`, `normalizedAxes`, `min`, `max`). Its frame is right-handed with z up; a point
    (x, y, z) becomes (x, z, y) here.

    `normalizedAxes` holds the box's axes as *rows*: in all 549 boxes of the 36 public sample scenes
    this gives `min` and `max` within 0.01 mm, while columns miss by up to 1.7 m. Every box is
    checked for that. Boxes of ScanNet and ScanNet++ may be tilted, those of ARKitScenes are
    upright. Of the axes, the most vertical one becomes the box's own y and points up.

    Some scenes list the very same box twice (printers of ScanNet, which two of its labels name),
    while `object_counts` counts it once: it becomes one object.

    Raises:
        SpatuneError: The file cannot be read or is no JSON, or a field of a scene is missing or
            wrong; the message names the scene and the field.
    """
    path = Path(path)
    try:
        return _scenes(_load(path))
    except SpatuneError as error:
        raise SpatuneError(f"{path}: {error}") from None


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpatuneError("no such file; give the path of a meta_info file") from None
    except OSError as error:
        raise SpatuneError(f"cannot be read: {first_line(error)}") from None
    except (ValueError, RecursionError) as error:
        raise SpatuneError(f"not JSON, or cut off: {first_line(error)}") from None


def _scenes(source: Any) -> tuple[Scene, ...]:
    if not isinstance(source, dict) or not source:
        raise SpatuneError("expected a JSON object from names of scenes to their annotations")
    return tuple(_scene(name, Field(record, name)) for name, record in source.items())


def _scene(name: str, record: Field) -> Scene:
    objects: list[SceneObject] = []
    counts, boxes = record["object_counts"], record["object_bbox"]
    for category in sorted({*_names(counts), *_names(boxes)}):
        found = _different(boxes[category])
        count = counts[category].number(0)
        if count != len(found):
            raise counts[category].error(
                f"says {count:g}, but object_bbox has {len(found)} different boxes; correct either"
            )
        objects += [
            SceneObject(f"{category}-{place}", category, box) for place, box in enumerate(found, 1)
        ]
    room = SceneRoom("room", "", record["room_size"].number(0))
    return Scene(name, record["dataset"].text(), tuple(objects), (room,))


def _names(table: Field) -> list[str]:
    if not isinstance(table.value, dict):
        raise table.error("expected an object with a member for each category")
    return list(table.value)


def _different(table: Field) -> list[Box]:
    """The boxes of a category, each once."""
    boxes: dict[bytes, Box] = {}
    for record in table.items():
        box = _box(record)
        boxes.setdefault(np.concatenate([box.center, box.lengths, box.axes.ravel()]).tobytes(), box)
    return list(boxes.values())


def _box(record: Field) -> Box:
    center = _numbers(record["centroid"], 3)[AXES]
    lengths = _numbers(record["axesLengths"], 3, low=0.0)
    axes = _numbers(record["normalizedAxes"], 9).reshape(3, 3)[:, AXES]
    if np.abs(axes @ axes.T - np.eye(3)).max() > 1e-3:
        raise record["normalizedAxes"].error("expected perpendicular unit vectors, row by row")
    order = _upright_order(axes)
    axes, lengths = axes[order], lengths[order]
    axes[1] *= -1.0 if axes[1, 1] < 0 else 1.0
    axes[2] *= np.sign(np.linalg.det(axes))
    box = Box(center, axes, lengths)
    for key, bound in (("min", box.low), ("max", box.high)):
        wrong = np.abs(_numbers(record[key], 3)[AXES] - bound).max()
        if wrong > BOUNDS_TOLERANCE:
            raise record[key].error(
                f"{wrong:.2f} m away from what centroid, axesLengths and normalizedAxes say"
            )
    return box


def _upright_order(axes: np.ndarray) -> list[int]:
    """Order of the rows that makes the most vertical one the second."""
    up = int(np.abs(axes[:, 1]).argmax())
    return [(up - 1) % 3, up, (up + 1) % 3]


def _numbers(field: Field, count: int, low: float = -np.inf) -> np.ndarray:
    return np.array([item.number(low) for item in field.items(count)])
