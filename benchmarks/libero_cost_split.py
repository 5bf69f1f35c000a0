"""What an evaluation episode of LIBERO costs, part by part, beside the floor of each part.

The embedded policy plays one task as the engine does, in one process and on one thread, so that
every part can be timed: reset (settling steps included), physics, rendering, policy, and what is
left over. Floors: physics is what `mj_step` alone takes for as many substeps, rendering what
MuJoCo's draw and read of the frames that the policy reads take.

Each lever that keeps the pixels is then taken away by itself, and the pixels compared: frames that
nobody reads are drawn too; no geom is left out of a view; each camera has its own GL context.

    python benchmarks/libero_cost_split.py [--episodes 3]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

RESULTS = Path(__file__).parent / "results" / "libero_cost_split.json"
SUITE, TASK = "libero_object", 1
PARTS: tuple[str, ...] = ("reset", "physics", "rendering", "policy")


class Clock:
    """Seconds by part; what runs inside another part belongs to that one."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._busy = False

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block."""
        if self._busy:
            yield
            return
        self._busy, began = True, time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began
            self._busy = False

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        def timed(*arguments: Any, **settings: Any) -> Any:
            with self.part(name):
                return call(*arguments, **settings)

        return timed


def play(env: Any, policy: Any, episodes: int, clock: Clock, every_frame: bool = False) -> Any:
    """Play episodes as the engine does; returns wall seconds, steps, and a digest of all images."""
    from spatune.bench_libero.protocol import PROTOCOLS
    from spatune.evaluation.worker import EpisodeJob, play_episode

    keys = PROTOCOLS["lerobot"].keys(SUITE, (TASK,), episodes, 0)
    digest = hashlib.sha256()
    began, steps = time.perf_counter(), 0
    for key in keys:
        job = EpisodeJob(key, policy.spec.execute_steps, True)
        shape = (policy.spec.chunk_length, policy.spec.action_dim)

        def ask(request: Any, key: Any = key, shape: Any = shape) -> np.ndarray:
            for name, value in sorted(request.observation.items()):
                if "images" in name:
                    digest.update(np.ascontiguousarray(value).tobytes())
            with clock.part("policy"):
                noise = key.noise(request.replan, shape)[None]
                return policy.predict([request.observation], noise)[0]

        drawn = 0

        def beat() -> None:
            nonlocal drawn
            drawn += 1
            # The engine itself draws the frames of the replans.
            if every_frame and drawn % policy.spec.execute_steps:
                env.draw()

        steps += play_episode(env, job, ask, beat).steps
    return time.perf_counter() - began, steps, digest.hexdigest()


def build(clock: Clock) -> tuple[Any, Any]:
    """An environment and a policy whose parts are timed from outside."""
    from spatune.bench_libero.actors import check_policy
    from spatune.bench_libero.environment import env_factory
    from spatune.bench_libero.protocol import PROTOCOLS

    checked = check_policy("embedded")
    env: Any = env_factory(PROTOCOLS["lerobot"], checked.view).make(SUITE, TASK)
    env.reset_scene = clock.timed("reset", env.reset_scene)
    env.sim.step = clock.timed("physics", env.sim.step)
    env.sim.render = clock.timed("rendering", env.sim.render)
    return env, checked.load("cpu")


def split(env: Any, policy: Any, episodes: int, clock: Clock) -> dict[str, Any]:
    """Milliseconds an episode of every part, beside its floor."""
    clock.seconds = dict.fromkeys(PARTS, 0.0)
    seconds, steps, digest = play(env, policy, episodes, clock)
    frames = -(-steps // policy.spec.execute_steps) * len(env.env_spec.cameras)
    parts = {name: 1000 * value / episodes for name, value in clock.seconds.items()}
    parts["overhead"] = 1000 * seconds / episodes - sum(parts.values())
    floors = {
        "physics": physics_floor(env) * steps / episodes,
        "rendering": rendering_floor(env) * frames / episodes,
    }
    return {
        "milliseconds_an_episode": {name: round(value, 1) for name, value in parts.items()},
        "floor_milliseconds": {name: round(value, 1) for name, value in floors.items()},
        "whole": round(1000 * seconds / episodes, 1),
        "steps_an_episode": round(steps / episodes, 1),
        "frames_an_episode": round(frames / episodes, 1),
        "images_sha256": digest,
    }


def physics_floor(env: Any, count: int = 40) -> float:
    """Milliseconds of MuJoCo's own step for one control period."""
    from spatune.envs.mujoco_api import mujoco

    data = mujoco.MjData(env.sim.model)
    mujoco.mj_copyData(data, env.sim.model, env.sim.data)
    periods = []
    for _ in range(count):
        began = time.perf_counter()
        mujoco.mj_step(env.sim.model, data, nstep=25)
        periods.append(time.perf_counter() - began)
    return 1000 * float(np.median(periods))


def rendering_floor(env: Any, count: int = 20) -> float:
    """Milliseconds of drawing and reading one frame, hidden geoms left out; mean of cameras."""
    sim, context = env.sim, env.sim.core.sim._render_context_offscreen
    means = []
    for camera in env.env_spec.cameras:
        sim.render(camera.name, camera.height, camera.width)
        index = sim._camera_id(camera.name)
        groups = sim.model.geom_group.copy()
        hidden = sim._culling.hidden(sim._sampled, index, 1.0)
        sim.model.geom_group[hidden] = 5
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            context.render(camera.width, camera.height, camera_id=index)
            context.read_pixels(camera.width, camera.height)
            seconds.append(time.perf_counter() - began)
        sim.model.geom_group[:] = groups
        means.append(1000 * float(np.median(seconds)))
    return float(np.mean(means))


def levers(env: Any, policy: Any, episodes: int, clock: Clock) -> dict[str, Any]:
    """Seconds an episode without each lever, and whether every image stayed the same."""
    rows: dict[str, Any] = {}

    def measure(name: str, every_frame: bool = False) -> None:
        seconds, _, digest = play(env, policy, episodes, clock, every_frame)
        rows[name] = {"seconds_an_episode": round(seconds / episodes, 2), "images": digest}

    measure("all_levers")
    measure("every_frame_is_drawn", every_frame=True)
    culling = env.sim._culling.hidden
    env.sim._culling.hidden = lambda *_: np.zeros(env.sim.model.ngeom, bool)
    measure("no_geom_is_left_out")
    env.sim._culling.hidden = culling
    with two_contexts(env):
        measure("a_context_for_each_camera")
    render = env.sim.render
    env.sim.render = lambda *arguments: np.array(render(*arguments))
    measure("one_more_copy_of_each_frame")
    env.sim.render = render
    best = rows["all_levers"]
    for row in rows.values():
        row["times_slower"] = round(row["seconds_an_episode"] / best["seconds_an_episode"], 2)
        row["same_images"] = row["images"] == best["images"]
    for row in rows.values():
        del row["images"]
    return rows


@contextmanager
def two_contexts(env: Any) -> Iterator[None]:
    """The wrist camera draws in a GL context of its own."""
    from robosuite.utils.binding_utils import MjRenderContextOffscreen

    core = env.sim.core.sim
    shared, render = core._render_context_offscreen, env.sim.render
    other = MjRenderContextOffscreen(core, device_id=-1)
    other.vopt.geomgroup[:] = shared.vopt.geomgroup
    second = env.env_spec.cameras[1].name

    def draw(camera: str, height: int, width: int) -> np.ndarray:
        core._render_context_offscreen = other if camera == second else shared
        try:
            return render(camera, height, width)
        finally:
            core._render_context_offscreen = shared

    core._render_context_offscreen = shared
    env.sim.render = draw
    try:
        yield
    finally:
        env.sim.render, core._render_context_offscreen = render, shared


def main() -> None:
    """Measure, print and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=3)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    clock = Clock()
    env, policy = build(clock)
    play(env, policy, 1, clock)
    result: dict[str, Any] = {
        "what": __doc__.splitlines()[0] if __doc__ else "",
        "suite": SUITE,
        "task": TASK,
        "episodes": arguments.episodes,
        "image_size": env.env_spec.cameras[0].height,
        "execute_steps": policy.spec.execute_steps,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("mujoco", "robosuite", "torch")},
        "split": split(env, policy, arguments.episodes, clock),
    }
    print(json.dumps(result["split"]), flush=True)
    result["without_a_lever"] = levers(env, policy, arguments.episodes, clock)
    print(json.dumps(result["without_a_lever"]), flush=True)
    env.close()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {RESULTS.name}")


if __name__ == "__main__":
    main()
