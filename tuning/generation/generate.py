"""`generate_data`: the body of `spatune data generate`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...envs.experts.jobs import run_jobs
from ...envs.thor_backends.backend import Backend
from ...envs.thor_backends.unity import unity_status
from ...errors import SpatuneError
from ...progress import Progress
from ...work_folder import claim_folder
from ..questions.registry import chosen_skills
from .config import GenerateConfig
from .jobs import SceneJob, TrajectoryResult, run_scene, trajectory_count
from .ray_jobs import run_on_ray
from .summary import GenerateSummary

_FREE = ("out", "scenes", "trajectories", "workers", "ray")
_LATER = ("backend", "motion")
_SUITES = ("libero_object", "libero_spatial", "libero_goal")


def generate_data(config: GenerateConfig) -> Path:
    """Make trajectories and questions; a stopped run goes on where it was.

    Raises:
        SpatuneError: A wrong setting, an unknown scene, a folder of another configuration, or no
            question at all.
    """
    config = replace(config, backend=_backend(config))
    jobs = [SceneJob(config, scene) for scene in _scenes(config)]
    _check(config)
    claim_folder(config.out, _deciding(config))
    total = sum(trajectory_count(job) for job in jobs)
    results: list[TrajectoryResult] = []
    questions = 0
    with Progress(total, "trajectories") as progress:
        for result in _run(config, jobs):
            results.append(result)
            questions += sum(result.questions.values())
            progress.update(len(results), f"{questions} questions")
    summary = GenerateSummary.of(results, [skill.name for skill in chosen_skills(config.skills)])
    (config.out / "summary.json").write_text(json.dumps(summary.to_json(), indent=1) + "\n")
    summary.show()
    if not questions:
        reasons = Counter(result.problem for result in results if result.problem)
        why = f": {reasons.most_common(1)[0][0]}" if reasons else ""
        raise SpatuneError(f"no question could be asked in {len(results)} trajectories{why}")
    print(f"{questions} questions on {len(results)} trajectories -> {config.out}")
    return config.out


def _run(config: GenerateConfig, jobs: list[SceneJob]) -> Iterator[TrajectoryResult]:
    if config.ray is not None:
        return run_on_ray(run_scene, jobs, config.ray, config.workers)
    return run_jobs(run_scene, jobs, config.workers)


def _backend(config: GenerateConfig) -> Backend:
    """What `auto` stands for here: a folder holds the pictures of one backend.

    Raises:
        SpatuneError: Unity was asked for and cannot run here.
    """
    if config.backend == "embedded":
        return "embedded"
    if config.source != "houses":
        raise SpatuneError(f"--backend {config.backend} draws houses; use --source houses")
    status = unity_status()
    if config.backend == "unity" and not status.available:
        raise SpatuneError(f"AI2-THOR's Unity build cannot run: {'; '.join(status.problems)}")
    chosen: Backend = "unity" if status.available else "embedded"
    print(f"houses are drawn by backend {chosen}")
    return chosen


def _scenes(config: GenerateConfig) -> list[str]:
    if config.source == "houses":
        return _chosen(config.scenes, _houses(config), f"house of split {config.split!r}")
    if config.source == "libero":
        from ...envs.libero_suites import SUITES, task_count

        suites = _chosen(config.scenes or _SUITES, list(SUITES), "LIBERO suite")
        return [f"{suite}-{task}" for suite in suites for task in range(task_count(suite))]
    if config.data is None or not config.data.exists():
        missing = f"{config.data} does not exist" if config.data else "--data is missing"
        raise SpatuneError(f"--source {config.source} reads --data: {missing}")
    if config.source == "meta-info":
        from ..scenes.vsi_meta_info import read_meta_info

        names = [scene.name for scene in read_meta_info(config.data)]
    else:
        names = sorted({file.parent.parent.name for file in config.data.glob("*/*/frames.jsonl")})
        if not names:
            raise SpatuneError(f"{config.data} holds no SCENE/TRAJECTORY/frames.jsonl")
    return _chosen(config.scenes, names, "scene")


def _houses(config: GenerateConfig) -> list[str]:
    from ...envs.houses.library import house_names

    return list(house_names(config.split))


def _chosen(wanted: tuple[str, ...], known: list[str], what: str) -> list[str]:
    for name in wanted:
        if name not in known:
            raise SpatuneError(f"unknown {what} {name!r}; choose from: {', '.join(known)}")
    return list(wanted) or known


def _check(config: GenerateConfig) -> None:
    chosen_skills(config.skills)
    for name in ("trajectories", "frames", "per_skill", "tries", "width", "height"):
        if getattr(config, name) < 1:
            raise SpatuneError(f"{name} is {getattr(config, name)}; use at least 1")
    limits = config.thresholds
    if not 0 < limits.faint <= limits.salient <= 1:
        raise SpatuneError(
            f"faint {limits.faint} and salient {limits.salient}: use 0 < faint <= salient <= 1"
        )
    if config.video and not config.every_frame:
        raise SpatuneError("--video needs --every-frame")
    if config.motion == "expert" and config.source != "libero":
        raise SpatuneError("--motion expert moves LIBERO's robot; use --source libero")
    if config.seed < 0:
        raise SpatuneError(f"seed is {config.seed}; use 0, 1, 2, ...")


def _deciding(config: GenerateConfig) -> dict[str, Any]:
    """Settings that decide a trajectory and its questions; the others may change on resume.

    Usual values of `_LATER` are left out, so that a folder from before they were there goes on.
    """
    settings = {name: value for name, value in asdict(config).items() if name not in _FREE}
    usual = {name: getattr(GenerateConfig, name) for name in _LATER}
    return {n: value for n, value in settings.items() if n not in usual or value != usual[n]}
