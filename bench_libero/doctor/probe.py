"""`Probe` and `run_probes`: questions to a machine, each asked by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROBE_SECONDS = 120


@dataclass(frozen=True)
class Probe:
    """One thing to find out, by a program that runs in a process of its own.

    Attributes:
        name: What is looked for.
        code: Python program; what it prints is the answer, an exception means no.
        fix: What to do when the answer is no.
        required: Whether evaluation cannot run without it.
        environment: Environment variables of the process.
    """

    name: str
    code: str
    fix: str
    required: bool = True
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """Answer of a probe.

    Attributes:
        probe: The question.
        works: Whether it is there.
        text: What was found, or the last line of the error.
    """

    probe: Probe
    works: bool
    text: str


def run_probes(probes: Sequence[Probe]) -> list[Finding]:
    """Run all probes side by side."""
    running = [start(probe.code, dict(probe.environment)) for probe in probes]
    return [_finding(probe, process) for probe, process in zip(probes, running, strict=True)]


def start(code: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a Python program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a program printed, and in what error it ended: one line, empty if it ended well."""
    try:
        output, error = process.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        return output, f"no answer within {PROBE_SECONDS} s"
    if process.returncode == 0:
        return output, ""
    # The last line of a traceback is `package.ErrorClass: message`.
    last = error.strip().rpartition("\n")[2]
    return output, last.partition(": ")[2] or last or f"exit code {process.returncode}"


def _finding(probe: Probe, process: subprocess.Popen[str]) -> Finding:
    output, error = answer(process)
    return Finding(probe, not error, error or output.strip().rpartition("\n")[2])
