"""`SceneEdits`: changes of a compiled scene that can be undone bit for bit."""

from __future__ import annotations

import numpy as np

from ..libero_sim import LiberoSim


class SceneEdits:
    """What was changed of a simulator's model, and how it was before.

    Args:
        sim: The simulator.
    """

    def __init__(self, sim: LiberoSim) -> None:
        self.sim = sim
        self._before: list[tuple[np.ndarray, np.ndarray]] = []
        self._painted: list[int] = []

    def write(self, field: np.ndarray, values: np.ndarray) -> None:
        """Put `values` into `field`, an array of the model or a part of one."""
        self._before.append((field, field.copy()))
        field[...] = values

    def paint(self, texture: int, pixels: np.ndarray) -> None:
        """Replace a texture's pixels, uint8 (height, width, channels)."""
        self.write(self.texture(texture), pixels)
        self._painted.append(texture)
        self.sim.upload_texture(texture)

    def texture(self, texture: int) -> np.ndarray:
        """A view of a texture's pixels, uint8 (height, width, channels)."""
        model = self.sim.model
        shape = [model.tex_height[texture], model.tex_width[texture], model.tex_nchannel[texture]]
        begin = int(model.tex_adr[texture])
        return model.tex_data[begin : begin + int(np.prod(shape))].reshape(shape)

    def undo(self) -> None:
        """Restore everything that was changed, in the model and in the renderer."""
        for field, values in reversed(self._before):
            field[...] = values
        for texture in self._painted:
            self.sim.upload_texture(texture)
        self._before, self._painted = [], []
