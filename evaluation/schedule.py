"""`Schedule`: which worker plays which episode next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from .workers import WorkItem

Place = tuple[str, int]


class Schedule:
    """Episodes that wait, grouped by the environment that they need.

    Building an environment costs as much as an episode or two, so a worker stays with its suite and
    task while there is work, then takes the largest group that no other worker holds. It helps
    another worker only when nothing else is left, and leaves the last episode of a group to the
    worker that has its environment. The choice changes the time, never the results.
    """

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self._groups: dict[Place, deque[WorkItem]] = {}
        for item in sorted(items):
            self._groups.setdefault(item.place, deque()).append(item)

    def __len__(self) -> int:
        return sum(len(group) for group in self._groups.values())

    def retry(self, item: WorkItem) -> None:
        """Put an episode back, to be played first in its group."""
        self._groups.setdefault(item.place, deque()).appendleft(item)

    def take(self, place: Place | None, held: Iterable[Place | None]) -> WorkItem | None:
        """The next episode for a worker, or None when there is none for it.

        Args:
            place: Suite and task of the environment that the worker has.
            held: The same of all other workers.
        """
        if place is None or place not in self._groups:
            others = set(held)
            free = [p for p, group in self._groups.items() if p not in others or len(group) > 1]
            if not free:
                return None
            place = min(free, key=lambda p: (p in others, -len(self._groups[p]), p))
        item = self._groups[place].popleft()
        if not self._groups[place]:
            del self._groups[place]
        return item
