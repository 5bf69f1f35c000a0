"""The policy network after the VLM: `RegressionHead`, or `FlowCondition` and `DenoiseStep`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...errors import SpatuneError
from ...policies.heads.flow import FlowHead
from ...policies.heads.l1 import L1Head
from ...policies.network import SpatuneNetwork
from ...policies.scaling import PolicyScaling
from ...policies.trunk import TrunkOutput


class _Trunk(nn.Module):
    def __init__(self, network: SpatuneNetwork, scaling: PolicyScaling) -> None:
        super().__init__()
        self.trunk, self.scaling = network.trunk, scaling
        self.names = tuple(spec.name for spec in network.config.features)

    def forward(self, features: tuple[Tensor, ...], state: Tensor) -> TrunkOutput:
        named = dict(zip(self.names, features, strict=True))
        return self.trunk(named, self.scaling.state(state))


class RegressionHead(nn.Module):
    """Features and state to a chunk in one pass.

    Args:
        network: With an L1 head.
        scaling: Normalisation, which is part of the graph.
    """

    def __init__(self, network: SpatuneNetwork, scaling: PolicyScaling) -> None:
        super().__init__()
        if not isinstance(network.head, L1Head):
            raise SpatuneError("a flow policy has no regression head; use its denoising steps")
        self.trunk, self.head, self.scaling = _Trunk(network, scaling), network.head, scaling

    def forward(self, *inputs: Tensor) -> Tensor:
        """(B, H, A) in environment units.

        Args:
            inputs: Features in the policy's order, then the state (B, S) in environment units.
        """
        context = self.trunk(inputs[:-1], inputs[-1])
        return self.scaling.environment(self.head.predict(context, inputs[-1]))


class FlowCondition(nn.Module):
    """Features and state to what every denoising step attends to.

    Args:
        network: With a flow head.
        scaling: Normalisation, which is part of the graph.
    """

    def __init__(self, network: SpatuneNetwork, scaling: PolicyScaling) -> None:
        super().__init__()
        self.trunk, self.head = _Trunk(network, scaling), _flow_head(network)

    def forward(self, *inputs: Tensor) -> Tensor:
        """(B, M, width).

        Args:
            inputs: Features in the policy's order, then the state (B, S) in environment units.
        """
        return self.head.memory(self.trunk(inputs[:-1], inputs[-1]))


class DenoiseStep(nn.Module):
    """One Euler step from noise towards the chunk; `steps` of them make the policy.

    Args:
        network: With a flow head.
        scaling: Normalisation, which the second output has undone.
    """

    def __init__(self, network: SpatuneNetwork, scaling: PolicyScaling) -> None:
        super().__init__()
        self.head, self.scaling = _flow_head(network), scaling
        self.steps = self.head.steps

    def forward(self, memory: Tensor, chunk: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        """The chunk one step on, normalised, and the same in environment units.

        Args:
            memory: (B, M, width), from `FlowCondition`.
            chunk: (B, H, A) normalised; noise at the first step.
            time: (B,), step / steps.
        """
        chunk = chunk + self.head.velocity(memory, chunk, time) / self.steps
        return chunk, self.scaling.environment(chunk)


def _flow_head(network: SpatuneNetwork) -> FlowHead:
    if not isinstance(network.head, FlowHead):
        raise SpatuneError("the policy's head does not denoise; use its regression head")
    return network.head


def step_times(steps: int, batch: int) -> list[Tensor]:
    """Times (B,) of the Euler steps, in order."""
    return [torch.full((batch,), step / steps) for step in range(steps)]
