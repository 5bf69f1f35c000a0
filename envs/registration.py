"""Gymnasium ids of the environments; importing this registers them."""

from __future__ import annotations

import contextlib

# A robot that runs a bundle reads the conventions in this package, and has no Gymnasium.
with contextlib.suppress(ModuleNotFoundError):
    import gymnasium

    _ENVIRONMENTS = {
        "spatune/Libero-v0": ("libero:LiberoEnv", {}),
        "spatune/ObjectNav-v0": ("thor:ThorEnv", {"task": "objectnav"}),
        "spatune/PointNav-v0": ("thor:ThorEnv", {"task": "pointnav"}),
        "spatune/RoomVisit-v0": ("thor:ThorEnv", {"task": "roomvisit"}),
    }
    for _name, (_class, _arguments) in _ENVIRONMENTS.items():
        if _name not in gymnasium.registry:
            gymnasium.register(
                _name, entry_point=f"{__package__}.{_class}", kwargs=dict(_arguments)
            )
