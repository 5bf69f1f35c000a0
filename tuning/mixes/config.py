"""`MixConfig`: the arguments of `spatune data mix`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from .named import MixName


@dataclass(frozen=True)
class MixConfig:
    """A training mix of generated questions, with balanced letters, answers and scenes."""

    data: Positional[Path]
    """Folder that `spatune data generate` filled."""
    out: Path
    """Folder of the mix; must not exist yet. Work in progress lies beside it in OUT.work."""
    mix: MixName = "3q"
    """`3q`: SIMS-V's distance, order and direction. `8type`: the eight types of VSI-Bench, equally.
    `capability`: the five capabilities, equally, and so the tasks of each. `all`: every task, in
    proportion to its questions. `naming`: what is there and nothing about where (captions without
    places), as a baseline."""
    without: tuple[str, ...] = ()
    """Tasks to leave out. Where losses are a mean over tokens, long answers (object_box_3d,
    captions) outweigh letters a hundred times."""
    most: int | None = None
    """Most questions of one task."""
    size: int | None = None
    """Questions in all; 25,000 when left out, and all that there are for `all` and `naming`."""
    formats: tuple[Literal["llava", "parquet"], ...] = ("llava",)
    """`llava`: train.jsonl in LLaVA's form. `parquet`: train-*.parquet for `datasets` and TRL."""
    choices: Literal["letter", "text", "both"] = "letter"
    """Answer of a choice: `B`, or `B. text`, or one of the two by chance."""
    reasoning: bool = False
    """Answer `<think>derivation</think><answer>...</answer>` where a question has a derivation."""
    video: bool = False
    """`llava`: name video.mp4 of a trajectory instead of its frames; `spatune data generate` must
    have written it."""
    copy_images: bool = False
    """`llava`: copy the images into OUT; otherwise train.jsonl points into DATA."""
    image_paths: bool = False
    """`parquet`: store absolute paths instead of the images themselves."""
    unify_fov: float | None = None
    """Rescale the pictures of metric questions on single images (3D boxes, depth, distances) to
    about this focal length, pixels, and put the camera into words before the question. The field of
    view stays. VST: 696.3; a smaller one costs less detail."""
    patch: int = 28
    """`--unify-fov`: widths and heights become multiples of it: 28 for Qwen2.5-VL, 32 for
    Qwen3-VL."""
    strict: bool = False
    """A quota that cannot be filled is an error."""
    seed: int = 0
    """Which questions, in which order, and where the right options are."""
