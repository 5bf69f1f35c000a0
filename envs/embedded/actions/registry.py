"""The actions of AI2-THOR that the embedded simulator knows, by name."""

from __future__ import annotations

from . import cameras, hands, looking, movement, queries, scene
from .action import Action

ACTIONS: dict[str, Action] = {
    **movement.ACTIONS,
    **looking.ACTIONS,
    **hands.ACTIONS,
    **queries.ACTIONS,
    **cameras.ACTIONS,
    **scene.ACTIONS,
}
