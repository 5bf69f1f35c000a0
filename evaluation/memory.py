"""`ProcessMemory`: how much memory this process uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class ProcessMemory:
    """Resident memory of a process.

    Attributes:
        peak_mb: Most so far, MiB.
        now_mb: At this moment, MiB.
    """

    peak_mb: float
    now_mb: float

    @classmethod
    def of_this_process(cls) -> ProcessMemory:
        """Read both from the kernel."""
        # Not getrusage: its peak starts with that of the parent, which holds the policy's weights.
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        peak, now = (int(fields[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
        return cls(round(peak, 1), round(now, 1))
