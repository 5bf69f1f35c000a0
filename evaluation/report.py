"""`Report`: the outcome of a run, as `report.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .store import write_atomically
from .summary import Summary


@dataclass(frozen=True)
class Report:
    """What was run and what came of it.

    Attributes:
        directory: The run directory.
        config: What decides the results, as in `config.json`.
        summary: Counts and intervals.
        versions: Versions of what took part.
    """

    directory: Path
    config: Mapping[str, Any]
    summary: Summary
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; holds no path and no time, so equal runs write equal reports."""
        return {
            "config": dict(self.config),
            "versions": dict(self.versions),
            **self.summary.to_json(),
        }

    def write(self) -> Path:
        """Write `report.json` into the run directory and return its path."""
        path = self.directory / "report.json"
        write_atomically(path, json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n")
        return path
