"""How fast `spatune tune sft` trains, and whether its data loading keeps the device busy.

The trainer is the command's own; weights, pictures and texts are random, because speed does not
depend on them. Weights and AdamW's state are float32; the arithmetic is bfloat16 on a GPU.

Each row takes warm-up steps, then steps on freshly loaded batches, then steps on one batch that
lies on the device. Idle share: 1 - (step without loading) / (step with loading). `loader_ms` is
what the loaders alone take for a batch; while it is below the step, their queue stays full.

Model FLOPs: torch's FlopCounterMode over one forward and backward pass of single samples, without
padding and without recomputed activations, the output layer on answer tokens only. Utilisation:
samples/s x FLOPs a sample / rate of one large matrix product in the same data type, this run.

Usage: python benchmarks/tuning_speed.py [--device cuda] [--seconds 4] [--only tiny] [--out FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _random_vlm import random_vlm
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PrinterCallback, TrainerCallback

from spatune.agent.tiny import build_fastvlm
from spatune.agent.vlm import SpatialVLM
from spatune.errors import SpatuneError
from spatune.export.machine import describe_machine
from spatune.tuning.samples.collate import PICTURE_COUNTS
from spatune.tuning.samples.pictures import ArrayFrame
from spatune.tuning.samples.row import TrainingRow
from spatune.tuning.sft.config import SftConfig
from spatune.tuning.sft.run import build_trainer

WORDS = "the left right of sofa table chair lamp is how far near which room door from to a".split()
WARM_UP, LEAST, COUNTED = 2, 3, 4
"""Steps before timing, fewest timed ones, and samples whose FLOPs are counted."""
BATCHES = 200
"""Batches that an epoch has; timing stops at its end."""


@dataclass(frozen=True)
class Row:
    """One configuration.

    Attributes:
        model: `fastvlm` or a name of `SIZES`.
        batch: Samples a step; halved until it fits into the device's memory.
        side: Of a picture in pixels.
        pictures: Of a sample.
        question: Fewest and most words of a question.
        answer: Of an answer.
        packing: Tokens of a packed row; 0 pads.
        checkpointing: Recompute activations.
        lora: Rank; 0 trains all weights.
        loaders: Processes that load.
    """

    model: str
    batch: int
    side: int
    pictures: int
    question: tuple[int, int]
    answer: tuple[int, int]
    packing: int = 0
    checkpointing: bool = False
    lora: int = 0
    loaders: int = 0

    @property
    def label(self) -> str:
        """Options in words."""
        kind = f"LoRA {self.lora}" if self.lora else "all weights"
        recompute = ", checkpointing" if self.checkpointing else ""
        packed = f"packed to {self.packing}" if self.packing else "padded"
        return f"{self.model}, {kind}{recompute}, {packed}, {self.loaders} loaders"


def clock(device: str) -> float:
    """Seconds, when the device has done all that it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Feed:
    """The trainer's own loader with a clock: fresh batches, then one batch again and again."""

    def __init__(self, loader: Any, device: str, seconds: float, loaders: int, pad: int) -> None:
        self._loader, self._device, self._pad = loader, device, pad
        self._seconds, self._loaders = seconds, loaders
        self.dataset = loader.dataset
        self.done = False
        self.found: dict[str, float] = {}

    def __len__(self) -> int:
        return 10**6

    def __iter__(self) -> Iterator[dict[str, Any]]:
        source = iter(self._loader)
        # All loaders start at once; after one batch of each their rate is steady.
        for _ in range(1 + self._loaders):
            next(source)
        drawn = 2 * max(1, self._loaders)
        began = time.perf_counter()
        for _ in range(drawn):
            next(source)
        self.found["loader_ms"] = 1e3 * (time.perf_counter() - began) / drawn
        for _ in range(WARM_UP):
            yield next(source)
        left = BATCHES - 2 - 1 - self._loaders - drawn - WARM_UP
        steps, samples, tokens, places = 0, 0, torch.zeros((), device=self._device), 0
        batch: dict[str, Any] = {}
        began = clock(self._device)
        # A GPU may run behind; the last reading waits for it.
        while steps < LEAST or (time.perf_counter() - began < self._seconds and steps < left):
            batch = next(source)
            tokens += (batch["input_ids"] != self._pad).sum()
            places += batch["input_ids"].numel()
            samples += len(batch[PICTURE_COUNTS])
            steps += 1
            yield batch
        took = clock(self._device) - began
        seen = float(tokens)
        self.found |= {
            "steps": steps,
            "step_ms": 1e3 * took / steps,
            "samples_s": samples / took,
            "tokens_s": seen / took,
            "tokens_a_sample": seen / samples,
            "padding_share": 1 - seen / places,
        }
        kept = {k: v.to(self._device) if torch.is_tensor(v) else v for k, v in batch.items()}
        yield dict(kept)
        again, began = 0, clock(self._device)
        while again < LEAST or time.perf_counter() - began < self._seconds / 2:
            again += 1
            yield dict(kept)
        without = (clock(self._device) - began) / again
        self.found["step_without_loading_ms"] = 1e3 * without
        self.found["idle_share"] = 1 - without / (took / steps)
        self.done = True
        yield dict(kept)


class StopWhenDone(TrainerCallback):
    """Ends training when everything is timed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Looks at the feed."""
        control.should_training_stop = self._feed.done


def training_rows(row: Row, folder: Path) -> list[TrainingRow]:
    """Random questions about random pictures, of which a few hundred are shared."""
    rng = np.random.default_rng(0)
    file = folder / f"pictures-{row.side}.npy"
    held = 2048 if row.side <= 128 else 256
    if not file.exists():
        np.save(file, rng.integers(0, 256, (held, row.side, row.side, 3), np.uint8))
    count = BATCHES * row.batch
    shown = rng.integers(0, held, (count, row.pictures)).tolist()
    questions, answers = (_texts(rng, count, span) for span in (row.question, row.answer))
    return [
        TrainingRow(
            id=str(number),
            pictures=tuple(ArrayFrame(file, place) for place in shown[number]),
            parts=(*(None,) * row.pictures, questions[number]),
            answer=answers[number],
        )
        for number in range(count)
    ]


def _texts(rng: np.random.Generator, count: int, span: tuple[int, int]) -> list[str]:
    lengths = rng.integers(*span, count, endpoint=True).tolist()
    words = rng.integers(0, len(WORDS), (count, span[1])).tolist()
    return [" ".join(WORDS[w] for w in row[:n]) for row, n in zip(words, lengths, strict=True)]


def build_vlm(row: Row, folder: Path, device: str) -> SpatialVLM:
    """The row's model with random weights, on the device."""
    # Often enough that each word becomes a token.
    corpus = (" ".join(WORDS),) * 8
    if row.model != "fastvlm":
        return random_vlm(row.model, folder, corpus=corpus, side=row.side, device=device)
    path = build_fastvlm(
        folder,
        hidden_size=256,
        layers=4,
        image_size=row.side,
        corpus=corpus,
        pretrained_backbone=False,
    )
    return SpatialVLM.from_pretrained(path, device=device)


def _conv_backward_flops(grad: Any, x: Any, weight: Any, *rest: Any, **named: Any) -> int:
    """Of input's and weight's gradients, each as much as the forward pass.

    Torch's own formula takes the weight's gradient of a depthwise convolution for a dense one.
    """
    wanted = sum(rest[-1][:2])
    return 2 * math.prod(grad) * math.prod(weight[1:]) * wanted


def count_flops(trainer: Any, vlm: SpatialVLM, device: str, bf16: bool) -> float:
    """FLOPs of forward and backward pass a sample, averaged over `COUNTED` samples."""
    total, model = 0, vlm.model.train()
    formulas = {torch.ops.aten.convolution_backward: _conv_backward_flops}
    for number in range(COUNTED):
        # Moves tensors and processes pictures, as for a step.
        inputs = trainer._prepare_inputs(trainer.data_collator([{"row": number}]))
        labels = inputs.pop("labels")
        counter = FlopCounterMode(display=False, custom_mapping=formulas)
        # Of attention, only its matrix products are counted on every device.
        with sdpa_kernel(SDPBackend.MATH), counter, torch.autocast(device, enabled=bf16):
            whole: Any = model
            hidden = whole.base_model(**inputs, use_cache=False).last_hidden_state
            answers = hidden[:, :-1][labels[:, 1:] != -100]
            whole.get_output_embeddings()(answers).float().sum().backward()
        total += counter.get_total_flops()
        model.zero_grad(set_to_none=True)
    return total / COUNTED


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """FLOP/s of a large square matrix product of random numbers, the best of several."""
    side, rounds, repeats = (8192, 5, 10) if device == "cuda" else (1024, 9, 1)
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    best = math.inf
    product = left @ right
    for _ in range(rounds):
        began = clock(device)
        for _ in range(repeats):
            torch.mm(left, right, out=product)
        best = min(best, clock(device) - began)
    return repeats * 2 * side**3 / best


def measure(row: Row, folder: Path, device: str, seconds: float) -> dict[str, float]:
    """Train the row's model until everything is timed."""
    bf16 = device == "cuda"
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    vlm = build_vlm(row, Path(tempfile.mkdtemp(dir=folder)), device)
    config = SftConfig(
        vlm="",
        data=(),
        out=folder,
        steps=10**5,
        batch_size=row.batch,
        packing=row.packing,
        checkpointing=row.checkpointing,
        lora=row.lora,
        loaders=row.loaders,
        save_every=10**6,
    )
    trainer = build_trainer(config, training_rows(row, folder), vlm, folder / "work", device)
    trainer.remove_callback(PrinterCallback)
    found: dict[str, float] = {
        "parameters": sum(p.numel() for p in vlm.model.parameters()),
        "flops_a_sample": count_flops(trainer, vlm, device, bf16),
    }
    pad = trainer.processing_class.tokenizer.pad_token_id
    feed = Feed(trainer.get_train_dataloader(), device, seconds, row.loaders, pad)
    trainer.get_train_dataloader = lambda: feed
    trainer.add_callback(StopWhenDone(feed))
    trainer.train()
    if device == "cuda":
        found["peak_gb"] = torch.cuda.max_memory_allocated() / 1e9
    return found | feed.found


def measured(row: Row, folder: Path, device: str, seconds: float) -> dict[str, Any]:
    """`measure` with the largest half, quarter, ... of the batch that fits into memory."""
    while True:
        try:
            return asdict(row) | measure(row, folder, device, seconds)
        except torch.OutOfMemoryError:
            if row.batch == 1:
                raise SpatuneError(f"{row.label}: no batch fits into the device's memory") from None
        # Here the failed run's tensors are no longer held by the error.
        gc.collect()
        torch.cuda.empty_cache()
        row = replace(row, batch=row.batch // 2)


def table_rows(device: str, only: str | None, loaders: int) -> list[Row]:
    """What is measured on a device."""
    gpu = device == "cuda"
    tiny = Row("fastvlm", 256 if gpu else 8, 128, 2, (24, 48), (1, 4), loaders=loaders)
    rows = {"tiny": [tiny, replace(tiny, packing=1024)]}
    if gpu:
        rows["tiny"].append(replace(tiny, loaders=0))
        full = Row("qwen2.5-vl-3b", 8, 448, 3, (100, 200), (20, 60), loaders=loaders)
        rows["full"] = [
            replace(full, checkpointing=True),
            replace(full, checkpointing=True, packing=4608),
            replace(full, batch=4),
            replace(full, batch=4, lora=16),
        ]
    else:
        small = Row("qwen2.5-vl-tiny", 8, 112, 2, (24, 48), (1, 4), loaders=loaders)
        rows["full"] = [small, replace(small, checkpointing=True, packing=512)]
        rows["full"].append(replace(small, lora=16))
    return [row for name, members in rows.items() if only in (None, name) for row in members]


def table(rows: list[dict[str, Any]], rate: float) -> str:
    """The results in lines of text."""
    lines = [
        f"{'batch':>5} {'step ms':>8} {'loader ms':>9} {'samples/s':>9} {'tokens/s':>9} "
        f"{'MFU':>6} {'idle':>6}   (matrix rate {rate / 1e12:.3g} TFLOP/s)"
    ]
    for r in rows:
        lines.append(
            f"{r['batch']:5d} {r['step_ms']:8.1f} {r['loader_ms']:9.1f} {r['samples_s']:9.1f} "
            f"{r['tokens_s']:9.0f} {r['utilisation']:6.1%} {r['idle_share']:6.1%}   {r['label']}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure every row, write after each, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    found = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=("cpu", "cuda"), default=found)
    parser.add_argument("--seconds", type=float, help="timed with loading, a row; 4, or 2 on a CPU")
    parser.add_argument("--only", choices=("tiny", "full"))
    parser.add_argument("--loaders", type=int, help="processes that load; cores - 2, 1 to 8")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/tuning_speed.json"))
    options = parser.parse_args()
    device = options.device
    seconds = options.seconds or (4.0 if device == "cuda" else 2.0)
    loaders = options.loaders
    if loaders is None:
        loaders = min(8, max(1, len(os.sched_getaffinity(0)) - 2))
    rate = matrix_rate(device, torch.bfloat16 if device == "cuda" else torch.float32)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for row in table_rows(device, options.only, loaders):
            began = time.perf_counter()
            result = measured(row, Path(folder), device, seconds)
            result["label"] = replace(row, batch=result["batch"]).label
            result["utilisation"] = result["flops_a_sample"] * result["samples_s"] / rate
            results.append(result)
            gc.collect()
            if device == "cuda":
                torch.cuda.empty_cache()
            record = {"matrix_flops_s": rate, "rows": results, "machine": describe_machine()}
            record["torch"] = torch.__version__
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(record, indent=1) + "\n")
            print(f"{result['label']}: done in {time.perf_counter() - began:.0f} s", flush=True)
    print(table(results, rate))


if __name__ == "__main__":
    main()
