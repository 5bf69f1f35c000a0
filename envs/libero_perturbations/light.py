"""`change_light`: the lamps elsewhere, brighter or darker, warmer or colder."""

from __future__ import annotations

import numpy as np

from .look_at import look_at_point, rotated
from .scene_edits import SceneEdits

TILT_DEGREES = 30.0
"""Turn of all lamps about the middle of the workspace at magnitude 1."""

BRIGHTNESS_STOPS = 0.8
"""Change of all lamps' brightness at magnitude 1, in factors of two."""

COLOUR_STOPS = 0.4
"""Gain of red and loss of blue, or the reverse, at magnitude 1, in factors of two."""


def change_light(edits: SceneEdits, magnitude: float, rng: np.random.Generator) -> None:
    """Turn the lamps about the workspace and change what they emit.

    All lamps turn together by `TILT_DEGREES` times the magnitude about a drawn horizontal axis. One
    drawn sign makes everything brighter or darker, another warmer or colder. That holds for
    diffuse, specular and ambient light, and for the light that goes with the camera.

    Args:
        edits: Where the change is written.
        magnitude: Multiple of the units above.
        rng: Draws the axis and both signs.
    """
    model = edits.sim.model
    heading = rng.uniform(0.0, 2.0 * np.pi)
    brighter, warmer = rng.choice((-1.0, 1.0), size=2)
    axis = np.array([np.cos(heading), np.sin(heading), 0.0])
    angle = np.deg2rad(TILT_DEGREES * magnitude)
    middle = look_at_point(edits.sim)
    edits.write(model.light_pos, middle + rotated(model.light_pos - middle, axis, angle))
    edits.write(model.light_dir, rotated(model.light_dir, axis, angle))
    colour = COLOUR_STOPS * warmer * np.array([1.0, 0.0, -1.0])
    gains = 2.0 ** (magnitude * (BRIGHTNESS_STOPS * brighter + colour))
    head = model.vis.headlight
    lamps = (model.light_diffuse, model.light_specular, model.light_ambient)
    for emitted in (*lamps, head.diffuse, head.specular, head.ambient):
        edits.write(emitted, emitted * gains)
