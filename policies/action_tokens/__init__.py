"""A vision-language model whose answer is the action: VST's head of action tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .conventions import has_action_tokens, read_action_conventions
    from .policy import ActionTokenPolicy

__all__ = ["ActionTokenPolicy", "has_action_tokens", "read_action_conventions"]

_MODULES = {
    "ActionTokenPolicy": ".policy",
    "has_action_tokens": ".conventions",
    "read_action_conventions": ".conventions",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
