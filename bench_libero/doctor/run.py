"""`run_doctor`: what this machine can do, and how to fix what it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...errors import SpatuneError
from .check import DETERMINISM, GRIPPER, MOTION, ORIENTATION
from .config import DoctorConfig
from .machine import MACHINE_PROBES, RENDER_CODE
from .probe import Finding, Probe, answer, run_probes, start

CONVENTIONS_CODE = """
import json, os
from spatune.bench_libero.doctor.scene import checked
for check in checked():
    print(json.dumps([check.name, check.works, check.text]), flush=True)
os._exit(0)
"""
_PINNED = "pip install -e . -c constraints.txt"
CONVENTION_PROBES = tuple(
    Probe(name, CONVENTIONS_CODE, fix)
    for name, fix in (
        (DETERMINISM, f"{_PINNED}, and one GL backend: MUJOCO_GL=egl or osmesa"),
        (ORIENTATION, f"{_PINNED} (robosuite 1.4.0 draws bottom-up); try MUJOCO_GL=osmesa"),
        (MOTION, f"{_PINNED}: another robosuite has another controller"),
        (GRIPPER, f"{_PINNED}: another robosuite has another gripper command"),
    )
)


def run_doctor(config: DoctorConfig) -> list[Finding]:
    """Print what was found, with the fix beside what is missing.

    Raises:
        SpatuneError: Something is missing or wrong without which no evaluation runs, or none that
            is to be trusted.
    """
    conventions = start(CONVENTIONS_CODE, {}) if config.conventions else None
    findings = run_probes(MACHINE_PROBES)
    if conventions is not None:
        findings += read_conventions(conventions)
    table = Table(title=f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs")
    for column in ("what", "", "found", "fix"):
        table.add_column(column)
    for finding in findings:
        mark = "[green]yes" if finding.works else "[red]no" if finding.probe.required else "no"
        fix = "" if finding.works else finding.probe.fix
        table.add_row(finding.probe.name, mark, escape(finding.text), escape(fix))
    Console().print(table)
    bad = [f.probe.name for f in findings if f.probe.required and not f.works]
    if not any(f.works for f in findings if f.probe.code == RENDER_CODE):
        bad.append("rendering")
    if bad:
        raise SpatuneError(f"missing or wrong: {', '.join(bad)}; the table says how to fix it")
    return findings


def read_conventions(process: subprocess.Popen[str]) -> list[Finding]:
    """What the process of `CONVENTIONS_CODE` found."""
    output, error = answer(process)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("[")]
    told = {name: (works, text) for name, works, text in lines}
    none = (False, error or "no answer")
    return [Finding(probe, *told.get(probe.name, none)) for probe in CONVENTION_PROBES]
