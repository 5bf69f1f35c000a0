"""A robot needs numpy and the engine alone."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from spatune.export.bundle import Bundle
from spatune.export.observations import Observations
from spatune.export.runtime import RobotPolicy

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("numpy", "numpy.libs", "onnxruntime")
ABSENT = ("torch", "transformers", "lerobot", "onnx", "tyro", "rich", "gymnasium", "scipy")
PROGRAM = """
import importlib.util, json, sys
import numpy as np
absent = [name for name in {absent} if importlib.util.find_spec(name) is None]
from spatune.export.runtime import RobotPolicy
robot = RobotPolicy.load(__import__("pathlib").Path({bundle!r}), threads=1)
data = np.load({observations!r}, allow_pickle=False)
keys = [camera.key for camera in robot.spec.cameras]
seen = dict(zip(keys, data["images"][0]))
seen |= {{"observation.state": data["states"][0], "task": str(data["tasks"][0])}}
chunk = robot.predict_action_chunk(seen, data["noise"][0])
print(json.dumps([absent, chunk.tolist()]))
"""


@pytest.fixture(scope="module")
def robot_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed on a robot: links to numpy, ONNX Runtime and this package."""
    site = tmp_path_factory.mktemp("robot")
    packages = Path(sysconfig.get_path("purelib"))
    for name in NEEDED:
        if (packages / name).exists():
            (site / name).symlink_to(packages / name)
    (site / "spatune").symlink_to(ROOT)
    return site


def test_a_bundle_acts_without_torch_transformers_or_lerobot(
    robot_site: Path, bundle: Path, observations_file: Path
) -> None:
    program = PROGRAM.format(absent=ABSENT, bundle=str(bundle), observations=str(observations_file))
    # -S leaves site-packages out: only the robot's own folder and the standard library remain.
    command = [
        sys.executable,
        "-S",
        "-E",
        "-c",
        f"import sys; sys.path.append({str(robot_site)!r})",
    ]
    command[-1] += "\n" + program
    done = subprocess.run(command, capture_output=True, text=True, cwd=robot_site)
    assert done.returncode == 0, done.stderr
    absent, chunk = json.loads(done.stdout)
    assert absent == list(ABSENT)
    spec = Bundle.load(bundle).spec
    seen, noise = next(Observations.load(observations_file, spec).pairs(spec))
    expected = RobotPolicy.load(bundle, threads=1).predict_action_chunk(seen, noise)
    np.testing.assert_allclose(np.array(chunk, np.float32), expected, rtol=0, atol=1e-6)
