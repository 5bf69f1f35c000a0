"""Plays the ablation: the policies that exist, on every arm of the matrix, in a balanced order.

    python recipes/evidence/evaluate.py --checkpoints DIR --runs DIR --budget-minutes 60

DIR holds a folder for each policy, named as `matrix.py` says, with `policies-` or `policies/`
before it or not. A policy that lacks its `vlm` folder is given a link to `vlm-<name>` or
`vlm/<name>`, where there is one.

Episodes are played init state by init state and task by task; each is played by all cells before
the next, so that a stopped run is balanced and its cells share their episodes. Plans, records and
run directories are those of `spatune eval libero|nav`. What is played is kept and never played
again: the same command goes on, with more policies, episodes and time if they are given.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import tyro
from matrix import ARMS, Cell, cells
from one_line import one_line

from spatune.agent.chunk_policy import ChunkPolicy
from spatune.bench_libero.config import EvalLiberoConfig
from spatune.bench_libero.plan import EvalPlan
from spatune.bench_libero.plan import make_plan as libero_plan
from spatune.bench_nav.config import EvalNavConfig
from spatune.bench_nav.plan import NavPlan
from spatune.bench_nav.plan import make_plan as nav_plan
from spatune.errors import SpatuneError, first_line
from spatune.evaluation import EpisodeKey, EpisodeProgress, EpisodeStore, Lane, run_lanes
from spatune.evaluation.atomic import write_atomically
from spatune.evaluation.records import EpisodeRecord
from spatune.evaluation.tasks import parse_tasks
from spatune.policies.checkpoint import VLM_FOLDER

POLICIES_FILE = "policies.json"
_OWN_SETTINGS = ("features_vlm", "vlm", "device", "repo_id")


@dataclass(frozen=True)
class EvaluateConfig:
    """Play the ablation, as far as the time goes."""

    checkpoints: Path
    """Folder of the policies' folders."""
    runs: Path
    """Folder of the run directories, <arm>/<policy>."""
    budget_minutes: float
    """Time to play; what is being played at its end is played again next time."""
    only: tuple[str, ...] = ()
    """Patterns of run directories, such as 'libero_spatial/frozen-*' or '*-blind'; all if none."""
    episodes: int | None = None
    """Episodes a task; by default what the matrix asks of each arm."""
    tasks: str = "all"
    """Tasks of every arm: 'all', or ids and ranges such as '0,3,5-7'."""
    workers: int = 2
    """Worker processes, each with one simulator."""
    device: str = "cpu"
    """Where policies run; compare only runs of one device."""
    unit: int = 60
    """Episodes that are played at least before the order is taken up again."""


class OutOfTime(Exception):
    """The budget is used up."""


class TimedProgress(EpisodeProgress):
    """Progress that ends the run at a moment of `time.monotonic`; finished episodes are kept."""

    def __init__(self, total: int, deadline: float) -> None:
        super().__init__(total)
        self.deadline = deadline

    def count(self, record: EpisodeRecord, *, again: bool = False, peak_mb: float = 0.0) -> None:
        """Count one attempt, which is on disk already.

        Raises:
            OutOfTime: The moment has come.
        """
        super().count(record, again=again, peak_mb=peak_mb)
        if time.monotonic() >= self.deadline:
            raise OutOfTime


@dataclass
class Ready:
    """A cell whose policy is there.

    Attributes:
        cell: The cell.
        plan: As `spatune eval` makes it.
        wanted: Its episodes that are not played yet.
    """

    cell: Cell
    plan: EvalPlan | NavPlan
    wanted: list[EpisodeKey]

    def load(self) -> ChunkPolicy:
        """Load what acts."""
        if isinstance(self.plan, NavPlan):
            return self.plan.actor.load(self.plan.device)
        return self.plan.load_actor()


Unit = list[tuple[Ready, list[EpisodeKey]]]


class Player:
    """Plays units of episodes, and notes cells that cannot be played.

    Attributes:
        refused: Why cells are left out, by run directory.
        progress: Counts episodes and watches the time.
    """

    def __init__(self, progress: TimedProgress) -> None:
        self.progress = progress
        self.refused: dict[str, str] = {}
        self._actors: dict[tuple[str, str], ChunkPolicy] = {}

    def play(self, unit: Unit) -> None:
        """Play what can be played with the same workers together, so that scenes are built once."""
        groups: dict[str, Unit] = {}
        for ready, keys in unit:
            groups.setdefault(repr((ready.plan.factory, ready.plan.options)), []).append(
                (ready, keys)
            )
        for group in groups.values():
            able = [(ready, keys) for ready, keys in group if self._actor(ready) is not None]
            try:
                self._play_together(able)
            except SpatuneError as error:
                # One that fails must not keep the others from playing; alone it says who it is.
                for one in able if len(able) > 1 else ():
                    self.play([one])
                if len(able) == 1:
                    self._refuse(able[0][0], error)

    def _play_together(self, group: Unit) -> None:
        with ExitStack() as stack:
            lanes = []
            for ready, keys in group:
                store = stack.enter_context(EpisodeStore(ready.plan.directory, ready.plan.identity))
                actor = self._actor(ready)
                assert actor is not None, "only cells that are not refused are played"
                lanes.append(Lane(ready.cell.control, actor, store, tuple(keys)))
            try:
                if lanes:
                    first = group[0][0].plan
                    run_lanes(lanes, first.factory, first.options, self.progress)
            finally:
                for lane in lanes:
                    lane.store.finalise()

    def _actor(self, ready: Ready) -> ChunkPolicy | None:
        if ready.cell.run in self.refused:
            return None
        name = (ready.cell.policy, ready.cell.control)
        if name not in self._actors:
            try:
                self._actors[name] = ready.load()
            except Exception as error:  # whatever a damaged checkpoint raises: the others play on
                return self._refuse(ready, error)
        return self._actors[name]

    def _refuse(self, ready: Ready, error: Exception) -> None:
        self.refused[ready.cell.run] = first_line(error)
        print(f"left out: {ready.cell.run}: {first_line(error)}", file=sys.stderr)


def find_policy(checkpoints: Path, name: str) -> Path | None:
    """The folder of a policy, or None; its VLM is linked where it lies beside it."""
    places = (checkpoints / name, checkpoints / f"policies-{name}", checkpoints / "policies" / name)
    folder = next((place for place in places if (place / "config.json").is_file()), None)
    if folder is None:
        return None
    inside = folder / VLM_FOLDER
    named = json.loads((folder / "config.json").read_text()).get("vlm")
    if named != VLM_FOLDER or inside.exists():
        return folder
    vlm = name.rpartition("-seed")[0].rpartition("-")[2]
    for place in (checkpoints / f"vlm-{vlm}", checkpoints / "vlm" / vlm):
        if place.is_dir():
            inside.unlink(missing_ok=True)
            inside.symlink_to(os.path.relpath(place, folder.resolve()), target_is_directory=True)
            break
    return folder


def make_plan(cell: Cell, folder: Path, config: EvaluateConfig) -> EvalPlan | NavPlan:
    """The plan of a cell's run directory: all stored episodes of its arm.

    Raises:
        SpatuneError: The policy does not fit the arm.
    """
    arm = ARMS[cell.arm]
    both: dict[str, Any] = {
        "policy": os.path.relpath(folder),
        "control": cell.control,
        "episodes": arm.stored,
        "workers": config.workers,
        "device": config.device,
        "out": config.runs / cell.run,
    }
    if arm.benchmark == "nav":
        task: Any = arm.suite
        return nav_plan(EvalNavConfig(task=task, split="test", backend="embedded", **both))
    return libero_plan(
        EvalLiberoConfig(suite=arm.suite, perturb=arm.perturbation, protocol="paired", **both)
    )


def prepare(cell: Cell, folder: Path, config: EvaluateConfig) -> Ready:
    """A cell with its plan and the episodes that it still lacks.

    Raises:
        SpatuneError: The policy does not fit the arm, the run directory belongs to another policy,
            or the arm has fewer episodes or tasks than asked for.
    """
    arm = ARMS[cell.arm]
    episodes = arm.episodes if config.episodes is None else config.episodes
    if not 1 <= episodes <= arm.stored:
        raise SpatuneError(f"episodes = {episodes}: {arm.name} has 1 to {arm.stored} a task")
    tasks = set(parse_tasks(config.tasks, arm.TASKS))
    plan = make_plan(cell, folder, config)
    with EpisodeStore(plan.directory, plan.identity) as store:
        wanted = [k for k in plan.keys if k.task_id in tasks and k.init_index < episodes]
        return Ready(cell, plan, store.pending(wanted))


def units(ready: Sequence[Ready], size: int) -> Iterator[Unit]:
    """Episodes in balanced order: each (init state, task) with all cells that lack it.

    Args:
        ready: Cells.
        size: Episodes that a unit has at least, unless nothing is left.
    """
    places = sorted({(key.init_index, key.task_id) for one in ready for key in one.wanted})
    lacking = [{(key.init_index, key.task_id): key for key in one.wanted} for one in ready]
    taken: list[list[EpisodeKey]] = [[] for _ in ready]
    for place in places:
        for keys, by_place in zip(taken, lacking, strict=True):
            if place in by_place:
                keys.append(by_place[place])
        if sum(map(len, taken)) >= size or place == places[-1]:
            yield [(one, keys) for one, keys in zip(ready, taken, strict=True) if keys]
            taken = [[] for _ in ready]


def describe_policy(folder: Path, sha256: str | None) -> dict[str, Any]:
    """What tells policies apart: digests, and settings but those that name the VLM."""
    settings = json.loads((folder / "config.json").read_text())
    spatune = settings.get("type") == "spatune"
    kept = {k: v for k, v in sorted(settings.items()) if k not in _OWN_SETTINGS} if spatune else {}
    return {"sha256": sha256, "features_vlm": settings.get("features_vlm"), "settings": kept}


def note_policies(runs: Path, found: dict[str, dict[str, Any]]) -> None:
    """Add policies to `policies.json`, which `collect.py` reads to see what they share."""
    path = runs / POLICIES_FILE
    known = json.loads(path.read_text()) if path.exists() else {}
    runs.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({**known, **found}, indent=1, sort_keys=True) + "\n")


def chosen(config: EvaluateConfig) -> list[Cell]:
    """Cells of the matrix that were asked for."""
    patterns = config.only or ("*",)
    return [c for c in cells() if any(fnmatch(c.run, pattern) for pattern in patterns)]


def evaluate(config: EvaluateConfig, say: Callable[[str], None] = print) -> int:
    """Play; 0 if every cell that was tried could be played.

    Raises:
        SpatuneError: There is no such folder, or no cell that was asked for has a policy.
    """
    began = time.monotonic()
    deadline = began + 60 * config.budget_minutes
    if not config.checkpoints.is_dir():
        raise SpatuneError(f"{config.checkpoints} is no folder: give that of the policies")
    asked = chosen(config)
    folders = {cell.policy: find_policy(config.checkpoints, cell.policy) for cell in asked}
    there = [(cell, folder) for cell in asked if (folder := folders[cell.policy]) is not None]
    if not there:
        raise SpatuneError(
            f"none of the {len(asked)} cells has a policy in {config.checkpoints}: name folders as "
            "recipes/evidence/matrix.py says, or give another --only"
        )
    ready, refused, described = [], {}, {}
    for cell, folder in there:
        try:
            ready.append(prepare(cell, folder, config))
        except SpatuneError as error:
            refused[cell.run] = first_line(error)
            say(f"left out: {cell.run}: {first_line(error)}")
            continue
        described[cell.policy] = describe_policy(folder, ready[-1].plan.identity["policy_sha256"])
    note_policies(config.runs, described)
    total = sum(len(one.wanted) for one in ready)
    say(
        f"{len(ready)} cells of {len(described)} policies, {total} episodes to play; "
        f"{len(asked) - len(there)} cells wait for a policy"
    )
    with TimedProgress(total, deadline) as progress:
        player = Player(progress)
        try:
            for unit in units(ready, config.unit):
                if time.monotonic() >= deadline:
                    raise OutOfTime
                say(_unit_line(unit, progress, deadline))
                player.play(unit)
            say("everything that was asked for is played")
        except OutOfTime:
            say("the time is over: the same command goes on")
    refused |= player.refused
    minutes = (time.monotonic() - began) / 60
    say(f"{progress.done} of {total} episodes in {minutes:.1f} min; {len(refused)} cells left out")
    return 1 if refused else 0


def _unit_line(unit: Unit, progress: TimedProgress, deadline: float) -> str:
    keys = [key for _, keys in unit for key in keys]
    tasks = ", ".join(f"{t}/{i}" for i, t in sorted({(k.init_index, k.task_id) for k in keys}))
    left = max(0.0, deadline - time.monotonic()) / 60
    rest = progress.total - progress.done
    need = f", about {rest / progress.rate / 60:.0f} min for all" if progress.done else ""
    return (
        f"task/init {tasks} with {len(unit)} cells: {len(keys)} episodes; {rest} to play{need}; "
        f"{left:.1f} min left"
    )


def main(config: EvaluateConfig) -> int:
    """Play and say in one line what is wrong."""
    return one_line(lambda: evaluate(replace(config, runs=Path(os.path.relpath(config.runs)))))


if __name__ == "__main__":
    sys.exit(main(tyro.cli(EvaluateConfig, description=(__doc__ or "").split("\n", 1)[0])))
