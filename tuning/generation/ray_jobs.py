"""`run_on_ray`: the results of many jobs, from the workers of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...ray_cluster import connect


def run_on_ray[Job, Result](
    run: Callable[[Job], Iterable[Result]], jobs: Sequence[Job], address: str, workers: int
) -> Iterator[Result]:
    """Run every job on Ray; results come as jobs end, in no fixed order.

    Args:
        run: Function of a module, so that a worker finds it.
        jobs: Its arguments.
        address: `local` starts Ray here; else the address of a cluster, where the package must be
            installed and the jobs' folders must be shared.
        workers: Processes of a local Ray, and CPUs that another one must have.

    Raises:
        SpatuneError: Ray is not installed, nothing answers, or the cluster has too few CPUs.
    """
    ray = connect(address, workers)
    try:
        task = ray.remote(num_cpus=1, max_retries=2)(_results)
        waiting = [task.remote(run, job) for job in jobs]
        while waiting:
            ended, waiting = ray.wait(waiting, num_returns=1)
            for results in ray.get(ended):
                yield from results
    finally:
        ray.shutdown()


def _results[Job, Result](run: Callable[[Job], Iterable[Result]], job: Job) -> list[Result]:
    return list(run(job))
