"""Named, seeded changes of LIBERO's scenes: camera, light, texture, start pose, LIBERO-PRO."""

from __future__ import annotations

from .perturbation import DIMENSIONS, PRO_KINDS, Perturbation

__all__ = ["DIMENSIONS", "PRO_KINDS", "Perturbation"]
