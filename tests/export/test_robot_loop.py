"""The Jetson recipe's loop drives a robot at the control rate, counts what is late, and stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from spatune.envs.spec import CameraSpec
from spatune.errors import SpatuneError
from spatune.export.bundle import PROMPTS, SPEC, write_manifest
from spatune.policies.spec import PolicySpec

from ..loaded import module_from

RECIPE = Path(__file__).parents[2] / "recipes" / "jetson"
TASK = "pick up the milk"
HZ, CHUNK, EXECUTED, SIZE = 50.0, 6, 4, 8

ROBOT = """
import json, time
import numpy as np

seen, sent = 0, []

def read_observation():
    global seen
    seen += 1
    time.sleep({delay})
    return {{
        "observation.images.front": np.zeros((8, 8, 3), np.uint8),
        "observation.state": np.full(2, float(seen), np.float32),
        "task": "{task}",
    }}

def send_action(action):
    sent.append((time.perf_counter(), action.tolist()))
    {fault}

def stop():
    with open({log!r}, "w") as file:
        json.dump({{"seen": seen, "sent": sent}}, file)
"""


@pytest.fixture(scope="module")
def recipe() -> Iterator[ModuleType]:
    """The recipe's file as a module."""
    yield module_from(RECIPE / "robot_loop.py")
    del sys.modules["robot_loop"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy whose action h of a chunk is the state plus h."""
    folder = tmp_path_factory.mktemp("bundle")
    names = {"images": TensorProto.UINT8, "input_ids": TensorProto.INT64}
    names["attention_mask"] = TensorProto.INT64
    shapes = {"images": (1, 1, SIZE, SIZE, 3), "input_ids": (1, 5), "attention_mask": (1, 5)}
    ramp = np.arange(CHUNK, dtype=np.float32)[None, :, None]
    nodes = [helper.make_node("Unsqueeze", ["state", "one"], ["row"])]
    total = "row"
    for name in names:
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", [f"{name}_float"], [f"{name}_mean"], keepdims=0),
            helper.make_node("Mul", [f"{name}_mean", "zero"], [f"{name}_nothing"]),
            helper.make_node("Add", [total, f"{name}_nothing"], [f"{name}_sum"]),
        ]
        total = f"{name}_sum"
    nodes.append(helper.make_node("Add", [total, "ramp"], ["actions"]))
    graph = helper.make_graph(
        nodes,
        "policy",
        [
            *(helper.make_tensor_value_info(n, kind, shapes[n]) for n, kind in names.items()),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, (1, 2)),
        ],
        [helper.make_tensor_value_info("actions", TensorProto.FLOAT, (1, CHUNK, 2))],
        [
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(ramp, "ramp"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, str(folder / "policy.fp32.onnx"))
    PolicySpec(
        cameras=(CameraSpec("observation.images.front", "front", SIZE, SIZE),),
        resize="exact",
        state_layout=("x", "y"),
        action_layout=("dx", "dy"),
        gripper_convention="none",
        action_low=(-1.0, -1.0),
        action_high=(1.0, 1.0),
        state_normalisation="identity",
        action_normalisation="identity",
        statistics_sha256="0" * 64,
        chunk_length=CHUNK,
        execute_steps=EXECUTED,
        control_hz=HZ,
    ).save(folder / SPEC)
    (folder / PROMPTS).write_text(json.dumps({TASK: [[1, 2, 3, 4, 0], [1, 1, 1, 1, 0]]}))
    write_manifest(folder, {"policy": {"fp32": "policy.fp32.onnx"}}, {"policy": "toy"})
    return folder


def robot(folder: Path, *, delay: float = 0.0, fault: str = "", task: str = TASK) -> Path:
    """A robot that notes what it is sent in `log.json` when it stops."""
    path = folder / "robot.py"
    text = ROBOT.format(delay=delay, fault=fault, task=task, log=str(folder / "log.json"))
    path.write_text(text)
    return path


def log(folder: Path) -> dict:
    """What the robot noted."""
    return json.loads((folder / "log.json").read_text())


def test_sends_the_executed_share_of_each_chunk_at_the_control_rate(
    recipe: ModuleType, bundle: Path, tmp_path: Path
) -> None:
    config = recipe.LoopConfig(bundle, robot(tmp_path), threads=1, seconds=1.0)
    report = recipe.run_loop(config)
    sent = log(tmp_path)["sent"]
    assert report.steps == len(sent) and report.backend == "ort-cpu-fp32"
    assert report.replans == -(-len(sent) // EXECUTED)
    # Warm-up reads observations too, and sends nothing.
    values = [action[0] for _, action in sent]
    expected = [
        recipe.WARM_UPS + 1 + step // EXECUTED + step % EXECUTED for step in range(len(sent))
    ]
    assert values == expected
    # 50 steps in a second are due; a machine under load may lose some, never gain any.
    assert 20 <= len(sent) <= HZ + 1
    gaps = np.diff([moment for moment, _ in sent])
    assert abs(np.median(gaps) - 1 / HZ) < 0.2 / HZ


def test_late_steps_are_counted_and_never_made_up_for(
    recipe: ModuleType, bundle: Path, tmp_path: Path
) -> None:
    slow = robot(tmp_path, delay=3 / HZ)
    report = recipe.run_loop(recipe.LoopConfig(bundle, slow, threads=1, seconds=1.0))
    assert report.missed_deadlines >= report.replans > 0
    assert report.worst_step_ms > 3000 / HZ
    gaps = np.diff([moment for moment, _ in log(tmp_path)["sent"]])
    # The first action of each chunk is late; the one behind it keeps its distance.
    assert np.median(gaps[::EXECUTED]) > 0.8 / HZ


def test_sigterm_ends_the_loop_cleanly(bundle: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, str(RECIPE / "robot_loop.py"), str(bundle)),
            *("--robot", str(robot(tmp_path, fault="open('moved', 'a').close()"))),
            *("--threads", "1", "--task", TASK),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 30
        while not (tmp_path / "moved").exists():
            assert process.poll() is None and time.monotonic() < until, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, error = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0, error
    report = json.loads(output)
    assert report["steps"] == len(log(tmp_path)["sent"]) > 0
    assert report["control_hz"] == HZ and error == ""


def test_robot_is_stopped_when_it_fails(recipe: ModuleType, bundle: Path, tmp_path: Path) -> None:
    broken = robot(tmp_path, fault="raise OSError('no motor')")
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(OSError, match="no motor"):
        recipe.run_loop(recipe.LoopConfig(bundle, broken, threads=1))
    assert len(log(tmp_path)["sent"]) == 1
    assert signal.getsignal(signal.SIGTERM) is handler


def test_nothing_is_sent_for_an_instruction_that_was_not_exported(
    recipe: ModuleType, bundle: Path, tmp_path: Path
) -> None:
    other = robot(tmp_path, task="dance")
    with pytest.raises(SpatuneError, match="instruction 'dance' is not among"):
        recipe.run_loop(recipe.LoopConfig(bundle, other, threads=1))
    assert log(tmp_path)["sent"] == []
    report = recipe.run_loop(recipe.LoopConfig(bundle, other, task=TASK, threads=1, seconds=0.05))
    assert report.steps > 0


@pytest.mark.parametrize("text", ["", "def read_observation(): ...", "send_action = 3"])
def test_robot_without_its_functions_is_one_clear_line(
    text: str, recipe: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "robot.py").write_text(text)
    with pytest.raises(SpatuneError, match=r"robot.py has no function \w+\(\)"):
        recipe.load_robot(tmp_path / "robot.py")
    with pytest.raises(SpatuneError, match="absent.py is no Python file"):
        recipe.load_robot(tmp_path / "absent.py")


SPATUNE = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *fp8*) echo "no fp8 here" >&2; exit 2 ;; esac
"""


def build_engines(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the script with a stand-in for the `spatune` command and for TensorRT's package."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "spatune").write_text(SPATUNE)
    (folder / "bin" / "spatune").chmod(0o755)
    (folder / "lib").mkdir(exist_ok=True)
    (folder / "lib" / "tensorrt.py").touch()
    paths = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "lib"),
        "PYTHON": sys.executable,
        "CALLS": str(folder / "calls"),
    }
    return subprocess.run(
        ["bash", str(RECIPE / "build_engines.sh"), *words],
        env={**os.environ, **paths, **environment},
        capture_output=True,
        text=True,
    )


def write_precisions(folder: Path, *precisions: str) -> Path:
    """A manifest that names precisions, the only thing that the script reads."""
    bundle = folder / "my bundle"
    bundle.mkdir()
    graphs = {"policy": {precision: "policy.onnx" for precision in precisions}}
    (bundle / "manifest.json").write_text(json.dumps({"graphs": graphs}))
    return bundle


def test_build_script_builds_what_tensorrt_can_run(tmp_path: Path) -> None:
    bundle = write_precisions(tmp_path, "fp32", "fp16", "int8-dynamic")
    done = build_engines(tmp_path, str(bundle), STAGES="policy vision")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"export engine {bundle} --engine tensorrt --precision {precision} --stage {stage}"
        for precision in ("fp32", "fp16")
        for stage in ("policy", "vision")
    ]


def test_build_script_goes_on_after_a_failure_and_names_it(tmp_path: Path) -> None:
    done = build_engines(tmp_path, str(write_precisions(tmp_path, "fp16")), "fp8", "fp16")
    assert done.returncode == 2 and "not built: policy.fp8" in done.stderr
    assert "--precision fp16" in (tmp_path / "calls").read_text()


@pytest.mark.parametrize(
    ("words", "environment", "text"),
    [
        ((), {}, "name a bundle"),
        (("absent",), {}, "absent has no manifest.json"),
        (("BUNDLE",), {"PYTHONPATH": ""}, "has no tensorrt: install python3-libnvinfer"),
        (("BUNDLE",), {}, "no precision for TensorRT"),
    ],
)
def test_build_script_says_what_is_missing(
    words: tuple[str, ...], environment: dict[str, str], text: str, tmp_path: Path
) -> None:
    if environment and find_spec("tensorrt") is not None:
        pytest.skip("this machine has tensorrt")
    bundle = str(write_precisions(tmp_path, "int8-dynamic"))
    given = [bundle if word == "BUNDLE" else word for word in words]
    done = build_engines(tmp_path, *given, **environment)
    assert done.returncode == 2 and text in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "calls").exists()
