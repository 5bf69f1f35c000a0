"""What this machine lacks for Unity is said in one line each; the choice of a backend is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spatune.envs.thor_backends import (
    ThorController,
    make_controller,
    unity_controller,
    unity_status,
)
from spatune.envs.thor_backends import unity as unity_module
from spatune.errors import SpatuneError

pytest.importorskip("ai2thor", reason="pip install 'spatune[unity]' for its client")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without builds, on a machine without a display or a named Vulkan driver."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DISPLAY", "VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def _build(home: Path, platform: str, commit: str = "") -> None:
    from ai2thor._builds import COMMIT_ID

    folder = home / ".ai2thor" / "releases" / f"thor-{platform}-{commit or COMMIT_ID}"
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text('{"server_types": ["FIFO"]}')


def test_no_build_says_how_to_get_one(home: Path) -> None:
    status = unity_status()
    assert not status.available and status.platform is None
    (problem,) = status.problems
    assert str(home) in problem and "download_only=True" in problem
    assert "backend=embedded" in problem and "\n" not in problem


def test_a_build_of_another_version_does_not_count(home: Path) -> None:
    _build(home, "CloudRendering", "0" * 40)
    assert "no Unity build" in unity_status().problems[0]
    assert "no Unity build" not in " ".join(unity_status(commit_id="0" * 40).problems)


def test_a_desktop_build_needs_a_display(home: Path) -> None:
    _build(home, "Linux64")
    (problem,) = unity_status().problems
    assert problem.startswith("Linux64: no X display") and "DISPLAY" in problem
    (problem,) = unity_status(x_display=":987654").problems
    assert ":987654" in problem
    status = unity_status(x_display="screen.example:0")
    assert status.available and status.platform == "Linux64" and status.problems == ()


def test_a_cloud_build_needs_vulkan(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _build(home, "CloudRendering")
    monkeypatch.setattr(unity_module.ctypes, "CDLL", _no_library)
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "none.json"))
    library, driver = unity_status().problems
    assert "libvulkan.so.1 is missing" in library and "apt-get install" in library
    assert "no Vulkan driver" in driver
    monkeypatch.setattr(unity_module.ctypes, "CDLL", lambda name: None)
    (tmp_path / "driver.json").write_text("{}")
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "driver.json"))
    assert unity_status().platform == "CloudRendering"


def _no_library(name: str) -> None:
    raise OSError(name)


def test_a_program_of_ones_own_must_be_there(home: Path) -> None:
    (problem,) = unity_status(local_executable_path="/nowhere/thor -x", x_display="a:0").problems
    assert "/nowhere/thor" in problem
    assert unity_status(local_executable_path=sys.executable, x_display="a:0").available


def test_an_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(SpatuneError, match="CloudRendering, Linux64"):
        unity_status(platform="WebGL")


def test_asking_for_unity_where_there_is_none_is_one_line(home: Path) -> None:
    for ask in (unity_controller, lambda: make_controller("unity")):
        with pytest.raises(SpatuneError, match="no Unity build.*backend=embedded") as raised:
            ask()
        assert "\n" not in str(raised.value)
    assert not (home / ".ai2thor").exists()


def test_without_the_package_the_fix_is_to_install_it() -> None:
    program = (
        "import sys; sys.modules['ai2thor'] = None\n"
        "from spatune.envs.thor_backends import embedded_controller, unity_status\n"
        "print(unity_status().problems)\n"
        "embedded_controller(scene={})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'spatune[unity]'" in done.stdout
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("spatune.errors.SpatuneError: the ai2thor package does not import")


def test_auto_takes_the_embedded_backend_and_says_why_once(
    home: Path, house: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with make_controller(scene=house, width=32, height=32) as controller:
            assert isinstance(controller, ThorController)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "embedded" in said[0] and "no Unity build" in said[0]


def test_embedded_is_taken_without_a_word(
    house: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with make_controller("embedded", scene=house, width=32, height=32) as controller:
        assert isinstance(controller, ThorController)
    assert capsys.readouterr().err == ""


def test_an_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(SpatuneError, match="auto, embedded, unity"):
        make_controller("unreal")  # pyright: ignore[reportArgumentType]


@pytest.mark.unity
def test_unity_takes_the_same_walk(
    play: Callable[[Any], list[Any]], house: dict[str, Any], options: dict[str, Any]
) -> None:
    """Run with `pytest -m unity` on a machine with a Unity build."""
    with ThorController(scene=house, **options) as here:
        keys = set(here.last_event.metadata)
    with unity_controller(scene=house, **options) as there:
        taken = play(there)
    assert len(taken) == 200
    assert all(keys <= set(step.event.metadata) for step in taken)
    assert any(step.event for step in taken) and any(step.error for step in taken)
