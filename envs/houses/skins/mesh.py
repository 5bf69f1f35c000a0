"""`ColouredMesh`: triangles with a colour each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ColouredMesh:
    """A surface whose faces are counter-clockwise seen from outside.

    Attributes:
        vertices: (V, 3), metres, z up.
        faces: (F, 3), int, indices of vertices.
        colours: (F, 3), red, green, blue in 0..1, by face.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray

    def corners(self) -> np.ndarray:
        """Corners of the faces (F, 3, 3)."""
        return self.vertices[self.faces]

    def areas(self) -> np.ndarray:
        """Normals of the faces as long as twice their area (F, 3)."""
        a, b, c = np.moveaxis(self.corners(), 1, 0)
        return np.cross(b - a, c - a)

    def turned(self, rotation: np.ndarray) -> ColouredMesh:
        """The same, turned by a rotation (3, 3)."""
        return ColouredMesh(self.vertices @ rotation.T, self.faces, self.colours)

    def fitted(self, size: np.ndarray) -> ColouredMesh:
        """The same, stretched to a bounding box of that size (3,) about the origin."""
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        scale = size / np.maximum(high - low, 1e-9)
        return ColouredMesh((self.vertices - (low + high) / 2) * scale, self.faces, self.colours)
