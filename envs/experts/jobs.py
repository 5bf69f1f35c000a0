"""`run_jobs`: the results of many jobs, from one process or several."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial


def run_jobs[Job, Result](
    run: Callable[[Job], Iterable[Result]], jobs: Sequence[Job], workers: int
) -> Iterator[Result]:
    """Run every job; results of several workers come as jobs end, in no fixed order.

    Args:
        run: Function of a module, so that another process finds it.
        jobs: Its arguments.
        workers: Processes; 1 or less runs the jobs here, one after the other.
    """
    if workers <= 1:
        for job in jobs:
            yield from run(job)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for results in pool.imap_unordered(partial(_results, run), jobs):
            yield from results


def _results[Job, Result](run: Callable[[Job], Iterable[Result]], job: Job) -> list[Result]:
    return list(run(job))
