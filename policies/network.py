"""The policy network: trunk over VLM features plus one action head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .features import PREFIX, FeatureSpec
from .heads.discrete import DiscreteHead
from .heads.flow import FlowHead
from .heads.l1 import L1Head
from .losses import pixel_loss, position_loss
from .trunk import SpatialTrunk, TrunkConfig, TrunkOutput

HeadName = Literal["l1", "flow", "discrete"]


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that fixes the network's shape.

    Attributes:
        features: Tensors taken from the VLM.
        state_dim: S.
        action_dim: A.
        chunk_length: H.
        head: `l1`, `flow` or `discrete`.
        gripper_index: Entry of the action that is open or closed; None when there is none.
        rotation_indices: Entries whose error counts half.
        targets: Points located under supervision (object and place).
        keypoints: Points chosen freely, per camera.
        width: Channels of the convolutions.
        text_width: Size of the instruction's embedding.
        hidden: Units of the fused layers.
        flow_width: Token size of the flow head.
        flow_layers: Layers of the flow head.
        flow_steps: Euler steps of the flow head.
        state_noise: Standard deviation of the noise on the normalised state while training.
        history: Offsets of the past frames that are read, in control steps.
        action_classes, action_temperature, class_weights, label_smoothing: Of the discrete head,
            see `DiscreteHead`.
    """

    features: tuple[FeatureSpec, ...]
    state_dim: int = 8
    action_dim: int = 7
    chunk_length: int = 16
    head: HeadName = "l1"
    gripper_index: int | None = 6
    rotation_indices: tuple[int, ...] = (3, 4, 5)
    targets: int = 2
    keypoints: int = 14
    width: int = 64
    text_width: int = 64
    hidden: int = 512
    flow_width: int = 128
    flow_layers: int = 3
    flow_steps: int = 10
    state_noise: float = 0.03
    history: tuple[int, ...] = ()
    action_classes: int = 0
    action_temperature: float = 0.5
    class_weights: tuple[float, ...] = ()
    label_smoothing: float = 0.01

    @classmethod
    def tiny(cls, features: tuple[FeatureSpec, ...], head: HeadName = "l1") -> NetworkConfig:
        """A configuration small enough for tests."""
        return cls(
            features, head=head, keypoints=4, width=16, text_width=8, hidden=32, flow_width=16,
            flow_layers=1, flow_steps=2,
        )  # fmt: skip

    @property
    def trunk(self) -> TrunkConfig:
        """The trunk's part."""
        return TrunkConfig(
            features=self.features,
            state_dim=self.state_dim,
            targets=self.targets,
            keypoints=self.keypoints,
            width=self.width,
            text_width=self.text_width,
            hidden=self.hidden,
            history=self.history,
        )


class SpatuneNetwork(nn.Module):
    """Predicts a chunk of actions from VLM features and proprioception, all normalised."""

    action_weights: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = SpatialTrunk(config.trunk)
        self.head: L1Head | FlowHead | DiscreteHead
        if config.head == "flow":
            self.head = FlowHead(
                config.trunk,
                config.chunk_length,
                config.action_dim,
                width=config.flow_width,
                layers=config.flow_layers,
                steps=config.flow_steps,
            )
        elif config.head == "discrete":
            self.head = DiscreteHead(
                config.trunk,
                config.chunk_length,
                config.action_classes,
                temperature=config.action_temperature,
                class_weights=config.class_weights,
                label_smoothing=config.label_smoothing,
            )
        else:
            self.head = L1Head(
                config.trunk, config.chunk_length, config.action_dim, config.gripper_index
            )
        weights = torch.ones(config.action_dim)
        weights[list(config.rotation_indices)] = 0.5
        self.register_buffer("action_weights", weights, persistent=False)

    def forward(self, features: dict[str, Tensor], state: Tensor) -> TrunkOutput:
        """Trunk output for features by name and a normalised state (B, S)."""
        return self.trunk(features, state)

    def loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Training loss and its parts.

        Args:
            batch: `features.<name>`, those of past frames too (`TrunkConfig.past_names`);
                `observation.state` (B, S) normalised, `action` (B, H, A) normalised,
                `action_is_pad` (B, H), and when the data has them `aux.positions` (B, targets, 3)
                in the state's normalised position units and `aux.pixels`
                (B, cameras, targets, 3), see `losses.pixel_loss`.
        """
        state = batch["observation.state"]
        if self.training:
            state = state + self.config.state_noise * torch.randn_like(state)
        names = (*(spec.name for spec in self.config.features), *self.trunk.config.past_names)
        features = {name: batch[PREFIX + name] for name in names}
        context = self.trunk(features, state)
        valid = (~batch["action_is_pad"]).float()
        total, parts = self.head.loss(context, batch["action"], valid, self.action_weights)
        if "aux.positions" in batch:
            parts["position_loss"] = position_loss(context, batch["aux.positions"])
            total = total + 0.15 * parts["position_loss"]
        if "aux.pixels" in batch:
            loss, parts["point_error"] = pixel_loss(context, batch["aux.pixels"])
            total = total + 0.1 * loss
        return total, {name: float(value.detach()) for name, value in parts.items()}

    @torch.no_grad()
    def predict(self, features: dict[str, Tensor], state: Tensor, noise: Tensor) -> Tensor:
        """(B, H, A) normalised actions; a flow head starts from `noise` (B, H, A), a discrete head
        draws with it.
        """
        return self.head.predict(self.trunk(features, state), noise)
