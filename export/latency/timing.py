"""`Timing`: how long repeated calls take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

WINDOW, STABLE, MOST_WARM_UP = 10, 0.1, 200


@dataclass(frozen=True)
class Timing:
    """Wall-clock times of single calls, in milliseconds.

    Attributes:
        calls: How many were timed.
        warm_up: Calls before them, until their median was stable.
        p50: Median.
        p90: 90th percentile.
        p99: 99th percentile.
        largest: Longest call.
        mean: Mean.
        deadline_ms: Longest time that a replan may take.
        missed: Share of calls that took longer.
    """

    calls: int
    warm_up: int
    p50: float
    p90: float
    p99: float
    largest: float
    mean: float
    deadline_ms: float
    missed: float

    @property
    def jitter(self) -> float:
        """p99 - p50, milliseconds."""
        return self.p99 - self.p50

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {**asdict(self), "jitter": self.jitter}


def measure(
    call: Callable[[], object],
    *,
    iterations: int,
    seconds: float,
    deadline_ms: float,
    tick: Callable[[], None] = lambda: None,
) -> tuple[Timing, np.ndarray]:
    """Warm up until the median is stable, then time single calls.

    Args:
        call: Returns when its result is on the host.
        iterations: Timed calls.
        seconds: Time after which no further call is made.
        deadline_ms: Longest time that a call may take.
        tick: Called between calls, outside the timing.

    Returns:
        The figures, and the milliseconds of every call (calls,).
    """
    warm_up = _warm_up(call, seconds)
    times: list[float] = []
    end = time.monotonic() + seconds
    while len(times) < iterations and (time.monotonic() < end or not times):
        times.append(_milliseconds(call))
        tick()
    found = np.array(times)
    p50, p90, p99 = np.percentile(found, (50, 90, 99)).tolist()
    timing = Timing(
        calls=len(times),
        warm_up=warm_up,
        p50=p50,
        p90=p90,
        p99=p99,
        largest=float(found.max()),
        mean=float(found.mean()),
        deadline_ms=deadline_ms,
        missed=float((found > deadline_ms).mean()),
    )
    return timing, found


def _warm_up(call: Callable[[], object], seconds: float) -> int:
    end = time.monotonic() + seconds
    last, calls = 0.0, 0
    while calls < MOST_WARM_UP and time.monotonic() < end:
        median = float(np.median([_milliseconds(call) for _ in range(WINDOW)]))
        calls += WINDOW
        # The first window has nothing to be compared with: no median is near 0.
        if abs(median - last) <= STABLE * last:
            break
        last = median
    return calls


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3
