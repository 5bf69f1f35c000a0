"""How long workers wait for each other: the queue of `spatune eval` against lock-step evaluation.

Recorded durations of episodes and of building an environment are played through the queue's own
`Schedule` on a simulated clock, for 1 to 512 workers. Lock-step evaluation, as `lerobot-eval` does
it, plays a task after the other with a vector of environments: a batch of episodes takes as long as
its longest. It is also given the best choice of batch and of tasks at a time. A task has 50
episodes, whose durations are drawn with a fixed seed from those recorded of the task. Left out: the
time of one policy that serves all workers, and in lock-step the wait for the slowest at every step.

Usage: python benchmarks/schedule_simulation.py [--recorded FILE] [--out FILE]
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spatune.evaluation import EpisodeKey
from spatune.evaluation.schedule import Place, Schedule
from spatune.evaluation.workers import WorkItem

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ROOT / "recipes" / "results" / "kill_resume.json"
WORKERS = (1, 2, 8, 64, 512)
EPISODES = 50

Durations = Mapping[WorkItem, float]


@dataclass(frozen=True)
class Outcome:
    """What a way to divide the work costs.

    Attributes:
        workers: Workers that are paid for.
        seconds: Until the last episode ends.
        playing: Share of the workers' time in which they play an episode.
        building: Share in which they build an environment; the rest they wait.
        environments: Environments built.
    """

    workers: int
    seconds: float
    playing: float
    building: float
    environments: int

    @classmethod
    def of(cls, workers: int, seconds: float, played: float, built: int, build: float) -> Outcome:
        """From seconds played in all and the number of environments built."""
        paid = workers * seconds
        return cls(workers, seconds, played / paid, built * build / paid, built)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "workers": self.workers,
            "seconds": round(self.seconds, 1),
            "playing": round(self.playing, 3),
            "building": round(self.building, 3),
            "idle": max(0.0, round(1 - self.playing - self.building, 3)),
            "environments": self.environments,
        }


def draw_durations(rows: Sequence[Sequence[Any]], seed: int = 0) -> dict[WorkItem, float]:
    """50 episodes of every task, each as long as one of the task's recorded ones.

    Args:
        rows: Suite, task, init state, steps, seconds of every recorded episode.
        seed: Of the draw.
    """
    recorded: dict[Place, list[float]] = {}
    for suite, task, _, _, seconds in rows:
        recorded.setdefault((suite, task), []).append(seconds)
    draw = np.random.default_rng(seed)
    return {
        WorkItem(EpisodeKey("libero", suite, task, init), 0): float(draw.choice(seconds))
        for (suite, task), seconds in sorted(recorded.items())
        for init in range(EPISODES)
    }


def queue(durations: Durations, build: float, workers: int) -> Outcome:
    """The queue of `spatune eval`: a worker that ends an episode takes the next at once."""
    schedule = Schedule(durations)
    places: list[Place | None] = [None] * workers
    busy: list[tuple[float, int]] = []
    idle = list(range(workers))
    now, built = 0.0, 0
    while True:
        for worker in idle:
            others = [place for other, place in enumerate(places) if other != worker]
            item = schedule.take(places[worker], others)
            # Nothing comes back into the queue here, so that a worker without work has ended.
            if item is None:
                continue
            fresh = item.place != places[worker]
            built += fresh
            places[worker] = item.place
            heapq.heappush(busy, (now + build * fresh + durations[item], worker))
        if not busy:
            break
        now, worker = heapq.heappop(busy)
        idle = [worker]
    return Outcome.of(workers, now, sum(durations.values()), built, build)


def lock_step(
    durations: Durations, build: float, workers: int, batch: int, tasks_at_a_time: int
) -> Outcome:
    """Vectors of `batch` environments; a batch of episodes takes as long as its longest.

    Args:
        durations: Seconds of each episode.
        build: Seconds to build an environment; those of a vector are built at once.
        workers: Workers that are paid for.
        batch: Environments of a vector.
        tasks_at_a_time: Tasks that are played at once, each with a vector of its own.
    """
    tasks: dict[Place, list[float]] = {}
    for item in sorted(durations):
        tasks.setdefault(item.place, []).append(durations[item])
    ends = [0.0] * tasks_at_a_time
    for episodes in tasks.values():
        batches = [episodes[at : at + batch] for at in range(0, len(episodes), batch)]
        heapq.heapreplace(ends, ends[0] + build + sum(map(max, batches)))
    return Outcome.of(workers, max(ends), sum(durations.values()), batch * len(tasks), build)


def best_lock_step(durations: Durations, build: float, workers: int) -> tuple[Outcome, int]:
    """The batch (at least 2, if there are 2 workers) that ends first, with all tasks that fit."""
    batches = sorted({min(2**power, EPISODES, workers) for power in range(1, 10)})
    outcomes = [
        (lock_step(durations, build, workers, batch, workers // batch), batch) for batch in batches
    ]
    return min(outcomes, key=lambda one: one[0].seconds)


def simulate(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """All figures, from the durations of a results file of `recipes/kill_resume.py`."""
    rows = recorded["durations"]
    uses = recorded["workers"]
    build = sum(use["build_seconds"] for use in uses) / sum(use["environments"] for use in uses)
    durations = draw_durations(rows)
    seconds = sorted(durations.values())
    cases = []
    for workers in WORKERS:
        best, batch = best_lock_step(durations, build, workers)
        vector = min(workers, EPISODES)
        cases.append(
            {
                "workers": workers,
                "queue": queue(durations, build, workers).to_json(),
                "lock_step": lock_step(durations, build, workers, vector, 1).to_json(),
                "best_lock_step": {"batch": batch, **best.to_json()},
            }
        )
    return {
        "what": "Simulated evaluation: the queue against lock-step; shares of the workers' time.",
        "recorded_episodes": len(rows),
        "episodes": len(durations),
        "tasks": len({item.place for item in durations}),
        "build_seconds": round(build, 2),
        "episode_seconds": {
            "mean": round(float(np.mean(seconds)), 2),
            "shortest": round(seconds[0], 2),
            "longest": round(seconds[-1], 2),
        },
        "cases": cases,
    }


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Shares of playing, building and waiting as stacked bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    titles = {
        "queue": "queue (spatune)",
        "lock_step": "lock-step, task by task",
        "best_lock_step": "lock-step, best batch",
    }
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        cases = [case[name] for case in result["cases"]]
        labels = [str(case["workers"]) for case in cases]
        under = np.zeros(len(cases))
        for part, colour in (("playing", "#2a7f62"), ("building", "#e0a030"), ("idle", "#c9c9c9")):
            heights = np.array([100 * case[part] for case in cases])
            axis.bar(labels, heights, bottom=under, color=colour, label=part)
            under += heights
        for label, case in zip(labels, cases, strict=True):
            axis.text(label, 101.5, _clock(case["seconds"]), ha="center", fontsize=7)
        axis.set_title(title, fontsize=10, pad=14)
        axis.set_xlabel("workers")
        axis.set_ylim(0, 108)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share of the workers' time, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=130)


def _clock(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} m"


def main() -> None:
    """Simulate, print a table, write JSON and picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "schedule_simulation.json"
    )
    arguments = parser.parse_args()
    result = simulate(json.loads(arguments.recorded.read_text()))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    draw(result, arguments.out.with_suffix(".png"))
    print(f"{'workers':>7} {'queue':>16} {'lock-step':>16} {'best lock-step':>16}   time, idle")
    for case in result["cases"]:
        columns = [case[name] for name in ("queue", "lock_step", "best_lock_step")]
        text = " ".join(f"{_clock(one['seconds']):>9} {one['idle']:6.1%}" for one in columns)
        print(f"{case['workers']:>7} {text}")


if __name__ == "__main__":
    main()
