"""`ForeignOptions`: what a policy of another project may be told about its own conventions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from ..envs.spec import Orientation, StateFrame
from ..errors import SpatuneError

Conventions = Literal["lerobot", "spatune"]


@dataclass(frozen=True)
class ForeignOptions:
    """Conventions that a policy of LeRobot or openpi does not state in its files.

    Attributes:
        conventions: Whose data it was trained on. `lerobot` (None): LeRobot's, OpenVLA's and
            openpi's, with images turned by 180 degrees, positions in the world's frame, and the
            published sentences. `spatune`: those of `spatune demos`, with upright images, positions
            in the robot's frame, and the sentences of the bddl files.
        orientation: Orientation of the images, where it differs from that.
        cameras: Its names of the agent and the wrist view; None is `image` and `image2`.
        execute_steps: Actions executed before the next replan; None is its own number.
    """

    conventions: Conventions | None = None
    orientation: Orientation | None = None
    cameras: tuple[str, ...] | None = None
    execute_steps: int | None = None

    @classmethod
    def of_words(
        cls,
        conventions: Conventions | None,
        orientation: Orientation | None,
        cameras: str | None,
        execute_steps: int | None,
    ) -> ForeignOptions:
        """From the command line, where the cameras are one word with a comma.

        Raises:
            SpatuneError: There are not two cameras.
        """
        names = None if cameras is None else tuple(map(str.strip, cameras.split(",")))
        if names is not None and (len(names) != 2 or not all(names)):
            raise SpatuneError(
                f"--cameras {cameras!r} is not two names; give the policy's agent view and wrist "
                "view, such as camera1,camera2"
            )
        return cls(conventions, orientation, names, execute_steps)

    @property
    def shown_orientation(self) -> Orientation:
        """Orientation of the images that the policy is shown."""
        return self.orientation or ("rot180" if self.published else "upright")

    @property
    def state_frame(self) -> StateFrame:
        """Frame of the end effector's position."""
        return "world" if self.published else "base"

    @property
    def published(self) -> bool:
        """Whether the policy was trained on the published demonstrations, or on such as they."""
        return self.conventions != "spatune"

    def refuse(self, name: str) -> None:
        """Refuse every option, for a policy that states its conventions itself.

        Raises:
            SpatuneError: One is given.
        """
        for field in fields(self):
            if getattr(self, field.name) is not None:
                option = field.name.replace("_", "-")
                raise SpatuneError(
                    f"--{option} is for policies of LeRobot and openpi; {name} states it itself"
                )
