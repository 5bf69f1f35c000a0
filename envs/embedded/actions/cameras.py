"""Third-party cameras and the camera of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..faults import ActionFault
from ..third_party import ThirdPartyCamera
from ..values import number, text, truth, vector, xyz
from .action import actions_of, world_of

if TYPE_CHECKING:
    from ..simulator import Simulator

_MARGIN = 0.5
_MAP_HEIGHT = 3.0


def _add(
    simulator: Simulator,
    position: Any,
    rotation: Any,
    fieldOfView: Any = 90.0,
    orthographic: Any = False,
    orthographicSize: Any = None,
    skyboxColor: Any = None,
    nearClippingPlane: Any = None,
    farClippingPlane: Any = None,
) -> int:
    world_of(simulator)
    camera = ThirdPartyCamera(vector("position", position), vector("rotation", rotation))
    simulator.cameras.append(
        camera.updated(
            field_of_view=_fov(fieldOfView),
            orthographic=truth("orthographic", orthographic),
            orthographic_size=None
            if orthographicSize is None
            else number("orthographicSize", orthographicSize),
            sky=None if skyboxColor is None else text("skyboxColor", skyboxColor),
        )
    )
    return len(simulator.cameras) - 1


def _update(
    simulator: Simulator,
    thirdPartyCameraId: Any = 0,
    position: Any = None,
    rotation: Any = None,
    fieldOfView: Any = None,
    orthographic: Any = None,
    orthographicSize: Any = None,
    skyboxColor: Any = None,
    nearClippingPlane: Any = None,
    farClippingPlane: Any = None,
) -> None:
    world_of(simulator)
    index = number("thirdPartyCameraId", thirdPartyCameraId)
    if not (index.is_integer() and 0 <= index < len(simulator.cameras)):
        raise ActionFault(
            f"there is no third-party camera {index:g}; there are {len(simulator.cameras)}"
        )
    changes: dict[str, Any] = {}
    if position is not None:
        changes["position"] = vector("position", position)
    if rotation is not None:
        changes["rotation"] = vector("rotation", rotation)
    if fieldOfView is not None:
        changes["field_of_view"] = _fov(fieldOfView)
    if orthographic is not None:
        changes["orthographic"] = truth("orthographic", orthographic)
    if orthographicSize is not None:
        changes["orthographic_size"] = number("orthographicSize", orthographicSize)
    if skyboxColor is not None:
        changes["sky"] = text("skyboxColor", skyboxColor)
    simulator.cameras[int(index)] = simulator.cameras[int(index)].updated(**changes)


def _map_view(simulator: Simulator) -> dict[str, Any]:
    """A camera that looks down on the whole house, through its ceiling."""
    world = world_of(simulator)
    (low_x, low_z), (high_x, high_z) = world.plan.bounds
    size = max(high_x - low_x, high_z - low_z) / 2 + _MARGIN
    height = world.house.ceiling_height + _MAP_HEIGHT
    return {
        "position": xyz(((low_x + high_x) / 2, height, (low_z + high_z) / 2)),
        "rotation": xyz((90.0, 0.0, 0.0)),
        "orthographicSize": float(size),
        "orthographic": True,
    }


def _fov(value: Any) -> float:
    degrees = number("fieldOfView", value)
    if not 0.0 < degrees < 180.0:
        raise ActionFault.invalid_argument(f"fieldOfView must be in 0..180, not {degrees:g}")
    return degrees


ACTIONS = actions_of(
    {
        "AddThirdPartyCamera": _add,
        "UpdateThirdPartyCamera": _update,
        "GetMapViewCameraProperties": _map_view,
    }
)
