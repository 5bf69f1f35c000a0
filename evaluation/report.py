"""`Report`: the outcome of a run, as `report.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .atomic import write_atomically
from .summary import Summary
from .worker_use import WorkerUse


@dataclass(frozen=True)
class Report:
    """What was run and what came of it.

    Attributes:
        directory: The run directory.
        config: What decides the results, as in `config.json`.
        summary: Counts and intervals.
        versions: Versions of what took part.
        workers: What the workers that played used; changes from run to run.
    """

    directory: Path
    config: Mapping[str, Any]
    summary: Summary
    versions: Mapping[str, str]
    workers: Sequence[WorkerUse] = field(default=(), kw_only=True)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; holds no path, and equal runs differ in `workers` alone."""
        return {
            "config": dict(self.config),
            "versions": dict(self.versions),
            **self.summary.to_json(),
            **({"workers": [use.to_json() for use in self.workers]} if self.workers else {}),
        }

    def write(self) -> Path:
        """Write `report.json` into the run directory and return its path."""
        path = self.directory / "report.json"
        write_atomically(path, json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n")
        return path
