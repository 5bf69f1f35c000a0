"""`unity_controller`: AI2-THOR's Unity build, after a look at whether this machine can run it."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SpatuneError
from .launch import INSTALL, start_controller

if TYPE_CHECKING:
    from ai2thor.controller import Controller

CLOUD, DESKTOP = "CloudRendering", "Linux64"
PLATFORMS = (CLOUD, DESKTOP)
"""Builds of AI2-THOR for Linux, the one that needs no screen first."""

_INSTEAD = "or use backend=embedded"
_ICD_FOLDERS = ("/usr/share/vulkan", "/usr/local/share/vulkan", "/etc/vulkan")


@dataclass(frozen=True)
class UnityStatus:
    """Whether the Unity build of AI2-THOR can start here.

    Attributes:
        available: Whether nothing that is needed is missing.
        problems: What is missing, each with its fix in one line; empty when available.
        platform: The build that would start; None for a program of the caller's, or when not
            available.
    """

    available: bool
    problems: tuple[str, ...] = ()
    platform: str | None = None


def unity_status(
    *,
    platform: str | None = None,
    local_executable_path: str | None = None,
    x_display: str | None = None,
    commit_id: str | None = None,
) -> UnityStatus:
    """Look for all that a Unity Controller needs, without starting or downloading anything.

    Args:
        platform: `CloudRendering` or `Linux64`; by default either.
        local_executable_path: A Unity build of one's own, with arguments if it takes any.
        x_display: X display for `Linux64`; `DISPLAY` by default.
        commit_id: AI2-THOR's build; by default the one that the installed client names.

    Raises:
        SpatuneError: An unknown platform.
    """
    if platform not in (None, *PLATFORMS):
        raise SpatuneError(
            f"no AI2-THOR platform {platform!r}; choose one of: {', '.join(PLATFORMS)}"
        )
    if importlib.util.find_spec("ai2thor") is None:
        return UnityStatus(False, (f"the ai2thor package is not installed: {INSTALL}",))
    if local_executable_path:
        program = shlex.split(local_executable_path)[0]
        found = shutil.which(program) is not None
        problems = [] if found else [f"local_executable_path: {program} is no program that runs"]
        problems += _display_problems(x_display)
        return UnityStatus(not problems, tuple(problems))

    commit = commit_id or _client_commit()
    releases = Path.home() / ".ai2thor" / "releases"
    # Without its metadata.json the client would download the build again.
    builds = [
        name
        for name in ((platform,) if platform else PLATFORMS)
        if (releases / f"thor-{name}-{commit}" / "metadata.json").is_file()
    ]
    if not builds:
        download = f"Controller(download_only=True, platform='{platform or CLOUD}')"
        return UnityStatus(
            False,
            (
                f"no Unity build {commit[:8]} in {releases}: on a machine with internet run "
                f'`python -c "from ai2thor.controller import Controller as C; '
                f'{download.replace("Controller", "C", 1)}"`, {_INSTEAD}',
            ),
        )
    problems = []
    for name in builds:
        missing = _vulkan_problems() if name == CLOUD else _display_problems(x_display)
        if not missing:
            return UnityStatus(True, (), name)
        problems += missing
    return UnityStatus(False, tuple(problems))


def unity_controller(**kwargs: Any) -> Controller:
    """AI2-THOR's Controller on the Unity build that this machine has; never downloads one.

    Args:
        **kwargs: As of `ai2thor.controller.Controller`.

    Raises:
        SpatuneError: Something is missing here; the message says what, and how to get it. Or
            Unity did not start within `server_start_timeout` seconds.
        ValueError: An unknown scene or a wrong argument.
    """
    names = ("platform", "local_executable_path", "x_display", "commit_id")
    status = unity_status(**{name: kwargs[name] for name in names if name in kwargs})
    if not status.available:
        raise SpatuneError(f"AI2-THOR's Unity build cannot run: {'; '.join(status.problems)}")
    if status.platform:
        kwargs["platform"] = status.platform
    return start_controller(**kwargs)


def _client_commit() -> str:
    from ai2thor._builds import COMMIT_ID

    return COMMIT_ID


def _vulkan_problems() -> list[str]:
    problems = []
    try:
        ctypes.CDLL("libvulkan.so.1")
    except OSError:
        problems.append(
            f"{CLOUD}: libvulkan.so.1 is missing: apt-get install -y libvulkan1, {_INSTEAD}"
        )
    named = os.environ.get("VK_DRIVER_FILES") or os.environ.get("VK_ICD_FILENAMES")
    if named:
        found = any(Path(file).is_file() for file in named.split(os.pathsep))
    else:
        own = Path.home() / ".local" / "share" / "vulkan"
        folders = [Path(folder) for folder in _ICD_FOLDERS] + [own]
        found = any(any((folder / "icd.d").glob("*.json")) for folder in folders)
    if not found:
        problems.append(
            f"{CLOUD}: no Vulkan driver (nvidia_icd.json): install NVIDIA's driver; in a container "
            f"set NVIDIA_DRIVER_CAPABILITIES=all, {_INSTEAD}"
        )
    return problems


def _display_problems(x_display: str | None) -> list[str]:
    display = x_display or os.environ.get("DISPLAY") or ""
    host, colon, number = display.rpartition(":")
    number = number.partition(".")[0]
    # A display of another machine can only be tried.
    if colon and (host or Path(f"/tmp/.X11-unix/X{number}").exists()):
        return []
    what = f"X display {display} does not answer" if display else "no X display"
    return [
        f"{DESKTOP}: {what}: start an X server with GLX and set DISPLAY, or download the "
        f"{CLOUD} build, {_INSTEAD}"
    ]
