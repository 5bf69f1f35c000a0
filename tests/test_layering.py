"""The direction of dependencies between the packages, read from every module's imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A part of the package -> what its modules may import from the rest of the package, besides
# themselves. An entry with a dot allows that one module only.
BASE = {"digests", "errors", "lazy", "one_thread", "progress", "ray_cluster", "work_folder"}
SEEING = BASE | {"envs.spec"}
ACTING = SEEING | {"agent"}
JUDGING = ACTING | {"policies"}
USING = JUDGING | {"evaluation", "envs"}
ALLOWED: dict[str, set[str]] = {
    "digests": {"errors"},
    "errors": set(),
    "lazy": set(),
    "one_thread": set(),
    "progress": {"errors"},
    "ray_cluster": {"errors", "one_thread"},
    "work_folder": {"errors"},
    "envs": BASE,
    "agent": SEEING,
    "policies": ACTING,
    "evaluation": JUDGING,
    "tuning": BASE | {"agent", "envs"},
    "bench_libero": USING | {"export.bundle", "export.loading"},
    "bench_nav": USING,
    "bench_spatial": USING,
    "reports": BASE | {"evaluation", "bench_libero.config", "bench_nav.config"},
    "export": USING,
    "serving": USING,
}
# Entry points see everything; nothing above may import them.
ENTRY_POINTS = {"__init__", "__main__", "cli"}

# A robot needs numpy and onnxruntime or tensorrt alone.
ROBOT_MODULES = (
    "export.compile.run",
    "export.compile.tensorrt",
    "export.bundle",
    "export.engines",
    "export.runtime",
)
NOT_ON_ROBOT = {"lerobot", "torch", "torchvision", "transformers"}


def package_folders() -> list[Path]:
    """The top-level folders of the package: those with an `__init__.py`."""
    return sorted(path.parent for path in ROOT.glob("*/__init__.py"))


def modules() -> list[Path]:
    """Every module of the package, relative to the root."""
    files = [*ROOT.glob("*.py")]
    for folder in package_folders():
        files += folder.rglob("*.py")
    return sorted(path.relative_to(ROOT) for path in files)


def dotted(module: Path) -> str:
    """Name of a module inside the package: `envs.spec`, and `envs` for `envs/__init__.py`."""
    parts = module.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def inside(name: str, parent: str) -> bool:
    """Whether the dotted name is `parent` or lies in it."""
    return name == parent or name.startswith(parent + ".")


def imports(module: Path, source: str) -> Iterator[tuple[int, str, bool]]:
    """Every import of a module, wherever it stands, as (line, dotted name, is relative).

    Relative names are resolved from the root of the package: `from ..envs.spec import EnvSpec` in
    `agent/vlm.py` gives `envs.spec.EnvSpec`.
    """
    package = module.parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, False
        elif isinstance(node, ast.ImportFrom):
            above = node.level - 1
            base = package[: len(package) - above] if node.level else ()
            assert above <= len(package), f"{module}:{node.lineno} leaves the package"
            prefix = [*base, *(node.module or "").split(".")]
            for alias in node.names:
                name = ".".join(filter(None, [*prefix, alias.name]))
                yield node.lineno, name, node.level > 0


def broken_rules(module: Path, source: str) -> list[str]:
    """What a module imports against the rules, one line each."""
    own = module.parts[0] if len(module.parts) > 1 else module.stem
    top_level = {*ALLOWED, "cli"}
    broken = []
    for line, name, relative in imports(module, source):
        where = f"{module}:{line} imports {name}"
        first = name.split(".")[0]
        if not relative:
            if first == "spatune" or first in top_level:
                broken.append(f"{where}: use a relative import inside the package")
        elif own not in ENTRY_POINTS:
            allowed = {own} | ALLOWED[own]
            if not any(inside(name, parent) for parent in allowed):
                broken.append(f"{where}: {own} may import only {', '.join(sorted(allowed))}")
        if not relative and first in NOT_ON_ROBOT:
            if any(inside(dotted(module), robot) for robot in ROBOT_MODULES):
                broken.append(f"{where}: a robot does not have {first}")
    return broken


def test_every_part_of_the_package_is_in_the_table() -> None:
    parts = {folder.name for folder in package_folders()}
    parts |= {path.stem for path in ROOT.glob("*.py")} - ENTRY_POINTS
    assert parts - set(ALLOWED) == set(), "add the new part to ALLOWED above"


def test_table_has_no_cycle() -> None:
    ranks: dict[str, int] = {}

    def rank(part: str, path: tuple[str, ...] = ()) -> int:
        assert part not in path, " -> ".join([*path, part])
        below = {name.split(".")[0] for name in ALLOWED[part]}
        if part not in ranks:
            ranks[part] = 1 + max((rank(name, (*path, part)) for name in below), default=0)
        return ranks[part]

    for part in ALLOWED:
        rank(part)
    assert ranks["envs"] < ranks["agent"] < ranks["policies"] < ranks["evaluation"]
    assert ranks["evaluation"] < min(ranks["bench_libero"], ranks["export"], ranks["serving"])


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_imports_only_what_lies_below_it(module: Path) -> None:
    broken = broken_rules(module, (ROOT / module).read_text())
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("envs/libero.py", "from ..policies import load_policy"),
        ("envs/experts/libero.py", "from ...agent.vlm import SpatialVLM"),
        ("agent/vlm.py", "from ..envs.libero import LiberoEnv"),
        ("agent/vlm.py", "from .. import policies"),
        ("agent/vlm.py", "def f():\n    from ..cli import main"),
        ("policies/spec.py", "from ..evaluation.keys import EpisodeKey"),
        ("evaluation/worker.py", "from ..bench_libero import evaluate"),
        ("tuning/sft.py", "from ..policies import load_policy"),
        ("bench_libero/run.py", "from ..bench_nav import metrics"),
        ("errors.py", "from .envs import spec"),
        ("agent/vlm.py", "import spatune.envs.spec"),
        ("agent/vlm.py", "from envs.spec import EnvSpec"),
        ("export/runtime/session.py", "import torch"),
        ("export/bundle.py", "def f():\n    from transformers import AutoTokenizer"),
    ],
)
def test_forbidden_import_is_found(module: str, source: str) -> None:
    assert len(broken_rules(Path(module), source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "envs/experts/libero.py",
            "from ..libero import LiberoEnv\nfrom ...errors import X",
        ),
        ("agent/perception.py", "from ..envs.spec import EnvSpec\nfrom .vlm import SpatialVLM"),
        ("policies/heads/flow.py", "import torch\nfrom ...agent.features import SpatialFeatures"),
        ("bench_libero/run.py", "from ..envs import LiberoEnv\nfrom ..evaluation import run"),
        ("cli.py", "from .bench_libero import run\nfrom .tuning import sft"),
        ("export/convert.py", "import torch\nfrom ..policies import load_policy"),
        ("export/runtime/session.py", "import numpy as np\nfrom ..bundle import Bundle"),
    ],
)
def test_allowed_import_passes(module: str, source: str) -> None:
    assert broken_rules(Path(module), source) == []
