"""`spatune demos nav`: expert navigation demonstrations as a LeRobotDataset."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ...errors import SpatuneError
from ...progress import Progress
from ...work_folder import claim_folder
from ..houses.assets import object_types
from ..houses.library import house_names
from ..navigation.task import NAV_TASKS
from ..thor import ThorEnv
from .episodes import save_arrays
from .jobs import run_jobs
from .nav_demos_config import DemosNavConfig
from .nav_demos_dataset import write_nav_dataset
from .nav_episodes import Detours, NavEpisodePlan, Outcome, draw_episode, play_episode

_Job = tuple[DemosNavConfig, list[NavEpisodePlan], Path]


def plan_nav_episodes(config: DemosNavConfig) -> list[NavEpisodePlan]:
    """Every episode of a configuration, in the order in which the dataset holds them.

    Raises:
        SpatuneError: An unknown task, house or target, or a number out of range.
    """
    known = house_names(config.split)
    for what, names, choices in (
        ("task", config.tasks, NAV_TASKS),
        (f"house of split {config.split!r}", config.houses, known),
        ("target", config.targets, object_types()),
    ):
        for name in names:
            if name not in choices:
                raise SpatuneError(f"unknown {what} {name!r}; choose from: {', '.join(choices)}")
    if not 0.0 <= config.detour <= 0.5:
        raise SpatuneError(f"detour is {config.detour}; use a share of steps from 0 to 0.5")
    if config.seed < 0:
        raise SpatuneError(f"seed is {config.seed}; use 0, 1, 2, ...")
    return [
        NavEpisodePlan(task, house, number)
        for task in config.tasks
        for house in config.houses or known
        for number in range(config.episodes)
    ]


def write_nav_demos(config: DemosNavConfig) -> Path:
    """Make the dataset; a killed run continues where it stopped.

    Raises:
        SpatuneError: The output exists, a wrong setting, or no episode succeeded.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    plans = plan_nav_episodes(config)
    work = config.out.with_name(config.out.name + ".work")
    claim_folder(work, _deciding(config))
    jobs: dict[tuple[str, str], list[NavEpisodePlan]] = {}
    for plan in plans:
        jobs.setdefault((plan.task, plan.house), []).append(plan)
    outcomes: Counter[Outcome] = Counter()
    with Progress(len(plans), "demonstrations") as progress:
        for outcome in run_jobs(
            _run_job, [(config, job, work) for job in jobs.values()], config.workers
        ):
            outcomes[outcome] += 1
            progress.update(outcomes.total(), f"{outcomes['solved']} solved")
    if not outcomes["solved"]:
        raise SpatuneError("the expert solved no episode; nothing to write")
    frames = write_nav_dataset(config.out, work, plans, seed=config.seed,
                               image_size=config.image_size, pictures=config.pictures)  # fmt: skip
    if not config.keep_work:
        shutil.rmtree(work)
    print(_summary(config, outcomes, frames))
    return config.out


def _summary(config: DemosNavConfig, outcomes: Counter[Outcome], frames: int) -> str:
    line = f"{outcomes['solved']}/{outcomes.total()} episodes, {frames} frames -> {config.out}"
    left_out = sorted((outcome, n) for outcome, n in outcomes.items() if outcome != "solved")
    if not left_out:
        return line
    return f"{line}; left out: {', '.join(f'{n} {outcome}' for outcome, n in left_out)}"


def _deciding(config: DemosNavConfig) -> dict[str, object]:
    """Settings that decide an episode; a later run may ask for more of them."""
    free = ("out", "tasks", "split", "houses", "episodes", "workers", "keep_work", "pictures")
    return {name: value for name, value in asdict(config).items() if name not in free}


def _run_job(job: _Job) -> Iterator[Outcome]:
    """The episodes of one task in one house: building a world takes longer than an episode."""
    config, plans, work = job
    missing = [plan for plan in plans if not _file(work, plan).exists()]
    for plan in plans:
        if plan not in missing:
            with np.load(_file(work, plan)) as stored:
                yield stored["outcome"].item()
    if missing:
        yield from _make(config, missing, work)


def _make(config: DemosNavConfig, plans: list[NavEpisodePlan], work: Path) -> Iterator[Outcome]:
    env = ThorEnv(
        plans[0].task, split=config.split, houses=(plans[0].house,), backend="embedded",
        image_size=config.image_size, max_steps=config.max_steps, render_every=0,
    )  # fmt: skip
    try:
        # All are drawn before any is played, as `draw_episode` asks.
        episodes = [draw_episode(env.guide, plan, config.seed, config.targets) for plan in plans]
        for plan, episode in zip(plans, episodes, strict=True):
            detours = Detours(config.detour, plan.random(config.seed, 1))
            arrays = play_episode(env, episode, detours)
            save_arrays(_file(work, plan), **arrays)
            yield arrays["outcome"].item()
    finally:
        env.close()


def _file(work: Path, plan: NavEpisodePlan) -> Path:
    return work / f"{plan.name}.npz"
