"""Episodes an hour of `lerobot-eval` and of `spatune eval libero`: one policy, the same episodes.

The embedded policy plays the same tasks, init states and environment seeds through both commands on
all cores. `lerobot-eval` runs as it is installed, with its own LIBERO environment, at the policy's
image size, with as many environments at a time as `--batch` says, each in its own process. It is
helped in two places: its init states are written in the format that it reads, and one processor
step turns its observations into the policy's conventions. `lerobot_no_videos` is the same without
the films of the first ten episodes of a task, which it cannot be told to leave out.

Every arm starts from nothing, scene building included. What the command takes before its first
episode is measured apart: for ours by a second call, which finds nothing left to play.

    python benchmarks/lerobot_eval_speed.py [--tasks 0,1] [--episodes 4] [--arms ours,lerobot,...]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results" / "lerobot_eval_speed.json"
SUITE, IMAGE_SIZE, SEED = "libero_object", 128, 1000
STEP = "spatune_view_of_libero"
ARMS = ("ours", "ours_1_worker", "lerobot", "lerobot_no_videos")
STOCK = "--stock"
SECONDS = {
    "command": "command_seconds",
    "without_start": "seconds_without_start",
    "of_one_core": "command_cpu_seconds",
}
"""Episodes an hour of what; the last does not depend on what else the machine is doing."""


def play_ours(tasks: list[int], episodes: int, folder: Path, workers: int) -> dict[str, Any]:
    """Wall seconds and results of our command."""
    command = [str(Path(sys.executable).with_name("spatune")), "eval", "libero"]
    command += ["--policy", "embedded", "--suite", SUITE, "--tasks", ",".join(map(str, tasks))]
    command += ["--episodes", str(episodes), "--protocol", "lerobot", "--workers", str(workers)]
    command += ["--device", "cpu", "--out", str(folder / "run")]
    seconds, cpu = run(command, folder)
    start, start_cpu = run(command, folder)
    records = [
        json.loads(line) for line in (folder / "run/episodes.jsonl").read_text().splitlines()
    ]
    return {
        "command_seconds": round(seconds, 1),
        "seconds_without_start": round(seconds - start, 1),
        "command_cpu_seconds": round(cpu, 1),
        "start_cpu_seconds": round(start_cpu, 1),
        "seconds_of_episodes": [r["wall_seconds"] for r in records],
        "successes": [[int(r["success"]) for r in records if task_of(r) == t] for t in tasks],
        "steps": [[r["steps"] for r in records if task_of(r) == t] for t in tasks],
    }


def play_lerobot(
    tasks: list[int], episodes: int, folder: Path, batch: int, videos: bool
) -> dict[str, Any]:
    """The same of `lerobot-eval`, which itself reports its seconds after the start."""
    command = [sys.executable, __file__, STOCK, "videos" if videos else "no-videos"]
    command += [f"--policy.path={lerobot_policy(folder)}", "--policy.device=cpu"]
    command += ["--env.type=libero", f"--env.task={SUITE}", f"--env.task_ids={tasks}"]
    command += [f"--env.observation_{side}={IMAGE_SIZE}" for side in ("height", "width")]
    command += [f"--eval.n_episodes={episodes}", f"--eval.batch_size={batch}", f"--seed={SEED}"]
    (folder / "run").mkdir()  # lerobot-eval makes it only for its films
    command += [f"--output_dir={folder / 'run'}"]
    seconds, cpu = run(
        command, folder, LIBERO_CONFIG_PATH=str(init_states_for_lerobot(tasks, folder))
    )
    info = json.loads((folder / "run" / "eval_info.json").read_text())
    return {
        "command_seconds": round(seconds, 1),
        "seconds_without_start": round(info["overall"]["eval_s"], 1),
        "command_cpu_seconds": round(cpu, 1),
        "successes": [[int(s) for s in t["metrics"]["successes"]] for t in info["per_task"]],
        "batch_size": batch,
    }


def run(command: list[str], folder: Path, **environment: str) -> tuple[float, float]:
    """Wall and CPU seconds of a command that must succeed, its children included."""
    spent: dict[int, float] = {}
    began = time.perf_counter()
    with (folder / "log.txt").open("a") as log:
        main = psutil.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        while main.poll() is None:
            # Children of a fork server are nobody's to wait for, so that times are read on the way.
            with contextlib.suppress(psutil.Error):
                for process in (main, *main.children(recursive=True)):
                    with contextlib.suppress(psutil.Error):
                        used = process.cpu_times()
                        spent[process.pid] = used.user + used.system
            time.sleep(0.2)
    if main.returncode:
        sys.exit((folder / "log.txt").read_text()[-3000:])
    return time.perf_counter() - began, sum(spent.values())


def task_of(record: dict[str, Any]) -> int:
    """Task of an episode record."""
    return record["key"]["task_id"]


def lerobot_policy(folder: Path) -> Path:
    """The embedded policy with a step that turns LeRobot's LIBERO into what it was trained on."""
    from spatune.bench_libero.instructions import published_instruction
    from spatune.envs import LiberoEnv
    from spatune.envs.libero_suites import libero_task, task_count
    from spatune.policies.checkpoint import find_checkpoint

    env = LiberoEnv(SUITE, 0, cameras={})
    base = env.privileged.base_position.tolist()
    env.close()
    copy = shutil.copytree(find_checkpoint("embedded"), folder / "policy", dirs_exist_ok=True)
    path = copy / "policy_preprocessor.json"
    pipeline = json.loads(path.read_text())
    tasks = [libero_task(SUITE, task) for task in range(task_count(SUITE))]
    sentences = {published_instruction(task): task.instruction for task in tasks}
    step = {"registry_name": STEP, "config": {"base": base, "sentences": sentences}}
    pipeline["steps"].insert(0, step)
    path.write_text(json.dumps(pipeline))
    return copy


def init_states_for_lerobot(tasks: list[int], folder: Path) -> Path:
    """LIBERO's own init states as the torch files that LeRobot reads; returns LIBERO's settings."""
    import torch
    import yaml
    from libero.libero import benchmark, get_libero_path

    from spatune.envs.libero_suites import import_libero, init_states

    import_libero()
    suite = benchmark.get_benchmark(SUITE)()
    for task_id in tasks:
        task = suite.get_task(task_id)
        path = folder / "init_states" / task.problem_folder / Path(task.init_states_file).name
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(init_states(SUITE, task_id).copy(), path)
    paths = {key: get_libero_path(key) for key in ("benchmark_root", "bddl_files", "assets")}
    settings = folder / "libero"
    settings.mkdir(exist_ok=True)
    paths["init_states"] = str(folder / "init_states")
    (settings / "config.yaml").write_text(yaml.safe_dump(paths))
    return settings


def run_stock(videos: bool) -> None:
    """`lerobot-eval` with the rest of the command line."""
    from dataclasses import dataclass, field

    import torch
    from lerobot.processor import ProcessorStep, ProcessorStepRegistry
    from lerobot.scripts import lerobot_eval

    @ProcessorStepRegistry.register(name=STEP)
    @dataclass
    class _View(ProcessorStep):
        """rot180 mirrored is upright; positions from the robot's base; the bddl file's words."""

        base: list[float] = field(default_factory=list)
        sentences: dict[str, str] = field(default_factory=dict)

        def __call__(self, transition: Any) -> Any:
            observation, extra = transition["observation"], transition["complementary_data"]
            shown = {
                key: torch.flip(value, dims=[3]) if "images" in key else value
                for key, value in observation.items()
            }
            shown["observation.state"] = observation["observation.state"].clone()
            shown["observation.state"][:, :3] -= torch.tensor(self.base)
            task = [self.sentences[said] for said in extra["task"]]
            extra = {**extra, "task": task}
            return {**transition, "observation": shown, "complementary_data": extra}

        def get_config(self) -> dict[str, Any]:
            return {"base": self.base, "sentences": self.sentences}

        def transform_features(self, features: Any) -> Any:
            return features

    if not videos:
        play = lerobot_eval.eval_policy_all

        def play_unfilmed(*arguments: Any, **settings: Any) -> dict:
            return play(*arguments, **(settings | {"max_episodes_rendered": 0, "videos_dir": None}))

        lerobot_eval.eval_policy_all = play_unfilmed
    lerobot_eval.main()


def measure(arm: str, tasks: list[int], episodes: int, batch: int) -> dict[str, Any]:
    """One arm, with episodes an hour."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arm.startswith("ours"):
            row = play_ours(tasks, episodes, folder, 1 if arm == "ours_1_worker" else 2)
        else:
            row = play_lerobot(tasks, episodes, folder, batch, videos=arm == "lerobot")
    count = len(tasks) * episodes
    for how, key in SECONDS.items():
        row[f"episodes_an_hour_{how}"] = round(3600 * count / row[key], 1)
    return row


def main() -> None:
    """Measure the arms asked for, print them, and put them into the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="0,1")
    parser.add_argument("--episodes", type=int, default=4)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--arms", default=",".join(ARMS))
    arguments = parser.parse_args()
    tasks = [int(task) for task in arguments.tasks.split(",")]
    setting = {
        "what": __doc__.splitlines()[0] if __doc__ else "",
        "suite": SUITE,
        "tasks": tasks,
        "episodes_a_task": arguments.episodes,
        "image_size": IMAGE_SIZE,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("lerobot", "mujoco", "robosuite", "torch")},
    }
    # Arms that were measured on the same setting in an earlier call are kept.
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    same = {key: old.get(key) for key in setting} == setting
    arms: dict[str, Any] = old["arms"] if same else {}
    for arm in arguments.arms.split(","):
        arms[arm] = measure(arm, tasks, arguments.episodes, arguments.batch)
        print(json.dumps({arm: arms[arm]}), flush=True)
        result: dict[str, Any] = {**setting, "arms": arms}
        peers = [name for name in arms if name.startswith("lerobot")]
        if "ours" in arms:
            result["times_faster"] = {
                name: {
                    how: round(
                        arms["ours"][f"episodes_an_hour_{how}"]
                        / arms[name][f"episodes_an_hour_{how}"],
                        1,
                    )
                    for how in SECONDS
                }
                for name in peers
            }
            result["same_results"] = {
                name: arms[name]["successes"] == arms["ours"]["successes"] for name in peers
            }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {RESULTS.name}")


if __name__ == "__main__":
    if sys.argv[1:2] == [STOCK]:
        filmed = sys.argv[2] == "videos"
        del sys.argv[1:3]
        run_stock(filmed)
    else:
        main()
