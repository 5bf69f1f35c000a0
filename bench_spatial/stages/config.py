"""`EvalStagesConfig`: the arguments of `spatune eval stages`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..config import Precision
from ..plan import RunMode


@dataclass(frozen=True)
class EvalStagesConfig:
    """Compare the stages of a tuned vision-language model on the same questions.

    Every stage is asked in every mode, each in a run directory of its own below --out, as
    `spatune eval spatial` does it. stages.json, stages.md and stages.png join them. The same
    command goes on with a run that was stopped; what is finished is not asked again.
    """

    vlm: tuple[str, ...]
    """NAME=FOLDER_OR_HUB_ID of each stage in order, the untuned first: base=DIR sft=DIR."""

    out: Path
    """Folder of the report and, in OUT/NAME/, of each stage's runs."""

    benchmark: str = "own"
    """Which questions: any benchmark of `spatune eval spatial`."""

    data: Path | None = None
    """The benchmark's file or folder on this machine; 'own' comes with the package."""

    variant: str | None = None
    """How questions are asked, answers read and scored; by default the benchmark's own way."""

    modes: tuple[RunMode, ...] = ("sighted", "blind", "circular")
    """sighted must be among them: all differences are from it."""

    reasoning: Literal["off", "both", "on"] = "both"
    """off: short answers. both: also with reasoning, in the sighted mode. on: with reasoning, in
    every mode."""

    general: Path | None = None
    """Rows {question, answer, images, options?} of another kind, to see what tuning has cost. By
    default, for 'own', its questions that only name or count what pictures show."""

    frames: int = 16
    """Pictures of a video, at even distances."""

    image_size: int | None = None
    """Longest side in pixels that pictures are shrunk to; by default they stay as they are."""

    limit: int | None = None
    """Ask N questions of each benchmark, evenly over the categories."""

    batch_size: int = 4
    """Questions in one call of the model; a GPU has room for more. Other sizes can differ in the
    last bits."""

    device: str = "auto"
    """Where the model runs: cpu, cuda, cuda:N; auto takes a GPU when torch sees one."""

    precision: Precision = "auto"
    """Type of the weights; auto: float32 on a CPU, bfloat16 on a GPU."""

    max_new_tokens: int | None = None
    """Longest short answer in tokens; by default the benchmark's."""

    max_think_tokens: int | None = None
    """Longest answer with reasoning in tokens; by default 512."""

    trust_remote_code: bool = False
    """Run Python code that the checkpoints carry."""
