"""Cost of a LIBERO episode: ours with a replan every 8 steps against LeRobot's environment.

Both run the same actions from the same init states in one process tree, one child process each,
taking turns, reset included. LeRobot draws both cameras at every step; ours where a policy would
look. Simulator states must be bit-equal after every step and pixels equal at the replan frames.

    python benchmarks/libero_vs_lerobot.py [--episodes 2] [--steps 150]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "libero_vs_lerobot.json"
REPLAN = 8
SIZE = 128
TASKS = (("libero_spatial", 0), ("libero_object", 0), ("libero_goal", 2))


def actions(steps: int) -> np.ndarray:
    """Smooth random motion that reaches objects, float32 (steps, 7)."""
    rng = np.random.default_rng(0)
    noise = np.zeros(7)
    rows = []
    for _ in range(steps):
        noise = 0.9 * noise + 0.3 * rng.normal(size=7)
        rows.append(np.clip(noise, -1, 1))
    return np.array(rows, np.float32)


def ours(suite: str, task_id: int, steps: int) -> Iterator[tuple[list[str], list[str]]]:
    """State digest of every step and pixel digest of every replan, one item an episode."""
    from spatune.envs import LiberoEnv

    env = LiberoEnv(suite, task_id, image_size=SIZE, render_every=0)
    for episode in range(1000):
        frames, states = [], []
        observation, _ = env.reset(seed=episode, options={"init_index": episode})
        for step, action in enumerate(actions(steps)):
            if step % REPLAN == 0:
                observation = env.observe() if step else observation
                views = [observation[camera.key] for camera in env.env_spec.cameras]
                frames.append(digest(*views))
            env.step(action)
            states.append(digest(env.sim.state()))
        yield states, frames


def lerobot(
    suite: str, task_id: int, steps: int, hard_reset: bool = True
) -> Iterator[tuple[list[str], list[str]]]:
    """The same with LeRobot's environment, which draws both cameras at every step."""
    from spatune.envs.libero_suites import import_libero, init_states

    import_libero()
    from lerobot.envs.libero import LiberoEnv as LeRobotLiberoEnv
    from libero.libero import benchmark

    env: Any = LeRobotLiberoEnv(
        benchmark.get_benchmark(suite)(), task_id, suite, obs_type="pixels_agent_pos",
        init_states=False, observation_width=SIZE, observation_height=SIZE,
    )  # fmt: skip
    # LeRobot reads init states with torch.load, which the registry's .npz files do not suit.
    env.init_states, env._init_states = True, init_states(suite, task_id)
    env.hard_reset = hard_reset
    for episode in range(1000):
        env.init_state_id = episode
        frames, states = [], []
        observation, _ = env.reset(seed=episode)
        for step, action in enumerate(actions(steps)):
            if step % REPLAN == 0:
                frames.append(digest(*(view[::-1] for view in observation["pixels"].values())))
            observation, *_ = env.step(action)
            states.append(digest(env._env.get_sim_state()))
        yield states, frames


def lerobot_soft(suite: str, task_id: int, steps: int) -> Iterator[tuple[list[str], list[str]]]:
    """LeRobot with its opt-in soft resets."""
    return lerobot(suite, task_id, steps, hard_reset=False)


ARMS: dict[str, Callable[[str, int, int], Iterator[tuple[list[str], list[str]]]]] = {
    "ours": ours,
    "lerobot": lerobot,
    "lerobot_soft": lerobot_soft,
}


def digest(*arrays: np.ndarray) -> str:
    """sha256 of arrays."""
    joined = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    return hashlib.sha256(joined).hexdigest()


def serve(arm: str, suite: str, task_id: int, steps: int, pipe: Connection) -> None:
    """Play an episode for each message, with its wall and CPU seconds."""
    episodes = ARMS[arm](suite, task_id, steps)
    while pipe.recv():
        wall, cpu = time.perf_counter(), time.process_time()
        states, frames = next(episodes)
        pipe.send((time.perf_counter() - wall, time.process_time() - cpu, states, frames))


def compare(suite: str, task_id: int, episodes: int, steps: int) -> dict[str, Any]:
    """One task: an episode to warm up, which builds the scene, then the timed ones."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    processes = []
    for arm in ARMS:
        pipes[arm], theirs = context.Pipe()
        process = context.Process(
            target=serve, args=(arm, suite, task_id, steps, theirs), daemon=True
        )
        process.start()
        processes.append(process)
    wall: dict[str, list[float]] = {arm: [] for arm in ARMS}
    cpu: dict[str, list[float]] = {arm: [] for arm in ARMS}
    same = {arm: {"states": True, "pixels": True} for arm in ARMS}
    for episode in range(episodes + 1):
        reference: tuple[list[str], list[str]] | None = None
        for arm, pipe in pipes.items():
            pipe.send(True)
            seconds, cpu_seconds, states, frames = pipe.recv()
            if reference is None:
                reference = (states, frames)
            same[arm]["states"] &= states == reference[0]
            same[arm]["pixels"] &= frames == reference[1]
            if episode:
                wall[arm].append(seconds)
                cpu[arm].append(cpu_seconds)
    for pipe in pipes.values():
        pipe.send(False)
    for process in processes:
        process.join(20)
        process.kill()
    peers = [arm for arm in ARMS if arm != "ours"]
    return {
        "suite": suite,
        "task_id": task_id,
        "seconds_an_episode": {arm: round(float(np.median(wall[arm])), 2) for arm in ARMS},
        "cpu_seconds_an_episode": {arm: round(float(np.median(cpu[arm])), 2) for arm in ARMS},
        "times_faster": {
            arm: round(float(np.median(wall[arm]) / np.median(wall["ours"])), 1) for arm in peers
        },
        "equal_to_ours": {arm: same[arm] for arm in peers},
    }


def main() -> None:
    """Measure, print and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=150)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = []
    for suite, task_id in TASKS:
        rows.append(compare(suite, task_id, arguments.episodes, arguments.steps))
        print(json.dumps(rows[-1]), flush=True)
    result = {
        "what": __doc__.splitlines()[0] if __doc__ else "",
        "replan_every": REPLAN,
        "steps": arguments.steps,
        "episodes": arguments.episodes,
        "image_size": SIZE,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("lerobot", "mujoco", "robosuite")},
        "tasks": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {RESULTS.name}")


if __name__ == "__main__":
    main()
