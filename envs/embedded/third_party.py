"""`ThirdPartyCamera`: a camera that is not the agent's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..houses.house import Vector
from ..houses.renderer import Camera
from .faults import ActionFault
from .values import xyz

SKIES = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "gray": (128, 128, 128),
    "blue": (173, 206, 235),
}
"""Names of background colours."""


@dataclass(frozen=True)
class ThirdPartyCamera:
    """Where it is and how it sees.

    Attributes:
        position: Metres.
        rotation: Degrees about x, y and z.
        field_of_view: Vertical, degrees.
        orthographic: Whether rays are parallel.
        orthographic_size: Half of the height of an orthographic view, metres.
        sky: Name of the background's colour, one of `SKIES`, or None for blue.
    """

    position: Vector
    rotation: Vector
    field_of_view: float = 90.0
    orthographic: bool = False
    orthographic_size: float | None = None
    sky: str | None = None

    def updated(self, **changes: Any) -> ThirdPartyCamera:
        """The camera with other values.

        Raises:
            ActionFault: An orthographic camera has no size, or the sky has no known colour.
        """
        camera = replace(self, **changes)
        if camera.orthographic and not (camera.orthographic_size or 0.0) > 0.0:
            raise ActionFault.missing_argument(
                "an orthographic camera needs 'orthographicSize', metres greater than 0"
            )
        if camera.sky is not None and camera.sky not in SKIES:
            raise ActionFault.invalid_argument(
                f"skyboxColor {camera.sky!r} is unknown; use one of: {', '.join(SKIES)}"
            )
        return camera

    @property
    def background(self) -> tuple[int, int, int]:
        """Colour where there is nothing."""
        return SKIES[self.sky or "blue"]

    def camera(self) -> Camera:
        """For the renderer."""
        if self.orthographic:
            assert self.orthographic_size is not None, "updated() has checked it"
            return Camera(self.position, self.rotation, 2 * self.orthographic_size, True)
        return Camera(self.position, self.rotation, self.field_of_view)

    def to_json(self, number: int) -> dict[str, Any]:
        """AI2-THOR's metadata of it."""
        return {
            "thirdPartyCameraId": number,
            "position": xyz(self.position),
            "rotation": xyz(self.rotation),
            "fieldOfView": self.field_of_view,
        }
