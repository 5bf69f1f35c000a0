"""How well each VLM points at the object of a task, in demonstrations it was not trained on.

    python recipes/evidence/pointing.py --folder runs/tiny --vlms caption sft

FOLDER is that of recipes/tiny: `demos`, `ground` and `vlm/<name>`. Frames are drawn from the
episodes that `ground/summary.json` holds out. Every VLM is asked the question that policies with
reasoning ask, with the pictures and with black ones; beside them stands whoever answers with the
median point of the training frames of the same instruction, who needs no pictures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from one_line import one_line

from spatune.agent.answers import LOCATION_BINS, AnswerError, parse_point
from spatune.agent.reasoning import SPATIAL_QUESTION
from spatune.agent.vlm import SpatialVLM
from spatune.digests import vlm_sha256
from spatune.errors import SpatuneError
from spatune.evaluation.atomic import write_atomically
from spatune.evaluation.bootstrap import mean_interval
from spatune.tuning.demo_scenes import DemoScenes
from spatune.tuning.grounding import inside

ROOT = Path(__file__).parents[2]
NEAR = 0.05
"""A point is right within this share of the image's side; 6.4 pixels of 128."""
SIDE = 128
"""Errors are said in pixels of an image of this side."""
MEDIAN = "median of the training points"


@dataclass(frozen=True)
class PointingConfig:
    """Ask every VLM where the object is, and measure by how much it is off."""

    folder: Path
    """Folder of recipes/tiny."""
    vlms: tuple[str, ...]
    """Names of VLMs in FOLDER/vlm."""
    frames: int = 400
    """Frames of held-out episodes to ask about; all if there are fewer."""
    device: str = "cpu"
    """Where the VLMs run."""
    batch_size: int = 16
    """Frames a pass."""
    out: Path = ROOT / "recipes" / "results" / "evidence" / "pointing.json"
    """Result file to write."""


def measure_pointing(config: PointingConfig) -> dict[str, Any]:
    """Errors of all VLMs.

    Raises:
        SpatuneError: The folder lacks a VLM, the frames or the rows they were trained on.
    """
    lacking = [name for name in config.vlms if not (config.folder / "vlm" / name).is_dir()]
    summary = config.folder / "ground" / "summary.json"
    if lacking or not summary.is_file():
        what = f"vlm/{lacking[0]}" if lacking else "ground/summary.json"
        raise SpatuneError(f"{config.folder} has no {what}; recipes/tiny/make.sh makes it")
    scenes = DemoScenes.load(config.folder / "demos")
    held = json.loads(summary.read_text())["held_out_episodes"]
    shown = np.array([inside(pixel) for pixel in scenes.goal_pixels[:, 0, 0]])
    out_of = np.flatnonzero(shown & np.isin(scenes.episodes, held))
    trained = np.flatnonzero(shown & ~np.isin(scenes.episodes, held))
    drawn = np.random.default_rng(0).permutation(out_of)[: config.frames]
    frames = np.sort(drawn).tolist()
    if not frames:
        raise SpatuneError(f"{config.folder}: no held-out episode shows its object")
    truth = scenes.goal_pixels[frames, 0, 0, :2]
    answers = {(MEDIAN, "none"): _medians(scenes, trained, frames)}
    hashes = {}
    for name in config.vlms:
        vlm = SpatialVLM.from_pretrained(config.folder / "vlm" / name, device=config.device)
        hashes[name] = vlm_sha256(config.folder / "vlm" / name)
        for control in ("none", "blind"):
            answers[name, control] = _ask(vlm, scenes, frames, control == "blind", config)
    episodes = scenes.episodes[frames].tolist()
    return {
        "what": "recipes/evidence/pointing.py: the object of the task, pointed at in the agent "
        "view of held-out demonstrations",
        "question": SPATIAL_QUESTION,
        "frames": len(frames),
        "episodes": len(set(episodes)),
        "near_px": NEAR * SIDE,
        "side_px": SIDE,
        "rows": [
            {"vlm": name, "control": control, "sha256": hashes.get(name)}
            | _errors(points, truth, episodes)
            for (name, control), points in answers.items()
        ],
    }


def _medians(scenes: DemoScenes, trained: np.ndarray, frames: Sequence[int]) -> np.ndarray:
    words = np.array(scenes.instructions)
    points = scenes.goal_pixels[:, 0, 0, :2]
    by_task = {
        task: np.median(points[trained[words[trained] == task]], axis=0)
        for task in {scenes.instructions[frame] for frame in frames}
    }
    return np.stack([by_task[scenes.instructions[frame]] for frame in frames])


def _ask(
    vlm: SpatialVLM, scenes: DemoScenes, frames: Sequence[int], blind: bool, config: PointingConfig
) -> np.ndarray:
    """Points (N, 2) as fractions of the image; NaN where no answer can be read."""
    cameras = [np.load(file, mmap_mode="r") for file in scenes.files]
    points = np.full((len(frames), 2), np.nan)
    for begin in range(0, len(frames), config.batch_size):
        batch = frames[begin : begin + config.batch_size]
        images = [[np.array(camera[frame]) for camera in cameras] for frame in batch]
        if blind:
            images = [[np.zeros_like(image) for image in views] for views in images]
        texts = [SPATIAL_QUESTION.format(task=scenes.instructions[frame]) for frame in batch]
        for place, raw in enumerate(vlm.generate(images, texts, 16), start=begin):
            try:
                point = parse_point(raw, bins=vlm.location_bins or LOCATION_BINS)
            except AnswerError:
                continue
            points[place] = point.x, point.y
    return points


def _errors(points: np.ndarray, truth: np.ndarray, episodes: Sequence[int]) -> dict[str, Any]:
    """Median error of readable answers, and the share of all that is near, by episode."""
    errors = SIDE * np.linalg.norm(points - truth, axis=1)
    readable = ~np.isnan(errors)
    # No answer, NaN, is not near.
    near = errors <= NEAR * SIDE
    # Frames of an episode show one scene: its mean is one value.
    means = [float(near[np.array(episodes) == one].mean()) for one in sorted(set(episodes))]
    interval = mean_interval(means, [0] * len(means))
    return {
        "median_px": round(float(np.median(errors[readable])), 2) if readable.any() else None,
        "near": round(float(np.mean(means)), 4),
        "near95": [round(v, 4) for v in interval] if interval else None,
        "unreadable": int((~readable).sum()),
    }


def report(config: PointingConfig) -> int:
    """Measure, write and print."""
    found = measure_pointing(config)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(config.out, json.dumps(found, indent=1) + "\n")
    for row in found["rows"]:
        print(
            f"{row['vlm']:30}{row['control']:7}median {row['median_px']} px, near {row['near']:.1%}"
            f", unreadable {row['unreadable']} of {found['frames']}"
        )
    return 0


if __name__ == "__main__":
    asked = tyro.cli(PointingConfig, description=(__doc__ or "").split("\n", 1)[0])
    sys.exit(one_line(lambda: report(asked)))
