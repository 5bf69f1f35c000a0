"""Which OpenGL backend MuJoCo renders with on a machine without a screen."""

from __future__ import annotations

import ctypes
import ctypes.util
import os

from ..errors import SpatuneError

_APT = "apt-get install -y libegl1 libgl1-mesa-dri libosmesa6"


def _egl_answers() -> bool:
    """True when libEGL loads and enumerates at least one device."""
    path = ctypes.util.find_library("EGL")
    if path is None:
        return False
    egl = ctypes.CDLL(path)
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    if not address:
        return False
    prototype = ctypes.CFUNCTYPE(
        ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)
    )
    count = ctypes.c_int(0)
    return bool(prototype(address)(0, None, ctypes.byref(count))) and count.value > 0


def _osmesa_answers() -> bool:
    return ctypes.util.find_library("OSMesa") is not None


def select_gl_backend() -> str:
    """Set and return `MUJOCO_GL` (`egl` where a driver answers, else `osmesa`).

    Must run before mujoco or robosuite is imported, because both read the variable at import.
    A value that the user set is kept if its library is there.

    Raises:
        SpatuneError: No backend answers, or the one asked for does not; the message gives the fix.
    """
    asked = os.environ.get("MUJOCO_GL", "").strip().lower()
    if asked == "egl" and not _egl_answers():
        raise SpatuneError(f"MUJOCO_GL=egl but EGL does not answer here; run: {_APT}")
    if asked == "osmesa" and not _osmesa_answers():
        raise SpatuneError(f"MUJOCO_GL=osmesa but libOSMesa is missing; run: {_APT}")
    if asked and asked not in ("egl", "osmesa", "glfw"):
        raise SpatuneError(f"MUJOCO_GL={asked} is unknown; use egl or osmesa, or unset it")
    if asked:
        return asked
    if _egl_answers():
        backend = "egl"
    elif _osmesa_answers():
        backend = "osmesa"
    else:
        raise SpatuneError(f"no OpenGL backend for headless rendering (EGL, OSMesa); run: {_APT}")
    os.environ["MUJOCO_GL"] = backend
    if backend == "osmesa":
        os.environ.setdefault("PYOPENGL_PLATFORM", "osmesa")
    return backend
