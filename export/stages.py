"""`Stage`: a part of a policy with its arguments by name, ready to be traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..policies.rollout import SpatuneRollout
from .bundle import WHOLE
from .graphs.build import PolicyGraphs


@dataclass(frozen=True)
class Stage:
    """A module and what it is called with.

    Attributes:
        name: `policy` for the whole, or `vision`, `prefill`, `head`, `denoise`.
        module: In evaluation mode; it shares its weights with the policy.
        inputs: Example arguments by name, in the order of `forward`, in their fixed types and
            shapes.
        outputs: Names of what it returns.
    """

    name: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs by name.

        Args:
            inputs: At least the inputs of the stage.
        """
        result = self.module(*(inputs[name] for name in self.inputs))
        results = result if isinstance(result, tuple) else (result,)
        return dict(zip(self.outputs, results, strict=True))


def policy_stages(
    policy: SpatuneRollout, graphs: PolicyGraphs, batch: int = 1
) -> tuple[Stage, ...]:
    """The whole policy, then its parts in the order in which they run.

    Args:
        policy: The policy.
        graphs: Its graphs.
        batch: Observations in one call; towers of the Qwen families take one.
    """
    given = _example_inputs(policy, graphs, batch)
    whole = Stage(WHOLE, graphs.fused, given, ("actions",))
    known = dict(given)
    stages = [whole]

    def add(
        name: str, module: nn.Module, inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> None:
        stage = Stage(name, module.eval(), {key: known[key] for key in inputs}, outputs)
        with torch.inference_mode():
            known.update(stage.run(known))
        stages.append(stage)

    add("vision", graphs.vision, ("images",), graphs.vision.outputs)
    if graphs.prefill is not None:
        inputs = ("image_tokens", "input_ids", "attention_mask")
        if "deepstack" in known:
            inputs = (*inputs, "deepstack")
        add("prefill", graphs.prefill, inputs, graphs.prefill.outputs)
    features = (*graphs.fused.names, "state")
    if graphs.denoise is None:
        add("head", graphs.head, features, ("actions",))
    else:
        add("head", graphs.head, features, ("memory",))
        known["chunk"], known["time"] = given["noise"], torch.zeros(batch)
        add("denoise", graphs.denoise, ("memory", "chunk", "time"), ("next_chunk", "actions"))
    return tuple(stages)


def _example_inputs(policy: SpatuneRollout, graphs: PolicyGraphs, batch: int) -> dict[str, Tensor]:
    spec = policy.spec
    camera = spec.cameras[0]
    row = torch.from_numpy(next(iter(graphs.prompts.rows.values())))
    size = (batch, len(spec.cameras), camera.height, camera.width, 3)
    return {
        "images": torch.zeros(size, dtype=torch.uint8),
        "input_ids": row[:1].repeat(batch, 1),
        "attention_mask": row[1:].repeat(batch, 1),
        "state": torch.zeros(batch, spec.state_dim),
        "noise": torch.zeros(batch, spec.chunk_length, spec.action_dim),
    }
