"""`generator_of`: random numbers that follow from a text, on every machine."""

from __future__ import annotations

import hashlib

import numpy as np


def generator_of(text: str) -> np.random.Generator:
    """A generator seeded by the sha256 of a text that names what is drawn."""
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
