"""MuJoCo's bindings, whose names are made at import and unknown to type checkers."""

from __future__ import annotations

import contextlib
from typing import Any

from ..errors import SpatuneError
from .gl import select_gl_backend

# MuJoCo reads MUJOCO_GL when it is imported. Physics needs no OpenGL: what is missing is said
# when something is to be drawn.
with contextlib.suppress(SpatuneError):
    select_gl_backend()

import mujoco as _bindings  # noqa: E402

mujoco: Any = _bindings
