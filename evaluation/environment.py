"""`Env` and `EnvFactory`: what the engine asks of an environment, and how a worker makes one."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import SpatuneError
from .keys import EpisodeKey


class Env(Protocol):
    """A Gymnasium environment with a renderer on demand and a digest of its state.

    `reset` and `step` are Gymnasium's; `info["success"]` says whether the task is solved, and
    `info["metrics"]` of the last step, if there is one, holds further numbers of the episode by
    name (finite, or None where one is unknown). Images in the observations of `step` may be old:
    the engine calls `observe` where it needs fresh ones.
    """

    max_steps: int
    """Control steps after which an episode is truncated."""
    metadata: dict[str, Any]
    """Gymnasium's; `render_fps` is the number of control steps a second."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode; options: `init_index` (int), and `perturbation` (str) if there is one.

        The images of the observation are fresh.
        """
        ...

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """One control step with a float32 (A,) action."""
        ...

    def observe(self) -> dict[str, Any]:
        """The current observation with freshly rendered images; changes no state."""
        ...

    def state_digest(self) -> str:
        """Digest of the simulator's state, equal only for bit-equal states."""
        ...

    def close(self) -> None:
        """Release the simulator."""
        ...


@dataclass(frozen=True)
class EnvFactory:
    """How a worker process makes an environment, as data that can be sent to it.

    Attributes:
        target: `package.module:name` or `path/to/file.py:name` of a callable
            `(suite: str, task_id: int, **kwargs) -> Env`.
        kwargs: Further keyword arguments; plain picklable values.
        suffixes: Perturbations that are suites of their own: what their suite's name has behind
            the key's. All other perturbations are options of `Env.reset` alone.
    """

    target: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    suffixes: Mapping[str, str] = field(default_factory=dict)

    def place(self, key: EpisodeKey) -> tuple[str, int]:
        """Suite and task of the environment in which an episode is played."""
        return key.suite + self.suffixes.get(key.perturbation, ""), key.task_id

    def make(self, suite: str, task_id: int) -> Env:
        """Import the callable and call it.

        Raises:
            SpatuneError: The target does not exist.
        """
        where, _, name = self.target.rpartition(":")
        try:
            module = _from_file(Path(where)) if where.endswith(".py") else _from_name(where)
            function = getattr(module, name)
        except (ModuleNotFoundError, FileNotFoundError, AttributeError) as error:
            raise SpatuneError(f"environment factory {self.target!r}: {error}") from error
        return function(suite, task_id, **self.kwargs)


def _from_name(name: str) -> Any:
    if not name:
        raise ModuleNotFoundError("write it as 'package.module:name' or 'file.py:name'")
    return importlib.import_module(name)


def _from_file(path: Path) -> Any:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None or not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
