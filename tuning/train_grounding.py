"""Train the embedded VLM on grounding questions (next-token loss on the answer)."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..agent.tiny import build_fastvlm
from ..agent.vlm import SpatialVLM
from ..errors import SpatuneError
from ..progress import Progress
from ..work_folder import claim_folder
from .demo_scenes import DemoScenes
from .grounding import GroundingSampler, QuestionAnswer, corpus, inside
from .grounding_config import GroundingConfig
from .training_state import TrainingState


def train_grounding(config: GroundingConfig) -> dict[str, Any]:
    """Train, save the checkpoint with `grounding.json`, and return the held-out measurements.

    A killed run goes on from its last saved state when it is started again.

    Raises:
        SpatuneError: The output exists, the dataset is none, or work of another configuration
            lies beside the output.
    """
    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or remove it")
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    scenes = DemoScenes.load(config.dataset)
    episodes = np.unique(scenes.episodes)
    held = rng.permutation(episodes)[: max(1, round(config.held_out * len(episodes)))]
    is_held = np.isin(scenes.episodes, held)
    train, test = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    work = config.out.with_name(config.out.name + ".work")
    claim_folder(work, _deciding(config))
    start = work / "start"
    build_fastvlm(start, corpus=corpus(scenes, _instructions()), seed=config.seed)
    vlm = SpatialVLM.from_pretrained(str(start))
    model: Any = vlm.model
    optimizer = torch.optim.AdamW(_parameter_groups(model, config), weight_decay=0.01)
    state = TrainingState(work, model, optimizer, rng)
    _optimise(config, state, vlm, scenes, train)
    model.eval()
    result = {
        **measure_pointing(vlm, scenes, test, limit=300),
        "blind_median_px": _blind_error(scenes, train, test),
        "train_frames": len(train),
        "train_episodes": len(episodes) - len(held),
        "minutes": round(state.minutes, 1),
        "final_loss": round(float(np.mean(state.history[-25:])), 4),
        "config": {k: v for k, v in asdict(config).items() if k not in ("dataset", "out")},
    }
    # Half the size; loading makes it float32 again, and features are made from what was saved.
    model.half()
    vlm.save_pretrained(config.out)
    (config.out / "grounding.json").write_text(json.dumps(result, indent=1) + "\n")
    shutil.rmtree(work)
    print(json.dumps(result))
    return result


def _deciding(config: GroundingConfig) -> dict[str, Any]:
    """Settings that decide the weights."""
    return {k: v for k, v in asdict(config).items() if k not in ("out", "save_every")}


def _optimise(
    config: GroundingConfig,
    state: TrainingState,
    vlm: SpatialVLM,
    scenes: DemoScenes,
    train: np.ndarray,
) -> None:
    model, optimizer, rng = state.model, state.optimizer, state.rng
    peaks = [group["lr"] for group in optimizer.param_groups]
    sampler, batches = GroundingSampler(scenes), _Batches(vlm, scenes)
    if state.restore():
        print(f"{config.out}: going on after step {state.step}", flush=True)
    earlier, began = state.minutes, time.monotonic()
    with Progress(config.steps, "steps", done=state.step) as progress:
        while state.step < config.steps:
            factor = min(1.0, (state.step + 1) / config.warmup) * 0.5
            factor *= 1.0 + np.cos(np.pi * state.step / config.steps)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            model.train()
            samples = sampler.draw(rng.choice(train, config.batch_size).tolist(), rng)
            loss = model(**batches.build(samples)).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            state.history.append(float(loss.detach()))
            state.step += 1
            state.minutes = earlier + (time.monotonic() - began) / 60
            rate = progress.rate * config.batch_size
            progress.update(
                state.step, f"loss {np.mean(state.history[-25:]):.3f}, {rate:.0f} samples/s"
            )
            if state.step % config.save_every == 0 or state.step == config.steps:
                state.save()


@torch.inference_mode()
def measure_pointing(
    vlm: SpatialVLM, scenes: DemoScenes, frames: np.ndarray, limit: int
) -> dict[str, float | None]:
    """Generated answers to the bare instruction on held-out frames: error of the object, px."""
    from ..agent.answers import AnswerError, parse_point

    model: Any = vlm.model
    model.eval()
    rng = np.random.default_rng(1)
    usable = [int(f) for f in frames if inside(scenes.goal_pixels[f, 0, 0])]
    chosen = rng.choice(usable, min(limit, len(usable)), replace=False)
    size = scenes.images.shape[3]
    errors, unread = [], 0
    for begin in range(0, len(chosen), 25):
        part = chosen[begin : begin + 25]
        texts = [f"Where is the object of this task: {scenes.instructions[f]}?" for f in part]
        raw = vlm.generate([list(scenes.images[f]) for f in part], texts, max_new_tokens=4)
        for frame, text in zip(part, raw, strict=True):
            try:
                point = parse_point(text)
            except AnswerError:
                unread += 1
                continue
            truth = scenes.goal_pixels[frame, 0, 0, :2]
            errors.append(float(np.hypot(point.x - truth[0], point.y - truth[1]) * size))
    return {
        "median_px": round(float(np.median(errors)), 2) if errors else None,
        "mean_px": round(float(np.mean(errors)), 2) if errors else None,
        "unreadable": unread,
        "frames": len(chosen),
    }


def _blind_error(scenes: DemoScenes, train: np.ndarray, test: np.ndarray) -> float:
    """Median error (px) of answering each instruction with its median training point."""
    size = scenes.images.shape[3]
    instructions = np.array(scenes.instructions)
    errors = []
    for instruction in np.unique(instructions):
        known = train[instructions[train] == instruction]
        asked = test[instructions[test] == instruction]
        if len(known) and len(asked):
            guess = np.median(scenes.goal_pixels[known, 0, 0, :2], axis=0)
            offset = scenes.goal_pixels[asked, 0, 0, :2] - guess
            errors.append(np.linalg.norm(offset, axis=-1) * size)
    return round(float(np.median(np.concatenate(errors))), 2)


class _Batches:
    """Model inputs with labels on the answer's tokens alone."""

    def __init__(self, vlm: SpatialVLM, scenes: DemoScenes) -> None:
        self._vlm, self._scenes = vlm, scenes
        self._tokenizer: Any = vlm.processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]

    def build(self, samples: list[QuestionAnswer]) -> dict[str, Tensor]:
        images = [list(self._scenes.images[sample.frame]) for sample in samples]
        questions = [sample.question for sample in samples]
        inputs = self._vlm.inputs(images, questions, padding_side="right")
        rows, labels = [], []
        for ids, mask, sample in zip(
            inputs["input_ids"], inputs["attention_mask"], samples, strict=True
        ):
            prompt = ids[mask.bool()]
            text = sample.answer + self._tokenizer.eos_token
            answer = torch.tensor(self._tokenizer(text, add_special_tokens=False)["input_ids"])
            rows.append(torch.cat([prompt, answer]))
            labels.append(torch.cat([torch.full_like(prompt, -100), answer]))
        pad = torch.nn.utils.rnn.pad_sequence
        padded = pad(rows, batch_first=True, padding_value=self._tokenizer.pad_token_id)
        lengths = torch.tensor([len(row) for row in rows])
        return {
            **{k: v for k, v in inputs.items() if k not in ("input_ids", "attention_mask")},
            "input_ids": padded,
            "attention_mask": (torch.arange(padded.shape[1]) < lengths[:, None]).long(),
            "labels": pad(labels, batch_first=True, padding_value=-100),
        }


def _parameter_groups(model: torch.nn.Module, config: GroundingConfig) -> list[dict[str, Any]]:
    named = list(model.named_parameters())
    vision = [p for name, p in named if "vision_tower" in name]
    rest = [p for name, p in named if "vision_tower" not in name]
    return [
        {"params": vision, "lr": config.vision_lr},
        {"params": rest, "lr": config.language_lr},
    ]


def _instructions() -> list[str]:
    """Instructions of all LIBERO suites, so that the tokenizer splits none of their words oddly."""
    from ..envs.libero_suites import SUITES, libero_task, task_count

    return [
        libero_task(suite, task).instruction
        for suite in SUITES
        for task in range(task_count(suite))
    ]
