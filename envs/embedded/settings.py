"""`Settings`: what AI2-THOR's `Initialize` sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from .faults import ActionFault
from .values import number, truth

_NAMES = {
    "gridSize": "grid_size",
    "fieldOfView": "field_of_view",
    "visibilityDistance": "visibility_distance",
    "rotateStepDegrees": "rotate_step",
    "snapToGrid": "snap_to_grid",
    "renderDepthImage": "depth",
    "renderInstanceSegmentation": "instances",
    "renderSemanticSegmentation": "classes",
}
_ACCEPTED = {
    *("makeAgentsVisible", "gizmos", "fastActionEmit", "quality"),
    *("renderImage", "renderNormalsImage", "renderFlowImage", "scene", "width", "height"),
    *("renderClassImage", "renderObjectImage", "visibilityScheme", "cameraY", "continuous"),
    *("continuousMode", "horizon", "standing", "massThreshold", "placeStationary"),
    *("cameraNearPlane", "cameraFarPlane"),
}
"""Arguments that AI2-THOR programs pass and that change nothing here."""
_FIXED = {"agentMode": "default", "agentCount": 1, "applyNoise": False}
"""Arguments that have one value here."""
_UNSUPPORTED = {
    "renderNormalsImage": "normals",
    "renderFlowImage": "optical flow",
}


@dataclass(frozen=True)
class Settings:
    """Parameters of an episode, with AI2-THOR's defaults.

    Attributes:
        grid_size: Metres of a step (`gridSize`).
        field_of_view: Vertical field of view, degrees (`fieldOfView`).
        visibility_distance: Metres within which an object is `visible` (`visibilityDistance`).
        rotate_step: Degrees of a turn (`rotateStepDegrees`).
        snap_to_grid: Whether steps end on multiples of the grid (`snapToGrid`).
        depth: Whether each reply has depth (`renderDepthImage`).
        instances: Whether each reply has instances (`renderInstanceSegmentation`).
        classes: Whether each reply has classes (`renderSemanticSegmentation`).
    """

    grid_size: float = 0.25
    field_of_view: float = 90.0
    visibility_distance: float = 1.5
    rotate_step: float = 90.0
    snap_to_grid: bool = True
    depth: bool = False
    instances: bool = False
    classes: bool = False

    def updated(self, arguments: Mapping[str, Any]) -> Settings:
        """The settings after `Initialize` with these arguments.

        Raises:
            ActionFault: An argument is unknown, of a wrong type, or asks for what is not drawn.
        """
        changes: dict[str, Any] = {}
        kinds = {field.name: field.type for field in fields(self)}
        for name, value in arguments.items():
            if name in _UNSUPPORTED and value:
                raise ActionFault.invalid_argument(
                    f"{name}: {_UNSUPPORTED[name]} are not drawn by the embedded backend; "
                    "leave it out, or use backend=unity"
                )
            if name in _FIXED and value not in (None, _FIXED[name]):
                raise ActionFault.invalid_argument(
                    f"{name} is {_FIXED[name]!r} in the embedded backend, not {value!r}; "
                    "leave it out, or use backend=unity"
                )
            if name in _NAMES:
                field = _NAMES[name]
                read = truth if kinds[field] == "bool" else number
                changes[field] = read(name, value)
            elif name not in _ACCEPTED and name not in _FIXED:
                raise ActionFault.invalid_argument(
                    f"Initialize takes no {name!r}; it takes: {', '.join(sorted(_NAMES))}"
                )
        after = replace(self, **changes)
        for name, field in _NAMES.items():
            if kinds[field] != "bool" and getattr(after, field) <= 0:
                raise ActionFault.invalid_argument(f"{name} must be greater than 0")
        if after.field_of_view >= 180:
            raise ActionFault.invalid_argument("fieldOfView must be less than 180 degrees")
        return after
