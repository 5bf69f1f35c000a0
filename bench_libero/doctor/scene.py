"""`checked`: the conventions of the scene that evaluations build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from ..environment import LiberoView, make_env
from ..scenes import PROTOCOL
from .check import Check
from .conventions import SUITE, TASK, check_conventions


def checked() -> Iterator[Check]:
    """Build a scene as an evaluation does, and check it."""
    env = make_env(SUITE, TASK, protocol=PROTOCOL.name, **asdict(LiberoView()))
    try:
        yield from check_conventions(env)
    finally:
        env.close()
