"""`connect`: join a Ray cluster, or start one here."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

from .errors import SpatuneError, first_line
from .one_thread import ONE_THREAD

_KNOCK_SECONDS = 10.0


def connect(address: str, workers: int) -> Any:
    """Join a cluster whose processes compute with one thread each.

    Args:
        address: `local` starts Ray here; else the address of a cluster, as for `ray.init`.
        workers: CPUs that are needed.

    Returns:
        The module `ray`; call its `shutdown` in the end.

    Raises:
        SpatuneError: Ray is not installed, nothing answers, or the cluster has too few CPUs.
    """
    try:
        import ray
    except ImportError:
        raise SpatuneError("--ray needs Ray: pip install 'spatune[ray]'") from None
    _check_reachable(address)
    here: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        here = {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": dict(ONE_THREAD)},
            **here,
        )
    # Ray raises a bare Exception where its start takes too long.
    except Exception as error:
        ray.shutdown()
        raise SpatuneError(f"no Ray at {address!r}: {first_line(error)}") from None
    cpus = int(ray.cluster_resources().get("CPU", 0))
    if cpus < workers:
        ray.shutdown()
        raise SpatuneError(
            f"Ray at {address!r} has {cpus} CPUs for {workers} workers: use --workers {cpus}"
        )
    return ray


def _check_reachable(address: str) -> None:
    """Knock at a `host:port`: Ray itself tries for many minutes before it says no."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdigit()) or "//" in host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_KNOCK_SECONDS).close()
    except OSError as error:
        raise SpatuneError(f"no Ray at {address!r}: {first_line(error)}") from None
