"""`turn`: angles on the plan, whose places are complex numbers: east + north * i."""

from __future__ import annotations

import cmath
import math


def turn(before: complex, after: complex) -> float:
    """Degrees in [-180, 180] to the right from one direction to another; positive to the right."""
    return -math.degrees(cmath.phase(after / before))


def past(degrees: float, *boundaries: float) -> float:
    """Degrees by which the size of a turn keeps away from boundaries."""
    return min(abs(abs(degrees) - boundary) for boundary in boundaries)
