"""`StagedRun`: a policy stage by stage, with everything that flows between the stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .bundle import WHOLE

DENOISE = "denoise"
Run = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
"""Outputs of a stage by name, from its inputs by name."""


@dataclass(frozen=True)
class StagedRun:
    """What flowed through the stages of a policy for one observation.

    Attributes:
        fed: Stage -> its inputs; of the denoising stage, those of the first step.
        gave: Stage -> its outputs; of the denoising stage, those of the first step.
        chunks: The chunk (1, H, A) after each denoising step, normalised; empty without flow.
        actions: (1, H, A) in environment units.
    """

    fed: Mapping[str, Mapping[str, np.ndarray]]
    gave: Mapping[str, Mapping[str, np.ndarray]]
    chunks: tuple[np.ndarray, ...]
    actions: np.ndarray


def run_stages(
    stages: Mapping[str, tuple[Run, tuple[str, ...]]],
    inputs: Mapping[str, np.ndarray],
    denoise_steps: int | None,
) -> StagedRun:
    """Run the stages of a policy one after the other.

    Args:
        stages: Stage -> what runs it, and the names of its inputs; in order.
        inputs: Images, instruction, state and noise by name, as the whole policy takes them.
        denoise_steps: Euler steps of a flow policy, else None.
    """
    known = {**inputs, "chunk": inputs["noise"]}
    fed: dict[str, Mapping[str, np.ndarray]] = {}
    gave: dict[str, Mapping[str, np.ndarray]] = {}
    chunks: list[np.ndarray] = []
    for name, (run, wanted) in stages.items():
        if name == WHOLE:
            continue
        steps = (denoise_steps or 1) if name == DENOISE else 1
        for step in range(steps):
            known["time"] = np.full(1, step / steps, np.float32)
            arguments = {key: known[key] for key in wanted}
            outputs = {key: value.copy() for key, value in run(arguments).items()}
            fed.setdefault(name, arguments)
            gave.setdefault(name, outputs)
            known.update(outputs)
            if name == DENOISE:
                chunks.append(known["next_chunk"])
                known["chunk"] = known["next_chunk"]
    return StagedRun(fed, gave, tuple(chunks), known["actions"])
