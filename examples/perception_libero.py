"""A LIBERO task seen through a VLM: `SpatialPerception` on `LiberoEnv`.

    python examples/perception_libero.py --suite libero_object --task-id 0

The environment draws its cameras only when the wrapper looks, here at every 8th step. The VLM is
a tiny FastVLM with ImageNet weights in its vision tower, built on the spot; give `--checkpoint`
to use another.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro

from spatune.agent import SpatialPerception, SpatialVLM, build_fastvlm
from spatune.envs import LiberoEnv


@dataclass(frozen=True)
class Arguments:
    """Features of a LIBERO episode."""

    suite: str = "libero_object"
    """Suite of tasks."""
    task_id: int = 0
    """Task in the suite."""
    steps: int = 24
    """Control steps of 0.05 s."""
    refresh_every: int = 8
    """Steps between looks."""
    source: str = "vision.timm_model.blocks.2"
    """Where the features are taken."""
    question: str | None = None
    """Asked at every look, for example "where is the object of {task}?"."""
    checkpoint: Path | None = None
    """Folder of a VLM; None builds a tiny one."""
    seed: int = 0
    """Seed of the episode."""


def load_vlm(checkpoint: Path | None) -> SpatialVLM:
    """The VLM of a folder, or a tiny one."""
    if checkpoint is not None:
        return SpatialVLM.from_pretrained(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        build_fastvlm(folder, corpus=["pick up the alphabet soup and place it in the basket"])
        return SpatialVLM.from_pretrained(folder)


def main(arguments: Arguments) -> list[np.ndarray]:
    """Runs an episode of small motions and returns the features of each look."""
    torch.set_num_threads(1)
    env = SpatialPerception(
        LiberoEnv(arguments.suite, arguments.task_id, render_every=0),
        load_vlm(arguments.checkpoint),
        source=arguments.source,
        refresh_every=arguments.refresh_every,
        question=arguments.question,
    )
    observation, info = env.reset(seed=arguments.seed)
    print(f"task: {observation['task']}")
    looks = [observation["spatial.features"]]
    start = time.perf_counter()
    for step in range(1, arguments.steps + 1):
        action = np.array([0.3 * np.sin(step / 4), 0, -0.2, 0, 0, 0, -1], np.float32)
        observation, _, terminated, truncated, info = env.step(action)
        if info["spatial.fresh"]:
            looks.append(observation["spatial.features"])
            moved = np.abs(looks[-1] - looks[-2]).mean()
            answer = f", answer {info['spatial.answer']!r}" if arguments.question else ""
            print(f"step {step}: {looks[-1].shape} features, mean change {moved:.3f}{answer}")
        if terminated or truncated:
            break
    seconds = time.perf_counter() - start
    print(f"{arguments.steps} steps and {len(looks) - 1} looks in {seconds:.2f} s")
    env.close()
    return looks


if __name__ == "__main__":
    main(tyro.cli(Arguments))
