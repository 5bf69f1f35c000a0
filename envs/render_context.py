"""`free_render_context`: robosuite's renderers freed without harm to one another."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


def free_render_context(context: Any) -> None:
    """Free the GL objects of a robosuite `MjRenderContext`; calling it again does nothing.

    OpenGL frees by name in whichever context is current, and names repeat from one context to the
    next. robosuite's own finaliser does not make its context current first: a renderer that is
    collected late deletes the textures and buffers of a newer one, which then draws garbage without
    an error.
    """
    if not hasattr(context, "con"):
        return
    # When the interpreter ends, EGL has been shut down already and took everything along.
    if not sys.is_finalizing():
        context.gl_ctx.make_current()
        context.con.free()
        context.gl_ctx.free()
    del context.con, context.gl_ctx


@cache
def guard_render_contexts() -> None:
    """Make every robosuite renderer of this process free itself that way when it is collected."""
    from robosuite.utils import binding_utils

    renderer: Any = binding_utils.MjRenderContext
    renderer.__del__ = free_render_context
    gl_context: Any = binding_utils.GLContext
    free = gl_context.free
    gl_context.free = lambda self: None if sys.is_finalizing() else free(self)
