"""`build_graphs`: the graphs of a loaded policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agent.sources import LanguageSource, parse_source
from ...errors import SpatuneError
from ...policies.rollout import SpatuneRollout
from .fused import FusedPolicy
from .heads import DenoiseStep, FlowCondition, RegressionHead
from .prefill import Prefill
from .prompts import Prompts
from .qwen_vision import QwenVisionTower
from .vision import VisionTower

SUPPORTED = {
    "fast_vlm": "FastVLM",
    "internvl": "InternVL",
    "qwen2_5_vl": "Qwen2.5-VL",
    "qwen3_vl": "Qwen3-VL",
}
"""Architectures by `model_type`."""


@dataclass(frozen=True)
class PolicyGraphs:
    """A policy in stages; they share the weights of the policy that they were built from.

    Attributes:
        prompts: Instructions as token rows.
        vision: Images to vision features and image tokens.
        prefill: Image tokens and instruction to language features; None where none is read.
        head: `RegressionHead`, or the `FlowCondition` of a flow policy.
        denoise: One denoising step of a flow policy, else None.
        fused: All of them as one graph.
    """

    prompts: Prompts
    vision: VisionTower | QwenVisionTower
    prefill: Prefill | None
    head: RegressionHead | FlowCondition
    denoise: DenoiseStep | None
    fused: FusedPolicy


def build_graphs(policy: SpatuneRollout, tasks: Sequence[str]) -> PolicyGraphs:
    """Take a policy apart into graphs of fixed shape.

    Args:
        policy: The loaded policy.
        tasks: Instructions that it is exported for; the longest gives the length of the prompt.

    Raises:
        SpatuneError: Its VLM is of an architecture without graphs, its cameras differ in size, or
            no task is given.
    """
    kind = policy.vlm.model.config.model_type
    if kind not in SUPPORTED:
        raise SpatuneError(
            f"a VLM of type {kind!r} cannot be exported; supported: {', '.join(SUPPORTED.values())}"
        )
    sizes = {(camera.height, camera.width) for camera in policy.spec.cameras}
    if len(sizes) != 1:
        raise SpatuneError(f"the cameras differ in size: {sorted(sizes)}; export needs one size")
    height, width = sizes.pop()
    network, scaling = policy.network, policy.scaling
    features = network.config.features
    prompts = Prompts.of_tasks(policy.vlm, tasks, len(policy.spec.cameras), height, width)
    if kind.startswith("qwen"):
        cameras = len(policy.spec.cameras)
        vision = QwenVisionTower(policy.vlm, features, cameras, height, width)
    else:
        vision = VisionTower(policy.vlm, features, height, width)
    prefill = None
    sources = [parse_source(spec.source, policy.vlm.model) for spec in features]
    if any(isinstance(source, LanguageSource) for source in sources):
        prefill = Prefill(policy.vlm, features, prompts)
    flow = network.config.head == "flow"
    head = (FlowCondition if flow else RegressionHead)(network, scaling)
    denoise = DenoiseStep(network, scaling) if flow else None
    names = tuple(spec.name for spec in features)
    fused = FusedPolicy(vision, prefill, head, denoise, names).eval()
    return PolicyGraphs(prompts, vision, prefill, head, denoise, fused)
