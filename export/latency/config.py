"""`LatencyConfig`: the arguments of `spatune export latency`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional, UseAppendAction


@dataclass(frozen=True)
class LatencyConfig:
    """Measure how long a bundle takes from uint8 images to actions, and in which stage.

    Every call is timed on the wall clock, results on the host included. Reported are p50, p90, p99
    and the maximum, jitter (p99 - p50), missed deadlines, cold start, memory, clocks, and the floor
    that the machine's bandwidth and arithmetic set.
    """

    bundle: Positional[Path]
    """Folder that `spatune export` wrote."""

    policy: str | None = None
    """The policy that it was exported from, for torch engines; by default the one that it names."""

    engine: UseAppendAction[tuple[str, ...]] = ()
    """Engine: ort-cpu, ort-cuda, ort-tensorrt, tensorrt, tensorrt-rtx, torch-eager, torch-compile
    or aotinductor; or `torch`, the policy as it was trained, image processor and all. May be
    repeated; ort-cpu by default."""

    precision: UseAppendAction[tuple[str, ...]] = ()
    """Precision to measure. May be repeated; by default fp32. An engine leaves out those that it
    does not have, unless it has none of them."""

    stages: bool = True
    """Measure every stage by itself as well."""

    iterations: int = 500
    """Timed calls of each."""

    seconds: float = 30.0
    """Longest time for the timed calls of one engine and stage; the report tells how many ran."""

    hz: float | None = None
    """Rate of replanning whose deadlines are counted; by default the policy's own: its control rate
    over the actions that it executes."""

    threads: int = 0
    """Threads of CPU engines; 0 takes all cores."""

    device: str = "cpu"
    """Where torch engines run: cpu or cuda."""

    out: Path | None = None
    """Folder for latency.json, latency.md and latency.png; by default BUNDLE/reports."""
