"""`ONE_THREAD`: processes that compute with one thread each, so that sums keep their order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

ONE_THREAD: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)
"""Environment variables of such a process."""


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that are started inside have `ONE_THREAD`; this one keeps its own variables."""
    old = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
