"""`DoctorConfig`: the arguments of `spatune doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DoctorConfig:
    """Say what this machine can do, and how to fix what it cannot.

    Looks for libraries, renderers and chips, and checks in a LIBERO scene that images, gripper,
    motion and repetition are what a policy was trained with. Exits non-zero when something is
    missing or wrong without which no evaluation is to be trusted.
    """

    conventions: bool = True
    """Check orientation of the images, sign of the gripper and of motion, and determinism in a
    LIBERO scene; takes about 20 seconds and 2 GB."""
