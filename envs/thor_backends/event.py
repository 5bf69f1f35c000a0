"""`Event`: what a controller's `step` returns, with the attributes of AI2-THOR's Event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .masks import SegmentedImage

if TYPE_CHECKING:
    from ..embedded.reply import View


class Event:
    """The world after an action. True when the action succeeded.

    Images have row 0 on top; an image that was not asked for is None, and its mappings are empty.
    Masks and boxes are computed when they are read.

    Attributes:
        metadata: AI2-THOR's metadata of the agent, with `objects`.
        frame: RGB, uint8 (H, W, 3).
        depth_frame: Metres along the camera's axis, float32 (H, W).
        instance_segmentation_frame: Colour of the object in each pixel, uint8 (H, W, 3).
        semantic_segmentation_frame: Colour of the object's type in each pixel, uint8 (H, W, 3).
        instance_masks: Object id -> bool (H, W).
        class_masks: Object type -> bool (H, W).
        instance_detections2D: Object id -> (left, top, right, bottom), pixels of the object; None
            without instance segmentation, as AI2-THOR has it.
        class_detections2D: Object type -> the box of each of its objects.
        color_to_object_id: (r, g, b) -> name.
        object_id_to_color: Name -> (r, g, b).
        third_party_camera_frames, third_party_depth_frames,
        third_party_instance_segmentation_frames, third_party_semantic_segmentation_frames,
        third_party_instance_masks, third_party_class_masks: The same for third-party cameras,
            a list entry each.
    """

    def __init__(
        self, metadata: dict[str, Any], view: View, third_party: Sequence[View] = ()
    ) -> None:
        self.metadata = metadata
        self.screen_width: int = metadata["screenWidth"]
        self.screen_height: int = metadata["screenHeight"]
        colors = metadata["colors"] or ()
        self.color_to_object_id = {tuple(entry["color"]): entry["name"] for entry in colors}
        self.object_id_to_color = {entry["name"]: tuple(entry["color"]) for entry in colors}

        self.frame = view.rgb
        self.depth_frame = view.depth
        self.instance_segmentation_frame = _without_alpha(view.instances)
        self.semantic_segmentation_frame = _without_alpha(view.classes)
        self.instance_masks: Mapping[str, np.ndarray] = {}
        self.class_masks: Mapping[str, np.ndarray] = {}
        self.instance_detections2D: Mapping[str, tuple[int, int, int, int]] | None = None
        self.class_detections2D: Mapping[str, tuple[tuple[int, int, int, int], ...]] = {}
        if view.instances is not None:
            image = SegmentedImage(view.instances, colors)
            self.instance_masks, self.class_masks = image.instance_masks, image.class_masks
            self.instance_detections2D = image.instance_boxes
            self.class_detections2D = image.class_boxes

        self.third_party_camera_frames = _there(view.rgb for view in third_party)
        self.third_party_depth_frames = _there(view.depth for view in third_party)
        ids = _there(view.instances for view in third_party)
        classes = _there(view.classes for view in third_party)
        self.third_party_instance_segmentation_frames = [image[..., :3] for image in ids]
        self.third_party_semantic_segmentation_frames = [image[..., :3] for image in classes]
        images = [SegmentedImage(image, colors) for image in ids]
        self.third_party_instance_masks = [image.instance_masks for image in images]
        self.third_party_class_masks = [image.class_masks for image in images]

    def __bool__(self) -> bool:
        return self.metadata["lastActionSuccess"]

    def __repr__(self) -> str:
        names = ("lastAction", "lastActionSuccess", "errorMessage", "actionReturn")
        said = ", ".join(f"{name}={str(self.metadata[name])[:100]!r}" for name in names)
        return f"Event({said})"

    @property
    def events(self) -> list[Event]:
        """One event an agent: there is one agent."""
        return [self]

    @property
    def cv2img(self) -> np.ndarray:
        """The frame in OpenCV's order of channels (BGR).

        Raises:
            ValueError: The step was taken with `renderImage=False`.
        """
        if self.frame is None:
            raise ValueError("this event has no frame; step with renderImage=True")
        return self.frame[..., ::-1]

    @property
    def pose(self) -> tuple[int, int, int, int]:
        """(x, z, yaw, horizon) in thousandths of a metre and of a degree."""
        agent = self.metadata["agent"]
        values = (
            agent["position"]["x"],
            agent["position"]["z"],
            agent["rotation"]["y"],
            agent["cameraHorizon"],
        )
        x, z, yaw, horizon = (round(value * 1000) for value in values)
        return x, z, yaw, horizon

    @property
    def pose_discrete(self) -> tuple[int, int, int, int]:
        """(x, z) in steps of 0.25 m, yaw in quarter turns, horizon in whole degrees."""
        agent = self.metadata["agent"]
        x, z = agent["position"]["x"], agent["position"]["z"]
        yaw, horizon = agent["rotation"]["y"], agent["cameraHorizon"]
        return int(x / 0.25), int(z / 0.25), int(yaw / 90.0), int(round(horizon))

    def get_object(self, object_id: str) -> dict[str, Any] | None:
        """Metadata of the object, or None."""
        return next((o for o in self.metadata["objects"] if o["objectId"] == object_id), None)

    def objects_by_type(self, object_type: str) -> list[dict[str, Any]]:
        """Metadata of all objects of a type."""
        return [o for o in self.metadata["objects"] if o["objectType"] == object_type]


def _without_alpha(image: np.ndarray | None) -> np.ndarray | None:
    return None if image is None else image[..., :3]


def _there(images: Iterable[np.ndarray | None]) -> list[np.ndarray]:
    return [image for image in images if image is not None]
