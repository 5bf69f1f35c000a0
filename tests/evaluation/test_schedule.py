"""Who plays what: every episode once, few environments built, nobody waits for ever."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from spatune.evaluation import EpisodeKey
from spatune.evaluation.schedule import Schedule
from spatune.evaluation.workers import WorkItem


def item(task: int, init: int) -> WorkItem:
    return WorkItem(EpisodeKey("libero", "suite", task, init, env_seed=init), 0)


def test_the_last_episode_of_a_group_is_left_to_its_worker() -> None:
    schedule = Schedule([item(0, 0), item(0, 1)])
    first = schedule.take(None, [None])
    assert first is not None and first == item(0, 0)
    assert schedule.take(None, [first.place]) is None
    assert schedule.take(first.place, [None]) == item(0, 1)


def test_a_free_worker_helps_where_more_is_left() -> None:
    schedule = Schedule([item(0, init) for init in range(3)])
    assert schedule.take(None, [("suite", 0)]) == item(0, 0)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(1, 4), st.randoms())
def test_every_episode_is_played_once_in_whatever_order_workers_end(
    sizes: list[int], workers: int, random
) -> None:
    items = [item(task, init) for task, size in enumerate(sizes) for init in range(size)]
    schedule = Schedule(items)
    places: list[tuple[str, int] | None] = [None] * workers
    playing: dict[int, WorkItem] = {}
    played: Counter[WorkItem] = Counter()
    while len(schedule) or playing:
        for worker in range(workers):
            if worker in playing:
                continue
            held = [place for other, place in enumerate(places) if other != worker]
            taken = schedule.take(places[worker], held)
            if taken is not None:
                playing[worker], places[worker] = taken, taken.place
        assert playing, "episodes wait and nobody plays"
        done = random.choice(sorted(playing))
        played[playing.pop(done)] += 1
    assert played == Counter(items)
