"""The benchmark of the queue against lock-step: cases that can be counted by hand."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from ..loaded import module_from

PATH = Path(__file__).parents[2] / "benchmarks" / "schedule_simulation.py"


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    return module_from(PATH)


def rows(*tasks: list[float]) -> list[list]:
    return [
        ["suite", task, init, 0, seconds]
        for task, lengths in enumerate(tasks)
        for init, seconds in enumerate(lengths)
    ]


def test_equal_episodes_cost_the_same_and_one_worker_never_waits(simulation: ModuleType) -> None:
    durations = simulation.draw_durations(rows([10.0], [10.0]))
    queue = simulation.queue(durations, 5.0, 1)
    assert queue == simulation.lock_step(durations, 5.0, 1, 1, 1)
    assert (queue.seconds, queue.environments) == (1010.0, 2)
    assert queue.playing + queue.building == pytest.approx(1)
    # Two workers, two tasks: nobody builds twice, nobody waits.
    both = simulation.queue(durations, 5.0, 2)
    assert (both.seconds, both.environments) == (505.0, 2)


def test_a_batch_waits_for_its_longest_episode_and_the_queue_does_not(
    simulation: ModuleType,
) -> None:
    durations = simulation.draw_durations(rows([1.0, 9.0]))
    lengths = list(durations.values())
    pairs = zip(lengths[::2], lengths[1::2], strict=True)
    lock_step = simulation.lock_step(durations, 3.0, 2, 2, 1)
    assert lock_step.seconds == 3 + sum(max(pair) for pair in pairs)
    queue = simulation.queue(durations, 3.0, 2)
    half = 3 + sum(lengths) / 2
    assert half <= queue.seconds <= half + 9 < lock_step.seconds
    assert queue.playing == pytest.approx(sum(lengths) / (2 * queue.seconds))


def test_more_workers_than_episodes(simulation: ModuleType) -> None:
    durations = simulation.draw_durations(rows([1.0]))
    queue = simulation.queue(durations, 3.0, 512)
    # The last episode of a task is left to a worker that has its environment.
    assert (queue.seconds, queue.environments) == (5.0, 49)
    best, batch = simulation.best_lock_step(durations, 3.0, 512)
    assert (best.seconds, batch) == (4.0, 50)
