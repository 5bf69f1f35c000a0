"""`SceneJob`: one scene's trajectories and questions, written to disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...errors import SpatuneError
from ..questions.ask import AskSettings, ask_all
from ..questions.question import Question
from ..questions.registry import chosen_skills
from ..scenes.simsv import read_scene, read_trajectory, write_frames, write_scene
from ..scenes.subject import Subject
from ..scenes.trajectory import Trajectory, sampled_places
from .config import GenerateConfig
from .pictures import write_pictures
from .reasons import Reasoner

Walk = Callable[[int], Trajectory]
"""A trajectory by its number, with every frame that is to be kept."""


@dataclass(frozen=True)
class SceneJob:
    """Work on one scene.

    Attributes:
        config: The whole configuration.
        scene: Name of the scene in its source.
    """

    config: GenerateConfig
    scene: str


@dataclass(frozen=True)
class TrajectoryResult:
    """What one trajectory gave.

    Attributes:
        scene: Name of the scene.
        name: Name of the trajectory.
        questions: Number by task.
        refusals: Refused draws by task and reason.
        frames: Shown frames.
        problem: Why there is no trajectory, or empty.
    """

    scene: str
    name: str
    questions: dict[str, int]
    refusals: dict[str, dict[str, int]]
    frames: int = 0
    problem: str = ""


def run_scene(job: SceneJob) -> Iterator[TrajectoryResult]:
    """Make what is missing of a scene; one result for each of its trajectories.

    A trajectory is finished when its result is on disk, which is written last.
    """
    config = job.config
    files = [result_file(config.out, job.scene, n) for n in range(trajectory_count(job))]
    missing = [number for number, file in enumerate(files) if not file.is_file()]
    for file in files:
        if file.is_file():
            yield TrajectoryResult(**json.loads(file.read_text()))
    if not missing:
        return
    try:
        with _open_scene(config, job.scene) as walk:
            while missing:
                result = _make(config, job.scene, walk, missing[0])
                if not result.problem:
                    _write(files[missing[0]], result)
                missing.pop(0)
                yield result
    except SpatuneError as error:
        for _ in missing:
            yield _no_result(job.scene, error)


def result_file(out: Path, scene: str, number: int) -> Path:
    """Where the result of a trajectory is kept: it marks that the trajectory is finished."""
    return out / "results" / _safe(scene) / f"{number:04d}.json"


def question_file(out: Path, trajectory: Trajectory) -> Path:
    """Where the questions of a trajectory are kept."""
    return out / "questions" / _safe(trajectory.scene.name) / f"{trajectory.name}.jsonl"


def trajectory_folder(out: Path, scene: str, trajectory: str) -> Path:
    """Where frames and annotations of a trajectory are kept."""
    return out / "trajectories" / _safe(scene) / trajectory


def trajectory_count(job: SceneJob) -> int:
    """How many trajectories a scene has or gets."""
    if job.config.source == "meta-info":
        return 1
    if job.config.source == "annotations":
        return len(_annotated(job.config, job.scene))
    return job.config.trajectories


def _make(config: GenerateConfig, scene: str, walk: Walk, number: int) -> TrajectoryResult:
    try:
        whole = walk(number)
    except SpatuneError as error:
        return _no_result(scene, error)
    places = sampled_places(len(whole.frames), config.frames)
    shown = whole.chosen(places)
    folder = trajectory_folder(config.out, whole.scene.name, whole.name)
    if config.source in ("houses", "libero"):
        whole = write_pictures(config, folder, whole, frozenset(places))
        shown = whole.chosen(places)
        write_frames(folder, whole)
        write_scene(folder.parent, whole.scene)
    subject = Subject(shown, config.thresholds)
    settings = AskSettings(config.seed, config.per_skill, config.tries)
    questions, refused = ask_all(subject, chosen_skills(config.skills), settings)
    if config.reasoning:
        reasoner = Reasoner(subject)
        questions = [reasoner.reasoned(question) for question in questions]
    _write_questions(question_file(config.out, whole), questions)
    counts: dict[str, int] = {}
    for question in questions:
        counts[question.task] = counts.get(question.task, 0) + 1
    refusals: dict[str, dict[str, int]] = {}
    for (task, reason), count in sorted(refused.items()):
        refusals.setdefault(task, {})[reason] = count
    return TrajectoryResult(scene, whole.name, counts, refusals, len(shown.frames))


def _no_result(scene: str, error: SpatuneError) -> TrajectoryResult:
    """It is not kept on disk, so that the next run tries again."""
    return TrajectoryResult(scene, "", {}, {}, problem=str(error))


@contextmanager
def _open_scene(config: GenerateConfig, scene: str) -> Iterator[Walk]:
    openers: dict[str, Callable[[GenerateConfig, str], AbstractContextManager[Walk]]] = {
        "houses": _open_house,
        "libero": _open_table,
        "meta-info": _open_meta_info,
        "annotations": _open_annotations,
    }
    with openers[config.source](config, scene) as walk:
        yield walk


@contextmanager
def _open_house(config: GenerateConfig, scene: str) -> Iterator[Walk]:
    from ...envs.houses.library import load_house
    from ..trajectories.house_trajectory import HouseWalker, WalkCamera
    from ..trajectories.thor_walker import ThorWalker

    camera = WalkCamera(config.width, config.height, config.fov, config.horizon)
    walker_class = HouseWalker if config.backend == "embedded" else ThorWalker
    with walker_class(load_house(scene), scene, camera) as walker:
        frames = None if config.every_frame else config.frames
        yield partial(walker.walk, seed=config.seed, frames=frames)


@contextmanager
def _open_table(config: GenerateConfig, scene: str) -> Iterator[Walk]:
    from ..trajectories.tabletop import Tabletop

    suite, task = scene.rsplit("-", 1)
    with Tabletop(suite, int(task)) as tabletop:

        def walk(number: int) -> Trajectory:
            if config.motion == "expert":
                return tabletop.reach(
                    number, frames=None if config.every_frame else config.frames,
                    width=config.width, height=config.height,
                )  # fmt: skip
            return tabletop.orbit(
                number, number, frames=config.frames, width=config.width, height=config.height,
                seed=config.seed,
            )  # fmt: skip

        yield walk


@contextmanager
def _open_meta_info(config: GenerateConfig, scene: str) -> Iterator[Walk]:
    from ..scenes.vsi_meta_info import read_meta_info

    assert config.data is not None, "it was checked"
    found = next(s for s in read_meta_info(config.data) if s.name == scene)
    yield lambda number: Trajectory("scene", found)


@contextmanager
def _open_annotations(config: GenerateConfig, scene: str) -> Iterator[Walk]:
    assert config.data is not None, "it was checked"
    folder = config.data / scene
    names, held = _annotated(config, scene), read_scene(folder)
    yield lambda number: read_trajectory(folder / names[number], held)


def _annotated(config: GenerateConfig, scene: str) -> list[str]:
    assert config.data is not None, "it was checked"
    return sorted(file.parent.name for file in (config.data / scene).glob("*/frames.jsonl"))


def _write_questions(file: Path, questions: list[Question]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(question.to_line() for question in questions))


def _write(file: Path, result: TrajectoryResult) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(result.__dict__, sort_keys=True) + "\n")
    part.replace(file)


def _safe(name: str) -> str:
    return name.replace("/", "_")
