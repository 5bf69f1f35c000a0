"""Environment units on one side, the network's on the other: `PolicyScaling`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .normalisation import Statistics, policy_affines
from .spec import GRIPPER_CLOSE_POSITIVE, PolicySpec


class PolicyScaling(nn.Module):
    """The normalisation of a policy as a module without parameters.

    Its tensors are no part of a state dict: they come from `statistics.json` in full precision.

    Methods:
        state: Environment units to the network's.
        positions: Points in the frame of the state's position, to the network's units.
        action: Environment units to the network's.
        environment: The network's chunks to actions that can be executed.

    Raises:
        SpatuneError: A statistic that the specification needs is missing.
    """

    state_offset: Tensor
    state_scale: Tensor
    action_offset: Tensor
    action_scale: Tensor
    action_low: Tensor
    action_high: Tensor

    def __init__(self, spec: PolicySpec, statistics: Statistics) -> None:
        super().__init__()
        state, action = policy_affines(spec, statistics)
        values = {
            "state_offset": state.offset,
            "state_scale": state.scale,
            "action_offset": action.offset,
            "action_scale": action.scale,
            "action_low": spec.action_low,
            "action_high": spec.action_high,
        }
        for name, value in values.items():
            tensor = torch.as_tensor(value, dtype=torch.float32)
            self.register_buffer(name, tensor, persistent=False)
        binary = spec.gripper_convention == GRIPPER_CLOSE_POSITIVE
        self.gripper = spec.gripper_index if binary else None

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.state_offset.device

    def state(self, state: Tensor) -> Tensor:
        """(B, S) in environment units -> (B, S) normalised."""
        return (state.to(self.device).float() - self.state_offset) / self.state_scale

    def positions(self, points: Tensor) -> Tensor:
        """(..., 3) in the unit and frame of the state's first three entries -> normalised."""
        return (points.to(self.device).float() - self.state_offset[:3]) / self.state_scale[:3]

    def action(self, action: Tensor) -> Tensor:
        """(B, H, A) in environment units -> (B, H, A) normalised."""
        return (action.to(self.device).float() - self.action_offset) / self.action_scale

    def environment(self, action: Tensor) -> Tensor:
        """(B, H, A) normalised -> (B, H, A) in environment units, within the action bounds.

        A gripper that opens at -1 and closes at +1 gets exactly one of the two.
        """
        action = action.float() * self.action_scale + self.action_offset
        if self.gripper is not None:
            closed = action[..., self.gripper] > 0
            action[..., self.gripper] = torch.where(closed, 1.0, -1.0)
        return action.clamp(self.action_low, self.action_high)
