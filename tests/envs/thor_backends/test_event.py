"""Masks and boxes equal those that ai2thor's own Event makes of the same bytes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spatune.envs.embedded import View
from spatune.envs.thor_backends.event import Event
from spatune.envs.thor_backends.masks import SegmentedImage

NAMES = ("Mug|1", "Mug|2", "Fridge|1|0", "Bowl|0", "wall|a|b", "Sky", "Mug", "Spoon|9")
COLORS = [[number, 7 * number, 255 - number] for number in range(1, len(NAMES) + 3)]


def _metadata(width: int, height: int) -> dict[str, Any]:
    """Metadata with a colour for each name; two more colours have no name."""
    colors = [{"name": n, "color": c} for n, c in zip(NAMES, COLORS, strict=False)]
    return {
        "screenWidth": width,
        "screenHeight": height,
        "colors": colors,
        "objects": [],
        "lastActionSuccess": True,
        "depthFormat": "Meters",
    }


def _ids(labels: np.ndarray) -> np.ndarray:
    return np.dstack([np.array(COLORS, np.uint8)[labels], np.full(labels.shape, 255, np.uint8)])


def _theirs(ids: np.ndarray, metadata: dict[str, Any] | None = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("ai2thor.server", reason="pip install 'spatune[unity]'")
    height, width = ids.shape[:2]
    event = server.Event(metadata or _metadata(width, height))
    event.add_image_ids(ids[::-1].tobytes())
    event.add_third_party_image_ids(ids[::-1].tobytes())
    return event


def _assert_same(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> None:
    assert sorted(ours) == sorted(theirs) and len(ours) == len(theirs)
    for name, mask in theirs.items():
        assert name in ours and ours[name].dtype == bool
        assert np.array_equal(ours[name], mask), name


# ai2thor's own masks lose an axis where a side is one pixel.
SIDES = st.tuples(st.integers(2, 9), st.integers(2, 9))
LABELS = arrays.arrays(np.intp, SIDES, elements=st.integers(0, len(COLORS) - 1))


@settings(deadline=None)
@given(LABELS)
def test_masks_and_boxes_are_those_of_ai2thor(labels: np.ndarray) -> None:
    ids = _ids(labels)
    theirs = _theirs(ids)
    view = View(instances=ids)
    ours = Event(_metadata(ids.shape[1], ids.shape[0]), view, (view,))
    _assert_same(ours.instance_masks, theirs.instance_masks)
    _assert_same(ours.class_masks, theirs.class_masks)
    _assert_same(ours.third_party_instance_masks[0], theirs.third_party_instance_masks[0])
    _assert_same(ours.third_party_class_masks[0], theirs.third_party_class_masks[0])
    assert dict(ours.instance_detections2D or {}) == dict(theirs.instance_detections2D)
    assert dict(ours.class_detections2D) == dict(theirs.class_detections2D)
    assert ours.color_to_object_id == theirs.color_to_object_id
    background = theirs.class_masks.mask("background")
    assert ("background" in ours.class_masks) == (background is not None)
    if background is not None:
        assert np.array_equal(ours.class_masks["background"], background)


def test_names_that_are_not_in_the_picture_are_not_there() -> None:
    image = SegmentedImage(_ids(np.zeros((3, 4), np.intp)), _metadata(4, 3)["colors"])
    assert list(image.instance_masks) == ["Mug|1"] and "Bowl|0" not in image.instance_masks
    for mapping in (image.instance_masks, image.class_masks, image.instance_boxes):
        with pytest.raises(KeyError):
            mapping["Bowl|0"]
    assert image.instance_boxes["Mug|1"] == (0, 0, 3, 2)
    assert image.instance_masks["Mug|1"] is image.instance_masks["Mug|1"]


def test_hundreds_of_objects_in_one_picture() -> None:
    labels = np.arange(400).reshape(20, 20)
    ids = np.zeros((20, 20, 4), np.uint8)
    ids[..., 0], ids[..., 1], ids[..., 3] = labels % 256, labels // 256, 255
    colors = [{"name": f"Cup|{n}", "color": [n % 256, n // 256, 0]} for n in range(400)]
    image = SegmentedImage(ids, colors)
    for number in (0, 255, 256, 399):
        assert np.array_equal(image.instance_masks[f"Cup|{number}"], labels == number)
    assert image.class_masks["Cup"].all() and len(image.class_boxes["Cup"]) == 400


def test_all_masks_cost_less_than_half_of_ai2thors() -> None:
    rng = np.random.default_rng(0)
    ids = np.full((224, 224, 4), 255, np.uint8)
    colors = []
    for number in range(100):
        color = [number * 67 % 256, number * 131 % 256, number]
        colors.append({"name": f"Type{number % 30}|{number}", "color": color})
        (row, column), (height, width) = rng.integers(0, 200, 2), rng.integers(2, 60, 2)
        ids[row : row + height, column : column + width, :3] = color
    metadata = {**_metadata(224, 224), "colors": colors}

    def seconds(make: Callable[[], Any]) -> float:
        event = make()
        began = time.perf_counter()
        for mapping in (event.instance_masks, event.class_masks, event.instance_detections2D):
            dict(mapping)
        return time.perf_counter() - began

    runs = [
        (
            seconds(lambda: Event(metadata, View(instances=ids))),
            seconds(lambda: _theirs(ids, metadata)),
        )
        for _ in range(20)
    ]
    ours, theirs = (min(times) for times in zip(*runs, strict=True))
    assert ours < theirs / 2
