"""`spatune data grounding`: questions about frames of demonstrations as training rows."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import SpatuneError
from .demo_scenes import DemoScenes
from .grounding import GroundingSampler, Theme
from .mixes.llava import FILE
from .mixes.sample import relative


@dataclass(frozen=True)
class GroundingConfig:
    """Questions about LIBERO demonstrations in LLaVA's form, for `spatune tune sft`."""

    dataset: Path
    """What `spatune frames` made of demonstrations (`spatune demos libero`)."""
    out: Path
    """Folder to write; must not exist yet."""
    theme: Theme = "spatial"
    """`spatial`: point, locate, measure, find, and point at what the instruction needs. `naming`:
    what is there and what the instruction names, nothing about where; a baseline."""
    per_frame: int = 1
    """Questions about each frame."""
    held_out: float = 0.08
    """Share of episodes without questions; their numbers stand in summary.json."""
    seed: int = 0
    """Which questions, about which episodes, in which order."""


def make_grounding_rows(config: GroundingConfig) -> Path:
    """Write `train.jsonl` and `summary.json`; pictures stay where they are.

    Returns:
        The folder, `config.out`.

    Raises:
        SpatuneError: The output exists, or the data set is none.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    if config.per_frame < 1 or not 0 <= config.held_out < 1:
        raise SpatuneError("--per-frame is 1 or more, and --held-out a share from 0 to below 1")
    scenes = DemoScenes.load(config.dataset)
    rng = np.random.default_rng(config.seed)
    episodes = np.unique(scenes.episodes)
    held = np.sort(rng.permutation(episodes)[: round(config.held_out * len(episodes))])
    frames = np.flatnonzero(~np.isin(scenes.episodes, held))
    asked = rng.permutation(np.repeat(frames, config.per_frame)).tolist()
    work = config.out.with_name(config.out.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    files = [relative(file, config.out) for file in scenes.files]
    counts: Counter[str] = Counter()
    with (work / FILE).open("w") as stream:
        for number, item in enumerate(GroundingSampler(scenes, config.theme).draw(asked, rng)):
            counts[item.skill] += 1
            record = {
                "id": f"{config.theme}-{number:06d}",
                "task": item.skill,
                "image": [f"{file}#{item.frame}" for file in files],
                "conversations": [
                    {"from": "human", "value": "<image>\n" * len(files) + item.question},
                    {"from": "gpt", "value": item.answer},
                ],
            }
            stream.write(json.dumps(record) + "\n")
    summary = {
        "questions": sum(counts.values()),
        "skills": dict(sorted(counts.items())),
        "held_out_episodes": held.tolist(),
        "config": {k: v for k, v in asdict(config).items() if k not in ("dataset", "out")},
    }
    (work / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    os.replace(work, config.out)
    print(f"{summary['questions']} questions about {len(frames)} frames -> {config.out}")
    return config.out
