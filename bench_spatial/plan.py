"""`SpatialPlan`: a run with checked arguments, made before the model is loaded."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from ..digests import vlm_sha256
from ..errors import SpatuneError
from ..policies.checkpoint import find_vlm
from .answers import Ask
from .benchmark import Benchmark, Variant
from .benchmarks.openeqa import JudgedOpenEQA, OpenEQA
from .config import EvalSpatialConfig, Mode, Reasoning
from .registry import load_benchmark
from .sample import Sample
from .scores.judge import local_judge
from .selection import choose, ids_sha256, order_sha256, read_kept_ids, samples_sha256
from .thinking import THINKING_TOKENS, think_prompt

RunMode = Literal["sighted", "blind", "circular"]
RUN_MODES: tuple[RunMode, ...] = get_args(RunMode)

NOT_A_CHOICE = "not a choice: only options can be rotated"
NO_PICTURE = "the row names no picture"


@dataclass(frozen=True)
class SpatialPlan:
    """What will be asked, and what decides the scores.

    Attributes:
        config: The arguments.
        benchmark: The benchmark.
        variant: How it asks and scores.
        mode: One of `RUN_MODES`.
        samples: The chosen samples in canonical order, those with a `skip` reason too.
        batches: What is asked together; the same for every run of one configuration.
        kept: Ids that are also scored apart, or None.
        identity: Content of `config.json`.
        row_order_sha256: Digest of the ids in the order of the rows, which decides nothing here.
        device: Where the model runs.
        precision: Type of its weights.
        directory: The run directory.
    """

    config: EvalSpatialConfig
    benchmark: Benchmark
    variant: Variant
    mode: RunMode
    samples: tuple[Sample, ...]
    batches: tuple[tuple[Ask, ...], ...]
    kept: frozenset[str] | None
    identity: Mapping[str, Any]
    row_order_sha256: str
    device: str
    precision: str
    directory: Path

    @property
    def title(self) -> str:
        """Who answers what and how, in one line."""
        reasoning = ", reasoning" if self.thinks else ""
        return (
            f"{self.config.vlm} on {self.benchmark.title}, variant {self.variant.name}, "
            f"{self.mode}{reasoning}"
        )

    @property
    def asks(self) -> list[Ask]:
        """Everything that is asked, in order."""
        return [ask for batch in self.batches for ask in batch]

    @property
    def thinks(self) -> bool:
        """Whether the model is asked to reason first."""
        return self.config.reasoning == "think"

    @property
    def max_new_tokens(self) -> int:
        """Longest answer in tokens."""
        return _max_new_tokens(self.config, self.benchmark)

    def prompt(self, sample: Sample) -> str:
        """The text that follows the pictures.

        Raises:
            SpatuneError: The model is to reason, and the benchmark's closing line is not known.
        """
        text = self.benchmark.prompt(sample, self.variant)
        return think_prompt(text) if self.thinks else text


def make_plans(config: EvalSpatialConfig) -> tuple[SpatialPlan, ...]:
    """One plan, or with mode `all` one for each mode, in folders of their own.

    Raises:
        SpatuneError: An argument, the data, or an id is wrong; one line that names the fix.
    """
    _check(config)
    vlm = find_vlm(config.vlm)
    _check_vlm(vlm)
    device, precision = _machine(config)
    benchmark = _benchmark(config, device, precision)
    variant = benchmark.variant(config.variant)
    rows = benchmark.load(_data(config))
    kept = None
    if config.kept_ids is not None:
        kept = read_kept_ids(config.kept_ids, (sample.id for sample in rows))
    identity = {
        "benchmark": f"spatial:{benchmark.name}",
        "variant": variant.name,
        "vlm": config.vlm,
        "vlm_sha256": vlm_sha256(vlm, config.revision),
        "data_sha256": samples_sha256(rows),
        "rows": len(rows),
        "limit": config.limit,
        "kept_ids_sha256": None if kept is None else ids_sha256(kept),
        "frames": config.frames,
        "image_size": config.image_size,
        "batch_size": config.batch_size,
        "reasoning": config.reasoning,
        "max_new_tokens": _max_new_tokens(config, benchmark),
        "judge": config.judge,
        "device": device.partition(":")[0],
        "precision": precision,
    }
    chosen = choose(rows, config.limit)
    modes = RUN_MODES if config.mode == "all" else (config.mode,)
    plans = []
    for mode in modes:
        samples = tuple(_for_mode(sample, mode) for sample in chosen)
        if all(sample.skip for sample in samples):
            reasons = "; ".join(sorted({sample.skip for sample in samples}))
            if mode != config.mode and plans:
                print(f"{mode} is left out: {reasons}", file=sys.stderr)
                continue
            raise SpatuneError(f"{benchmark.title}: no question can be asked: {reasons}")
        plan = SpatialPlan(
            config=config,
            benchmark=benchmark,
            variant=variant,
            mode=mode,
            samples=samples,
            batches=_batches(samples, mode, config.frames, config.batch_size),
            kept=kept,
            identity={**identity, "mode": mode},
            row_order_sha256=order_sha256(rows),
            device=device,
            precision=precision,
            directory=_directory(config, variant, mode),
        )
        if plan.thinks:
            # A benchmark whose wording takes no reasoning is refused before the model is loaded.
            for sample in samples:
                plan.prompt(sample)
        plans.append(plan)
    return tuple(plans)


def _max_new_tokens(config: EvalSpatialConfig, benchmark: Benchmark) -> int:
    usual = THINKING_TOKENS if config.reasoning == "think" else benchmark.max_new_tokens
    return config.max_new_tokens or usual


def _benchmark(config: EvalSpatialConfig, device: str, precision: str) -> Benchmark:
    if config.judge is None:
        return load_benchmark(config.benchmark)
    if config.benchmark != OpenEQA.name:
        raise SpatuneError(f"--judge is for openeqa; {config.benchmark} needs none")
    return JudgedOpenEQA(local_judge(config.judge, device=device, precision=precision))


def _for_mode(sample: Sample, mode: RunMode) -> Sample:
    if sample.skip:
        return sample
    if not sample.media:
        return replace(sample, skip=NO_PICTURE)
    if mode == "circular" and sample.form != "choice":
        return replace(sample, skip=NOT_A_CHOICE)
    return sample


def _batches(
    samples: Sequence[Sample], mode: RunMode, frames: int, size: int
) -> tuple[tuple[Ask, ...], ...]:
    """Asks with equally many pictures, at most `size` together."""

    def pictures(sample: Sample) -> int:
        return 0 if mode == "blind" else sum(media.count(frames) for media in sample.media)

    asked = sorted((sample for sample in samples if not sample.skip), key=pictures)
    batches = []
    for _, group in groupby(asked, key=pictures):
        asks = [(s.id, r) for s in group for r in rotations(s, mode)]
        batches += [tuple(asks[first : first + size]) for first in range(0, len(asks), size)]
    return tuple(batches)


def rotations(sample: Sample, mode: RunMode) -> range:
    """By how many letters the options are moved up, one ask each."""
    return range(len(sample.options) if mode == "circular" else 1)


def _check(config: EvalSpatialConfig) -> None:
    for name in ("frames", "batch_size", "image_size", "limit", "max_new_tokens"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise SpatuneError(f"{name} is {value}; use 1, 2, ...")
    for name, known in (("mode", get_args(Mode)), ("reasoning", get_args(Reasoning))):
        if getattr(config, name) not in known:
            given = getattr(config, name)
            raise SpatuneError(f"no {name} {given!r}; choose one of: {', '.join(known)}")


def _check_vlm(name: str) -> None:
    path = Path(name)
    if not path.exists() and (path.is_absolute() or name.startswith(".") or name.count("/") != 1):
        raise SpatuneError(
            f"{name}: no such checkpoint; give 'embedded', a folder with config.json or a hub id "
            "'owner/name'"
        )


def _data(config: EvalSpatialConfig) -> Path:
    if config.data is not None:
        return config.data
    if config.benchmark != "own":
        raise SpatuneError(
            f"{config.benchmark} does not come with the package; download it and give its folder "
            "as --data"
        )
    from .benchmarks.own import DATA_FOLDER

    return DATA_FOLDER


def _machine(config: EvalSpatialConfig) -> tuple[str, str]:
    device = config.device
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    precision = config.precision
    if precision == "auto":
        precision = "float32" if device == "cpu" else "bfloat16"
    return device, precision


def _directory(config: EvalSpatialConfig, variant: Variant, mode: RunMode) -> Path:
    if config.out is not None:
        return config.out / mode if config.mode == "all" else config.out
    vlm = re.sub(r"[^\w.-]+", "-", config.vlm).strip("-.")
    how = variant.name if config.reasoning == "off" else f"{variant.name}-{config.reasoning}"
    return Path("runs") / "spatial" / f"{vlm}-{config.benchmark}-{how}" / mode
