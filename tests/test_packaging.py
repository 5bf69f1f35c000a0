"""What is shipped: packages, data, pinned versions, the plugin, and the size of files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata, util
from pathlib import Path

import pytest

import spatune

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_SHIPPED = {
    *("benchmarks", "build", "dist", "docs", "examples", "outputs", "plugins", "recipes", "runs"),
    *("scripts", "tests", "wandb"),
}
MAX_LINES = 450
DATA = (
    "bench_spatial/data",
    "policies/embedded",
    "policies/embedded_navigation",
    "envs/houses/data",
    "envs/navigation/data",
)
"""Folders of files that are not Python and belong to the package."""


def source_files(*, shipped: bool) -> list[Path]:
    """Python files relative to the root; with `shipped` those of the package only."""
    left_out = NOT_SHIPPED if shipped else {"build", "dist", "outputs", "runs", "wandb"}
    files = [*ROOT.glob("*.py")]
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in left_out:
            files += folder.rglob("*.py")
    return sorted(path.relative_to(ROOT) for path in files)


def pinned() -> dict[str, str]:
    """Version of every pinned distribution, by its normalised name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines)


def test_every_package_folder_is_listed_and_has_an_init() -> None:
    folders = {path.parent for path in source_files(shipped=True)}
    names = {".".join(("spatune", *folder.parts)) for folder in folders}
    assert sorted(names) == sorted(PROJECT["tool"]["setuptools"]["packages"])
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_files_are_short() -> None:
    lengths = {path: (ROOT / path).read_text().count("\n") for path in source_files(shipped=False)}
    assert {path: n for path, n in lengths.items() if n > MAX_LINES} == {}


def test_constraints_are_plain_pins() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pin = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.+!]*")
    assert [line for line in lines if not pin.fullmatch(line)] == []
    names = [line.split("==")[0] for line in lines]
    assert names == sorted(set(names))


def test_every_direct_dependency_is_pinned() -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"]]
    for extra in ("dev", "onnx", "openpi", "procthor", "tensorrt-rtx", "unity"):
        requirements += extras[extra]
    requirements += ["setuptools", "uv"]
    names = {re.split(r"[\[<>=! ]", requirement)[0] for requirement in requirements}
    assert names - set(pinned()) == set()


PLUGINS = ("lerobot_env_spatune", "lerobot_policy_spatune")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_lerobot_sees_the_plugin(plugin: str) -> None:
    """LeRobot imports installed distributions named `lerobot_env_` and `lerobot_policy_`."""
    names = [distribution.metadata["Name"] for distribution in metadata.distributions()]
    assert names.count(plugin) == 1
    assert util.find_spec(plugin) is not None


def test_versions_agree() -> None:
    assert metadata.version("spatune") == spatune.__version__
    assert {metadata.version(plugin) for plugin in PLUGINS} == {spatune.__version__}


def test_wheel_holds_every_module_and_all_data(tmp_path: Path) -> None:
    tree = tmp_path / "tree"

    def ignored(folder: str, names: list[str]) -> set[str]:
        top = NOT_SHIPPED if Path(folder) == ROOT else set()
        return {name for name in names if name.startswith(".") or name in {"__pycache__", *top}}

    shutil.copytree(ROOT, tree, ignore=ignored)
    build = "from setuptools import build_meta; build_meta.build_wheel('..')"
    subprocess.run([sys.executable, "-c", build], cwd=tree, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    data = [
        path.relative_to(ROOT)
        for folder in DATA
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    ]
    assert all((ROOT / folder).is_dir() for folder in DATA)
    expected = {f"spatune/{path.as_posix()}" for path in source_files(shipped=True) + data}
    inside = {name for name in shipped if name.startswith("spatune/")}
    assert inside == expected
    assert any(name.endswith("licenses/NOTICE") for name in shipped)
