"""`change_textures`: another pattern on the table, the floor, the walls and the background."""

from __future__ import annotations

import numpy as np

from ..libero_sim import LiberoSim
from ..mujoco_api import mujoco
from .scene_edits import SceneEdits

SHARE = 0.5
"""Share of the new pattern in a texture at magnitude 1; magnitude 2 leaves nothing of the old."""

_COLOUR_TEXTURE = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)


def change_textures(edits: SceneEdits, magnitude: float, rng: np.random.Generator) -> None:
    """Blend a drawn pattern of two drawn colours into every texture of the surroundings.

    Objects, fixtures and the robot keep theirs.

    Args:
        edits: Where the change is written.
        magnitude: Multiple of `SHARE`.
        rng: Draws patterns and colours.
    """
    share = SHARE * magnitude
    for texture in surrounding_textures(edits.sim):
        old = edits.texture(texture)
        new = _pattern(rng, *old.shape[:2])[..., : old.shape[2]]
        blend = np.rint((1.0 - share) * old[..., :3] + share * new)
        edits.paint(texture, np.concatenate([blend.astype(np.uint8), old[..., 3:]], axis=2))


def surrounding_textures(sim: LiberoSim) -> list[int]:
    """Textures that the scene wears and no object, fixture or part of the robot does, in order."""
    model = sim.model
    owned = np.zeros(model.ngeom, bool)
    for ids in sim.core.model.instances_to_ids.values():
        owned[sorted(ids["geom"] if isinstance(ids, dict) else ids)] = True
    worn = np.full(model.ngeom, -1)
    dressed = model.geom_matid >= 0
    worn[dressed] = model.mat_texid[model.geom_matid[dressed], _COLOUR_TEXTURE]
    return sorted(set(worn[~owned].tolist()) - set(worn[owned].tolist()) - {-1})


def _pattern(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Checks, stripes or clouds of two colours, float (height, width, 3) in 0..255."""
    kind = rng.choice(("checks", "stripes", "clouds"))
    periods = int(rng.integers(2, 7))
    colours = rng.uniform(0.0, 255.0, size=(2, 3)).astype(np.float32)
    knots = rng.uniform(size=(periods, periods)).astype(np.float32)
    rows = np.arange(height, dtype=np.float32) * (periods / height)
    columns = np.arange(width, dtype=np.float32) * (periods / width)
    if kind == "clouds":
        mix = _interpolated(_interpolated(knots, rows).T, columns).T
    else:
        bands = np.floor(2 * columns)[None, :] + np.zeros((height, 1), np.float32)
        mix = (bands + (np.floor(2 * rows)[:, None] if kind == "checks" else 0.0)) % 2.0
    return colours[0] + mix[..., None] * (colours[1] - colours[0])


def _interpolated(knots: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Smooth values between periodic knots (K, ...) at `places` (N,) in [0, K): (N, ...)."""
    below = np.floor(places).astype(int)
    part = (places - below)[:, None]
    part = part * part * (3.0 - 2.0 * part)
    return (1.0 - part) * knots[below] + part * knots[(below + 1) % len(knots)]
