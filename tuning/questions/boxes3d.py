"""3D boxes of all objects of a category in one image, in camera coordinates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
from scipy.spatial.transform import Rotation

from ..scenes.box import Box
from ..scenes.pinhole import Pinhole
from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .masks import CLEAR_SHARE, Masks, draw_image
from .question import Draft
from .skill import Skill

LEAST_INSIDE = 0.95
"""Share of a box's outline that must lie within the image, or the object is truncated."""

LEAST_OPEN = 0.6
"""Share of a box's outline that must be in the image and not hidden by something in front."""

LEAST_FILLED = 0.12
"""Least visible pixels of an object over those of its box's outline."""

MOST_BOXES = 6

Numbers = tuple[float, float, float, float, float, float, float, float, float]

_TURNS = np.array(
    [
        np.diag(signs)[list(order)]
        for order in permutations(range(3))
        for signs in product((1.0, -1.0), repeat=3)
    ]
)
_HANDS = np.linalg.det(_TURNS).round()


def box_to_numbers(box: Box, camera: Pinhole) -> Numbers:
    """A box as VST writes it: x, y, z, sx, sy, sz, pitch, yaw, roll.

    The centre and the sizes are in metres, in camera coordinates (X right, Y down, Z forward:
    right-handed, while scenes are left-handed). The angles turn the box's own axes from those of
    the camera: pitch about X, then yaw about Y, then roll about Z of the camera (extrinsic xyz),
    each in degrees over 180.

    A box reads the same after quarter turns of its own axes. Of all such readings this is the one
    turned least, so that sx is roughly what lies across the image, sy what lies along its rows
    downwards and sz what lies along the view, and every angle is far from a right angle.
    """
    axes = box.axes @ camera.axes.T
    fitting = _TURNS[_HANDS == np.sign(np.linalg.det(axes))]
    closeness = np.einsum("nij,ji->n", fitting, axes)
    # Rounded, so that of equally good readings the first one wins on any machine.
    best = fitting[int(np.argmax(closeness.round(6)))]
    angles = Rotation.from_matrix((best @ axes).T).as_euler("xyz", degrees=True) / 180
    lengths = np.abs(best) @ box.lengths
    x, y, z = camera.to_camera(box.center).tolist()
    sx, sy, sz = lengths.tolist()
    pitch, yaw, roll = angles.tolist()
    return x, y, z, sx, sy, sz, pitch, yaw, roll


def boxes_text(boxes: Sequence[tuple[Numbers, str]]) -> str:
    """The fenced JSON list of boxes with labels: metres in centimetres, angles in thousandths."""
    items = [
        json.dumps({"bbox_3d": [_rounded(v, n) for n, v in enumerate(box)], "label": label})
        for box, label in boxes
    ]
    return "```json\n[\n  " + ",\n  ".join(items) + "\n]\n```"


def object_box_3d(subject: Subject, rng: np.random.Generator) -> Draft:
    """The boxes of all visible objects of a category; none of them is cut off, hidden or small."""
    place, masks, categories = draw_image(subject, rng, _boxable, "no whole object")
    category = categories[rng.integers(len(categories))]
    camera = masks.camera
    things = sorted(
        masks.groups[category], key=lambda thing: camera.project(thing.box.center)[2].item()
    )
    return Draft(
        question=(
            f"Detect the 3D bounding box of every {category} in the image. Camera coordinates are "
            "in meters: X points right, Y points down, Z points forward. The horizontal field of "
            f"view is {camera.horizontal_fov:.1f} degrees, the vertical one {camera.fov:.1f} "
            'degrees. Output a JSON list of {"bbox_3d": [x, y, z, x_size, y_size, z_size, pitch, '
            'yaw, roll], "label": name}, with the angles as extrinsic xyz Euler angles in degrees '
            "divided by 180."
        ),
        answer=boxes_text([(box_to_numbers(thing.box, camera), category) for thing in things]),
        key=(str(masks.frame_index), category),
        provenance={
            "category": category,
            "frame": masks.frame_index,
            "objects": [thing.id for thing in things],
            "open": [round(masks.exposure(thing).open, 4) for thing in things],
            "camera": {
                "width": camera.width,
                "height": camera.height,
                "focal": round(camera.focal, 4),
            },
        },
        frames=(place,),
    )


def _boxable(masks: Masks) -> list[str]:
    return [
        category
        for category, group in masks.groups.items()
        if len(group) <= MOST_BOXES and all(_is_whole(masks, thing) for thing in group)
    ]


def _is_whole(masks: Masks, thing: SceneObject) -> bool:
    if masks.share(thing.id) < CLEAR_SHARE:
        return False
    exposure = masks.exposure(thing)
    return (
        exposure.inside >= LEAST_INSIDE
        and exposure.open >= LEAST_OPEN
        and exposure.filled >= LEAST_FILLED
    )


def _rounded(value: float, number: int) -> float:
    # Adding zero turns -0.0 into 0.0.
    return round(value, 2 if number < 6 else 3) + 0.0


SKILLS = (
    Skill("object_box_3d", "MM", "3d boxes", "image", "boxes3d", object_box_3d, needs_labels=True),
)
