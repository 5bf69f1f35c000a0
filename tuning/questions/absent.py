"""`absent_categories`: common things that are certainly nowhere in a scene."""

from __future__ import annotations

from ..scenes.scene import Scene
from .lookalikes import alike

_FURNITURE = (
    "armchair",
    "bed",
    "box",
    "chair",
    "coffee machine",
    "desk",
    "desk lamp",
    "dining table",
    "dog bed",
    "dresser",
    "floor lamp",
    "fridge",
    "garbage bag",
    "house plant",
    "laptop",
    "painting",
    "shelving unit",
    "side table",
    "sink",
    "sofa",
    "statue",
    "stool",
    "TV stand",
    "teddy bear",
    "television",
    "toilet",
    "trash can",
)
"""What a fifth of ProcTHOR's houses or more have: the word alone does not give the answer away."""

_TABLEWARE = (
    "apple",
    "banana",
    "basket",
    "book",
    "bottle",
    "bowl",
    "box",
    "kettle",
    "knife",
    "laptop",
    "mug",
    "pan",
    "plate",
    "sponge",
    "spoon",
    "tray",
    "vase",
    "wine bottle",
)
"""What often lies on a table."""


def absent_categories(scene: Scene) -> tuple[str, ...]:
    """Common categories with nothing in the scene that could be taken for one of them.

    All of the scene's objects count, shown or not. A scene with rooms is asked about furniture, one
    without about things on a table.
    """
    present = sorted({thing.category for thing in scene.objects})
    common = _FURNITURE if scene.rooms else _TABLEWARE
    return tuple(name for name in common if not any(alike(name, other) for other in present))
