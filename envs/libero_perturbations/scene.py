"""`PerturbedScene`: changes of a simulator's scene, one at a time, undone exactly."""

from __future__ import annotations

import numpy as np

from ..libero_sim import LiberoSim
from .camera import move_camera
from .light import change_light
from .perturbation import Perturbation
from .scene_edits import SceneEdits
from .start import moved_start
from .texture import change_textures

_LOOKS = {"camera": move_camera, "light": change_light, "texture": change_textures}


class PerturbedScene:
    """Applies perturbations to a simulator.

    Args:
        sim: The simulator.
    """

    def __init__(self, sim: LiberoSim) -> None:
        self._edits = SceneEdits(sim)

    def undo(self) -> None:
        """Give the scene its own look back, bit for bit."""
        self._edits.undo()

    def apply(
        self, perturbation: Perturbation, state: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Change the scene, after `LiberoSim.reset` and before the state is put in place.

        Args:
            perturbation: What to change; `none` and LIBERO-PRO's kinds change nothing here.
            state: Flattened state in which the episode would start.
            rng: `Perturbation.generator` of the episode.

        Returns:
            The flattened state in which it starts.

        Raises:
            SpatuneError: No start pose is free of contact.
        """
        if perturbation.dimension in _LOOKS:
            _LOOKS[perturbation.dimension](self._edits, perturbation.magnitude, rng)
        if perturbation.dimension == "start":
            return moved_start(self._edits.sim, state, perturbation.magnitude, rng)
        return state
