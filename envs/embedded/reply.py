"""`Reply`: what the simulator says after an action."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class View:
    """The images of one camera, row 0 on top; None for those that were not asked for.

    Attributes:
        rgb: uint8 (H, W, 3).
        depth: float32 (H, W), metres along the camera's axis.
        instances: uint8 (H, W, 4): the colour of each object, alpha 255.
        classes: uint8 (H, W, 4): the colour of each object's type, alpha 255.
    """

    rgb: np.ndarray | None = None
    depth: np.ndarray | None = None
    instances: np.ndarray | None = None
    classes: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Reply:
    """AI2-THOR's answer to one action.

    Attributes:
        metadata: The message of AI2-THOR 5: `agents` (one entry, the agent's metadata),
            `thirdPartyCameras`, `activeAgentId` and `sequenceId`. Every call has fresh containers.
        view: The agent's camera.
        third_party: Third-party cameras, in order.
    """

    metadata: dict[str, Any]
    view: View
    third_party: tuple[View, ...] = field(default=())

    @property
    def agent(self) -> dict[str, Any]:
        """The agent's metadata."""
        return self.metadata["agents"][0]
