"""`Comparison`: a bundle on one engine beside the policy that it was exported from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...policies.rollout import SpatuneRollout
from ..bundle import Bundle
from ..engines.engine import Engine
from ..observations import Observations
from ..runtime import policy_inputs
from ..staged import Run, StagedRun, run_stages
from ..stages import Stage
from .differences import ActionDifference, Difference, action_differences

GATES: Mapping[str, tuple[str, float]] = {
    "fp32": ("largest", 1e-4),
    "fp16": ("cosine", 0.999),
    "bf16": ("cosine", 0.999),
    "int8": ("cosine", 0.99),
    "int8-dynamic": ("cosine", 0.99),
    "fp8": ("cosine", 0.99),
    "nvfp4": ("cosine", 0.98),
}
"""Precision -> what is gated of the whole policy's actions, and the limit."""


@dataclass(frozen=True)
class Comparison:
    """One engine and precision against torch in fp32.

    Attributes:
        engine: Name of what executed, with the precision.
        precision: Of the graphs.
        observations: How many were compared.
        whole: Actions of the whole graph, in environment units.
        actions: The same entry by entry, in robot units.
        stages: `stage.output` -> difference for the inputs that torch computed.
        drift: Difference of the chunk after each denoising step, stage by stage from the images on;
            empty without flow.
        staged: Actions of the stages one after the other.
    """

    engine: str
    precision: str
    observations: int
    whole: Difference
    actions: tuple[ActionDifference, ...]
    stages: Mapping[str, Difference]
    drift: tuple[Difference, ...]
    staged: Difference

    @property
    def gate(self) -> str:
        """What is required, in words."""
        measure, limit = GATES[self.precision]
        sign = "<=" if measure == "largest" else ">="
        return f"{measure} {sign} {limit:g}"

    @property
    def passed(self) -> bool:
        """Whether the gate of the precision is met."""
        measure, limit = GATES[self.precision]
        value = getattr(self.whole, measure)
        return value <= limit if measure == "largest" else value >= limit

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "engine": self.engine,
            "precision": self.precision,
            "observations": self.observations,
            "gate": self.gate,
            "passed": self.passed,
            "whole": self.whole.to_json(),
            "actions": [entry.to_json() for entry in self.actions],
            "stages": {name: value.to_json() for name, value in self.stages.items()},
            "drift": [value.to_json() for value in self.drift],
            "staged": self.staged.to_json(),
        }


class Reference:
    """What torch computes on the observations: the policy itself, and every stage of it.

    Args:
        bundle: The bundle, for the token rows.
        policy: The policy as it was trained; its own image processor prepares the images.
        stages: Its graphs in torch.
        observations: What it sees.

    Attributes:
        inputs: Inputs of the whole graph for each observation.
        actions: float32 (N, H, A) of the policy itself.
        runs: The stages of the graphs for each observation.
    """

    def __init__(
        self,
        bundle: Bundle,
        policy: SpatuneRollout,
        stages: Mapping[str, Stage],
        observations: Observations,
    ) -> None:
        import torch

        def runner(stage: Stage) -> Run:
            def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
                with torch.inference_mode():
                    tensors = {name: torch.from_numpy(value) for name, value in inputs.items()}
                    return {name: value.numpy() for name, value in stage.run(tensors).items()}

            return run

        pairs = list(observations.pairs(bundle.spec))
        self.denoise_steps: int | None = bundle.manifest["source"]["denoise_steps"]
        self.inputs = [policy_inputs(bundle, seen, noise) for seen, noise in pairs]
        self.actions = np.concatenate([policy.predict([s], noise[None]) for s, noise in pairs])
        runners = {name: (runner(stage), tuple(stage.inputs)) for name, stage in stages.items()}
        self.runs: list[StagedRun] = [
            run_stages(runners, inputs, self.denoise_steps) for inputs in self.inputs
        ]


def compare(
    bundle: Bundle,
    reference: Reference,
    engines: Mapping[str, Engine],
    precision: str,
    advance: Callable[[], None] = lambda: None,
) -> Comparison:
    """Run the observations of a reference through engines.

    Args:
        bundle: The bundle.
        reference: What torch computes.
        engines: The whole (`policy`) first, then the stages in order.
        precision: Of the engines.
        advance: Called after each observation.
    """
    whole_engine, *_ = engines.values()
    runners = {name: (engine.run, tuple(engine.inputs)) for name, engine in engines.items()}
    whole, staged = [], []
    pairs: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {}
    chunks: list[tuple[np.ndarray, ...]] = []
    for inputs, wanted in zip(reference.inputs, reference.runs, strict=True):
        known = {name: inputs[name] for name in whole_engine.inputs}
        whole.append(whole_engine.run(known)["actions"].copy())
        found = run_stages(runners, inputs, reference.denoise_steps)
        staged.append(found.actions)
        chunks.append(found.chunks)
        for name, fed in wanted.fed.items():
            given = engines[name].run({key: fed[key] for key in engines[name].inputs})
            for key, value in given.items():
                both = pairs.setdefault(f"{name}.{key}", ([], []))
                both[0].append(wanted.gave[name][key])
                both[1].append(value.copy())
        advance()
    actions = np.concatenate(whole)
    return Comparison(
        engine=whole_engine.name,
        precision=precision,
        observations=len(whole),
        whole=Difference.between(reference.actions, actions),
        actions=action_differences(bundle.spec.action_layout, reference.actions, actions),
        stages={
            name: Difference.between(np.stack(wanted), np.stack(got))
            for name, (wanted, got) in pairs.items()
        },
        drift=tuple(
            Difference.between(
                np.stack([run.chunks[step] for run in reference.runs]),
                np.stack([chunk[step] for chunk in chunks]),
            )
            for step in range(len(chunks[0]))
        ),
        staged=Difference.between(reference.actions, np.concatenate(staged)),
    )
