"""`EvalSpatialConfig`: the arguments of `spatune eval spatial`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["sighted", "blind", "circular", "all"]
Reasoning = Literal["off", "think"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class EvalSpatialConfig:
    """Score a vision-language model on spatial questions.

    The run directory holds config.json, answers.jsonl (what the model said), episodes.jsonl (how
    it was scored, for `spatune compare`) and report.json with the receipt: everything that public
    scores of one checkpoint differ by. A run that was stopped or killed goes on when the same
    command is given again.
    """

    vlm: str = "embedded"
    """Who answers: 'embedded' (the VLM that comes with the package), a folder, or a hub id."""

    benchmark: str = "own"
    """Which questions; an unknown name lists all."""

    data: Path | None = None
    """The benchmark's file or folder on this machine; 'own' comes with the package."""

    variant: str | None = None
    """How questions are asked, answers read and scored; by default the benchmark's own way. An
    unknown name lists all."""

    mode: Mode = "sighted"
    """sighted: as published. blind: the same questions without pictures. circular: choices in
    every rotation of their options; right only if all are right. all: one run of each."""

    reasoning: Reasoning = "off"
    """off: answers as the benchmark wants them. think: questions end as those of our reasoning data
    do, and only what follows </think> is read, inside <answer> if that is there. An answer without
    </think> cannot be read."""

    frames: int = 16
    """Pictures of a video, at even distances; a question with pictures of its own shows them all.
    """

    image_size: int | None = None
    """Longest side in pixels that pictures are shrunk to; by default they stay as they are."""

    limit: int | None = None
    """Ask N questions, evenly over the categories: the same ones whatever the order of the rows."""

    kept_ids: Path | None = None
    """File with one id a line, or a JSON list: these are also scored apart (VSI-Debiased)."""

    batch_size: int = 4
    """Questions in one call of the model. Other sizes can differ in the last bits."""

    device: str = "auto"
    """Where the model runs: cpu, cuda, cuda:N; auto takes a GPU when torch sees one."""

    precision: Precision = "auto"
    """Type of the weights; auto: float32 on a CPU, bfloat16 on a GPU."""

    max_new_tokens: int | None = None
    """Longest answer in tokens; by default the benchmark's, or 512 with reasoning."""

    judge: str | None = None
    """openeqa: a model (folder or hub id) that marks answers; without one only exact matches
    count. Published scores have GPT-4 as the judge: others are not comparable."""

    revision: str | None = None
    """Branch, tag or commit of a hub id."""

    trust_remote_code: bool = False
    """Run Python code that the checkpoint carries."""

    out: Path | None = None
    """Run directory; by default runs/spatial/<vlm>-<benchmark>-<variant>/<mode>. Mode all makes a
    folder in it for each mode."""
