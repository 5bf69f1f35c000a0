"""`spatune demos libero`: expert demonstrations as a LeRobotDataset."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ...errors import SpatuneError
from ...progress import Progress
from ...work_folder import claim_folder
from ..libero_suites import SUITES, task_count
from .demos_config import DemosLiberoConfig
from .demos_dataset import write_dataset
from .episodes import (
    TRAINING_SEED_BASE,
    EpisodePlan,
    PhysicsTrace,
    render_frames,
    rollout_expert,
    save_arrays,
)

_EPISODES_A_SCENE = 10
"""Episodes between two builds of a scene, which cost several seconds."""


def plan_episodes(config: DemosLiberoConfig) -> list[EpisodePlan]:
    """Every episode of a configuration, in the order in which the dataset holds them."""
    plans = []
    for suite in config.suites:
        if suite not in SUITES:
            raise SpatuneError(f"unknown suite {suite!r}; choose from: {', '.join(SUITES)}")
        known = range(task_count(suite))
        for task in config.tasks or known:
            if task not in known:
                raise SpatuneError(f"{suite} has tasks 0..{len(known) - 1}, not {task}")
            for k in range(config.episodes):
                seed = TRAINING_SEED_BASE + config.seed + k
                plans.append(EpisodePlan(suite, task, seed, config.noise[k % len(config.noise)]))
    return plans


def write_demos(config: DemosLiberoConfig) -> Path:
    """Make the dataset; a killed run continues where it stopped.

    Raises:
        SpatuneError: The output exists, an unknown suite or task, or no episode succeeded.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    plans = plan_episodes(config)
    work = config.out.with_name(config.out.name + ".work")
    claim_folder(work, _deciding(config))
    successes = done = 0
    with Progress(len(plans), "demonstrations") as progress:
        for success in _run_all(config, plans, work):
            successes, done = successes + success, done + 1
            progress.update(done, f"{successes} solved")
    if not successes:
        raise SpatuneError("the expert solved no episode; nothing to write")
    write_dataset(config.out, work, plans, chunk=config.chunk, pictures=config.pictures,
                  render_every=config.render_every)  # fmt: skip
    if not config.keep_work:
        shutil.rmtree(work)
    print(f"{successes}/{len(plans)} episodes -> {config.out}")
    return config.out


def _deciding(config: DemosLiberoConfig) -> dict[str, object]:
    """Settings that decide an episode; a later run may ask for more episodes or tasks."""
    free = ("out", "suites", "tasks", "episodes", "workers", "keep_work", "pictures")
    return {name: value for name, value in asdict(config).items() if name not in free}


def _run_all(config: DemosLiberoConfig, plans: list[EpisodePlan], work: Path) -> Iterator[bool]:
    blocks: dict[tuple[int, str, int], list[EpisodePlan]] = {}
    for plan in plans:
        block = (plan.seed - TRAINING_SEED_BASE - config.seed) // _EPISODES_A_SCENE
        blocks.setdefault((block, plan.suite, plan.task_id), []).append(plan)
    # Every task gets its first block before any gets its second: what an interrupted run leaves
    # is balanced over tasks.
    jobs = [(config, blocks[key], work) for key in sorted(blocks, key=lambda key: key[0])]
    if config.workers <= 1:
        for job in jobs:
            yield from _run_job(job)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(config.workers) as pool:
        for results in pool.imap_unordered(_run_job_list, jobs):
            yield from results


def _run_job_list(job: tuple[DemosLiberoConfig, list[EpisodePlan], Path]) -> list[bool]:
    return list(_run_job(job))


def _run_job(job: tuple[DemosLiberoConfig, list[EpisodePlan], Path]) -> Iterable[bool]:
    from ..libero import LiberoEnv

    config, plans, work = job
    env: LiberoEnv | None = None
    try:
        for plan in plans:
            done = work / f"{plan.name}.npz"
            if not done.exists():
                if env is None:
                    env = LiberoEnv(
                        plan.suite, plan.task_id, image_size=config.image_size,
                        render_every=0, state_frame="base",
                    )  # fmt: skip
                trace = rollout_expert(env, plan)
                save_arrays(done, **_episode(env, plan, trace, config))
            with np.load(done) as stored:
                yield bool(stored["success"])
    finally:
        if env is not None:
            env.close()


def _episode(env, plan: EpisodePlan, trace: PhysicsTrace, config: DemosLiberoConfig) -> dict:
    """Everything kept of an episode; a failure keeps its labels and states but no picture."""
    arrays = {
        "success": np.array(trace.success),
        "states": trace.states,
        "proprioception": trace.proprioception,
        "actions": trace.actions,
        "executed": trace.executed,
        "instruction": np.array(env.task.instruction),
        "objects": np.array(env.privileged.objects),
        "goals": np.array([" ".join(goal) for goal in env.privileged.goal]),
    }
    if trace.success:
        arrays |= render_frames(env, plan, trace, config.render_every)
    return arrays
