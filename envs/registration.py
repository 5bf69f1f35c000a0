"""Gymnasium ids of the environments; importing this registers them."""

from __future__ import annotations

import gymnasium

if "spatune/Libero-v0" not in gymnasium.registry:
    gymnasium.register("spatune/Libero-v0", entry_point=f"{__package__}.libero:LiberoEnv")
