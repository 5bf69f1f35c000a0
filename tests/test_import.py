"""Importing the package must stay light: every heavy library loads on first use."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import spatune

ROOT = Path(__file__).resolve().parents[1]
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
    "packages"
]
HEAVY = {
    *("PIL", "accelerate", "av", "cv2", "datasets", "diffusers", "gymnasium", "h5py"),
    *("huggingface_hub", "imageio", "lerobot", "libero", "matplotlib", "mujoco", "numpy", "pandas"),
    *("rich", "robosuite", "safetensors", "scipy", "timm", "torch", "torchvision", "transformers"),
    "tyro",
}


REGISTERS_IDS = {"gymnasium", "numpy"}
"""What `spatune.envs` may load: importing it registers ids, as Gymnasium's convention has it."""


def modules_loaded_by(name: str, folder: Path) -> set[str]:
    """Top-level modules that `import name` adds to a fresh interpreter in another folder."""
    code = (
        "import json, sys; before = set(sys.modules); "
        f"import {name}; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return {module.split(".")[0] for module in json.loads(result.stdout)}


@pytest.mark.parametrize("package", [*PACKAGES, "spatune.errors"])
def test_import_loads_nothing_heavy(package: str, tmp_path: Path) -> None:
    allowed = REGISTERS_IDS if package.startswith("spatune.envs") else set()
    assert modules_loaded_by(package, tmp_path) & HEAVY <= allowed


def test_root_package_loads_nothing_but_itself_and_the_standard_library(tmp_path: Path) -> None:
    loaded = modules_loaded_by("spatune", tmp_path)
    assert loaded - set(sys.stdlib_module_names) == {"spatune"}


@pytest.mark.parametrize("name", spatune.__all__)
def test_main_name_loads(name: str) -> None:
    assert getattr(spatune, name) is not None
    assert name in dir(spatune)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = spatune.nothing  # pyright: ignore[reportAttributeAccessIssue]


def test_package_has_one_identity() -> None:
    """A second copy under another name would make two of every class."""
    own = Path(spatune.__file__ or "").resolve()
    files = {
        name: Path(path).resolve()
        for name, module in list(sys.modules.items())
        if (path := getattr(module, "__file__", None))
    }
    assert [name for name, path in files.items() if path == own] == ["spatune"]
