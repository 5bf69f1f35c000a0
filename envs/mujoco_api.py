"""MuJoCo's bindings, whose names are made at import and unknown to type checkers."""

from __future__ import annotations

from typing import Any

import mujoco as _bindings

mujoco: Any = _bindings
