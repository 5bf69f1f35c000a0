"""Gymnasium ids of the environments; importing this registers them."""

from __future__ import annotations

import contextlib

# A robot that runs a bundle reads the conventions in this package, and has no Gymnasium.
with contextlib.suppress(ModuleNotFoundError):
    import gymnasium

    if "spatune/Libero-v0" not in gymnasium.registry:
        gymnasium.register("spatune/Libero-v0", entry_point=f"{__package__}.libero:LiberoEnv")
