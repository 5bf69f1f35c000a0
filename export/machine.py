"""`describe_machine`: what a measurement was taken on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..evaluation.versions import installed_versions

_PACKAGES = (
    "spatune",
    "numpy",
    "torch",
    "transformers",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "tensorrt",
    "tensorrt-rtx",
)
_GPU_FIELDS = (
    "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.limit,persistence_mode,pstate"
)


def describe_machine() -> dict[str, Any]:
    """Processor, cores, clocks, power mode and GPU, as far as the system tells."""
    found: dict[str, Any] = {
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
    }
    frequency = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
    if frequency:
        found["cpu_mhz"] = int(frequency) // 1000
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor:
        found["governor"] = governor
    gpu = _ask("nvidia-smi", f"--query-gpu={_GPU_FIELDS}", "--format=csv,noheader")
    if gpu:
        values = gpu.splitlines()[0].split(", ")
        found["gpu"] = dict(zip(_GPU_FIELDS.split(","), values, strict=False))
    power_mode = _ask("nvpmodel", "-q")
    if power_mode:
        found["power_mode"] = " ".join(power_mode.split())
    return found


def export_versions() -> dict[str, str]:
    """Version by name of Python and of the installed packages that take part in an export."""
    return installed_versions(_PACKAGES)


def in_words(facts: Mapping[str, Any]) -> str:
    """Names and values in one line."""
    return ", ".join(
        f"{name} ({in_words(value)})" if isinstance(value, Mapping) else f"{name} {value}"
        for name, value in facts.items()
    )


def _cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _ask(command: str, *arguments: str) -> str:
    if shutil.which(command) is None:
        return ""
    done = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=20)
    return done.stdout.strip() if done.returncode == 0 else ""
