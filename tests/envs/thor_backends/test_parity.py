"""The controller in process and ai2thor's own Controller on the child tell the same story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from spatune.envs.thor_backends import ThorController, embedded_controller

pytest.importorskip("ai2thor", reason="pip install 'spatune[unity]' to compare with its client")


Story = tuple[list[Any], list[Any]]
"""The actions of the walk with what came of them, then the states after each of some resets."""


@pytest.fixture(scope="module")
def stories(
    play: Callable[[Any], list[Any]], house: dict[str, Any], options: dict[str, Any]
) -> tuple[Story, Story]:
    """What the controller in process tells, and what ai2thor's tells, from construction on."""

    def tell(controller: Any) -> Story:
        return play(controller), _resets(controller, house)

    with ThorController(scene=house, **options) as here:
        inside = tell(here)
    with embedded_controller(scene=house, server_timeout=60, **options) as there:
        outside = tell(there)
    return inside, outside


@pytest.fixture
def walks(stories: tuple[Story, Story]) -> tuple[list[Any], list[Any]]:
    return stories[0][0], stories[1][0]


def _resets(controller: Any, house: dict[str, Any]) -> list[Any]:
    states = []
    for changes in ({"width": 40, "height": 56}, {"gridSize": 0.1}, {}):
        states.append((dict(controller.reset(**changes).metadata), None))
        event = controller.step("MoveAhead")
        states.append((dict(event.metadata), np.array(event.frame)))
    event = controller.reset(house)
    states.append((dict(event.metadata), np.array(event.frame)))
    states.append((controller.initialization_parameters, None))
    states.append((sorted(controller.scenes_in_build), None))
    return states


def _same_image(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


def _same_images(ours: Any, theirs: Any) -> bool:
    return len(ours) == len(theirs) and all(map(_same_image, ours, theirs))


def _same_masks(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> bool:
    return set(ours) == set(theirs) and all(_same_image(ours[key], theirs[key]) for key in ours)


def test_the_walk_does_what_it_is_meant_to_do(walks: tuple[list[Any], list[Any]]) -> None:
    taken, _ = walks
    assert len(taken) == 200
    done = {step.action["action"] for step in taken if step.event}
    tried = {step.action["action"] for step in taken}
    assert tried - done == {"Fly"}
    failed = {step.action["action"] for step in taken if not step.event}
    assert {"Teleport", "LookDown", "MoveAhead", "PickupObject"} <= failed
    assert {type(step.error) for step in taken} == {type(None), ValueError, RuntimeError}
    assert max(len(step.event.third_party_camera_frames) for step in taken) == 2
    assert len({step.event.pose for step in taken}) > 80


def test_metadata_is_equal(walks: tuple[list[Any], list[Any]]) -> None:
    for ours, theirs in zip(*walks, strict=True):
        assert ours.event.metadata == dict(theirs.event.metadata), ours.action


def test_pixels_are_equal(walks: tuple[list[Any], list[Any]]) -> None:
    singles = (
        "frame",
        "depth_frame",
        "instance_segmentation_frame",
        "semantic_segmentation_frame",
    )
    lists = (
        "third_party_camera_frames",
        "third_party_depth_frames",
        "third_party_instance_segmentation_frames",
        "third_party_semantic_segmentation_frames",
    )
    for ours, theirs in zip(*walks, strict=True):
        for name in singles:
            same = _same_image(getattr(ours.event, name), getattr(theirs.event, name))
            assert same, (name, ours.action)
        for name in lists:
            same = _same_images(getattr(ours.event, name), getattr(theirs.event, name))
            assert same, (name, ours.action)


def test_errors_are_equal(walks: tuple[list[Any], list[Any]]) -> None:
    for ours, theirs in zip(*walks, strict=True):
        assert type(ours.error) is type(theirs.error), ours.action
        assert str(ours.error) == str(theirs.error)


def test_an_unknown_action_names_the_known_ones(walks: tuple[list[Any], list[Any]]) -> None:
    error = next(step.error for step in walks[0] if step.action["action"] == "Fly")
    assert "Fly" in str(error) and "MoveAhead" in str(error) and "\n" not in str(error)


def test_what_events_derive_is_equal(walks: tuple[list[Any], list[Any]]) -> None:
    for ours, theirs in list(zip(*walks, strict=True))[::10]:
        own, other = ours.event, theirs.event
        assert (own.pose, own.pose_discrete) == (other.pose, other.pose_discrete)
        assert bool(own) == bool(other)
        assert own.color_to_object_id == other.color_to_object_id
        assert own.object_id_to_color == other.object_id_to_color
        assert _same_masks(own.instance_masks, other.instance_masks)
        assert _same_masks(own.class_masks, other.class_masks)
        boxes, other_boxes = own.instance_detections2D, other.instance_detections2D
        assert (boxes is None) == (other_boxes is None)
        assert dict(boxes or {}) == dict(other_boxes or {})
        assert dict(own.class_detections2D) == dict(other.class_detections2D)
        for name in ("third_party_instance_masks", "third_party_class_masks"):
            pairs = zip(getattr(own, name), getattr(other, name), strict=True)
            assert all(_same_masks(*pair) for pair in pairs)


def test_resets_to_other_sizes_and_grids_are_equal(stories: tuple[Story, Story]) -> None:
    (_, inside), (_, outside) = stories
    assert inside[1][1].shape == (56, 40, 3)
    for ours, theirs in zip(inside, outside, strict=True):
        assert ours[0] == theirs[0]
        assert _same_image(ours[1], theirs[1])
