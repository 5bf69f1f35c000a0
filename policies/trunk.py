"""From VLM features and proprioception to what the action heads read: `SpatialTrunk`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .features import FeatureSpec
from .history import past_feature, past_key
from .past import PastFrames


@dataclass(frozen=True)
class TrunkConfig:
    """Sizes of the trunk.

    Attributes:
        features: Tensors taken from the VLM; at least one grid.
        state_dim: Entries of the proprioceptive state; the first three are a position.
        targets: Points that the trunk locates (object and place), supervised when labels exist.
        keypoints: Further points that it may choose freely, per camera.
        width: Channels of the convolutions.
        text_width: Size of the instruction's embedding.
        hidden: Units of the fused layers.
        history: Offsets of the past frames that are read, in control steps.
    """

    features: tuple[FeatureSpec, ...]
    state_dim: int = 8
    targets: int = 2
    keypoints: int = 14
    width: int = 64
    text_width: int = 64
    hidden: int = 512
    history: tuple[int, ...] = ()

    @property
    def grids(self) -> tuple[FeatureSpec, ...]:
        """Features that keep a grid per camera."""
        return tuple(spec for spec in self.features if spec.pool == "grid")

    @property
    def vectors(self) -> tuple[FeatureSpec, ...]:
        """Features that are one vector per sample."""
        return tuple(spec for spec in self.features if spec.pool != "grid")

    @property
    def past_names(self) -> tuple[str, ...]:
        """Names of the past frames' features, nearest first."""
        if not self.history:
            return ()
        name = past_feature(self.features).name
        return tuple(past_key(name, steps) for steps in self.history)


@dataclass(frozen=True)
class TrunkOutput:
    """What the heads read, and what spatial supervision compares with labels.

    Attributes:
        summary: (B, hidden) fused description of the scene.
        text: (B, text_width) instruction.
        state: (B, S) normalised proprioception.
        positions: (B, targets, 3) located points, in the state's normalised position units.
        tokens: (B, cameras * points, width) features at the located points.
        points: (B, cameras, targets, 2) their column and row as fractions of the image.
        logits: (B, cameras, targets, cells) heat maps behind the points.
        visible: (B, cameras, targets) logit of the point lying inside the image.
        grid: Rows and columns of the heat maps.
    """

    summary: Tensor
    text: Tensor
    state: Tensor
    positions: Tensor
    tokens: Tensor
    points: Tensor
    logits: Tensor
    visible: Tensor
    grid: tuple[int, int]


class SpatialTrunk(nn.Module):
    """Convolutions modulated by the instruction, soft-argmax keypoints, located targets.

    Every grid feature is brought to one width and to the finest grid, so features of any VLM fit.
    """

    def __init__(self, config: TrunkConfig) -> None:
        super().__init__()
        if not config.grids:
            raise ValueError("the trunk needs at least one feature with pool='grid'")
        self.config = config
        cameras = config.grids[0].shape[0]
        text_in = sum(spec.shape[0] for spec in config.vectors)
        self.text_norm = nn.BatchNorm1d(text_in, affine=False) if text_in else None
        self.text = nn.Sequential(
            nn.Linear(max(text_in, 1), config.text_width),
            nn.LayerNorm(config.text_width),
        )
        towers = [_CameraTower(config) for _ in range(cameras)]
        self.cameras = nn.ModuleList(towers)
        seen = sum(tower.out_features for tower in towers)
        self.past: PastFrames | None = None
        if config.history:
            feature, count = past_feature(config.features), len(config.history)
            self.past = PastFrames(feature, count, config.width, config.text_width)
            seen += self.past.out_features
        self.fuse = nn.Sequential(
            nn.Linear(seen + config.text_width + config.state_dim, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
        )
        self.locate = nn.Linear(config.hidden, 3 * config.targets)

    def forward(self, features: dict[str, Tensor], state: Tensor) -> TrunkOutput:
        """Fuse.

        Args:
            features: By name, (B, cameras, C, H, W) for grids and (B, D) for vectors; of past
                frames by `TrunkConfig.past_names`.
            state: (B, S), normalised.
        """
        config = self.config
        text = self._text(features, state)
        views = [
            tower([features[spec.name][:, camera] for spec in config.grids], text)
            for camera, tower in enumerate(self.cameras)
        ]
        seen = [view.vector for view in views]
        if self.past is not None:
            seen.append(self.past([features[name] for name in config.past_names]))
        summary = self.fuse(torch.cat([*seen, text, state], dim=1))
        return TrunkOutput(
            summary=summary,
            text=text,
            state=state,
            positions=self.locate(summary).unflatten(1, (config.targets, 3)),
            tokens=torch.cat([view.tokens for view in views], dim=1),
            points=torch.stack([view.points for view in views], dim=1),
            logits=torch.stack([view.logits for view in views], dim=1),
            visible=torch.stack([view.visible for view in views], dim=1),
            grid=views[0].grid,
        )

    def _text(self, features: dict[str, Tensor], state: Tensor) -> Tensor:
        if self.text_norm is None:
            return self.text(state.new_zeros(len(state), 1))
        vectors = [features[spec.name] for spec in self.config.vectors]
        return self.text(self.text_norm(torch.cat(vectors, dim=1)))


@dataclass(frozen=True)
class _View:
    vector: Tensor  # (B, out_features)
    tokens: Tensor  # (B, points, width)
    points: Tensor  # (B, targets, 2)
    logits: Tensor  # (B, targets, cells)
    visible: Tensor  # (B, targets)
    grid: tuple[int, int]


class _CameraTower(nn.Module):
    def __init__(self, config: TrunkConfig, blocks: int = 3) -> None:
        super().__init__()
        width, targets = config.width, config.targets
        points = targets + config.keypoints
        self.targets = targets
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(spec.shape[1], affine=False) for spec in config.grids
        )
        self.inputs = nn.ModuleList(nn.Conv2d(spec.shape[1], width, 1) for spec in config.grids)
        rows, columns = max((spec.shape[2:] for spec in config.grids), key=lambda s: s[0] * s[1])
        self.grid = (rows, columns)
        self.place = nn.Parameter(torch.randn(1, width, rows, columns) * 0.02)
        self.film = nn.ModuleList(nn.Linear(config.text_width, 2 * width) for _ in range(blocks))
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(blocks))
        self.conv_norms = nn.ModuleList(nn.GroupNorm(8, width) for _ in range(blocks))
        self.heat = nn.Conv2d(width, points, 1)
        self.see = nn.Linear(targets * width, targets)
        self.out_features = 2 * points + targets * width + width
        x = (torch.arange(columns) + 0.5) / columns
        y = (torch.arange(rows) + 0.5) / rows
        self.register_buffer("columns", x.repeat(rows), persistent=False)
        self.register_buffer("rows", y.repeat_interleave(columns), persistent=False)

    def forward(self, grids: list[Tensor], text: Tensor) -> _View:
        x = self.place
        for grid, norm, project in zip(grids, self.norms, self.inputs, strict=True):
            level = project(norm(grid))
            if level.shape[-2:] != self.grid:
                level = F.interpolate(level, size=self.grid, mode="bilinear")
            x = x + level
        for film, conv, norm in zip(self.film, self.convs, self.conv_norms, strict=True):
            scale, shift = film(text)[:, :, None, None].chunk(2, dim=1)
            x = x + F.relu(norm(conv(F.relu(x))) * (1 + scale) + shift)
        logits = self.heat(x).flatten(2).float()  # (B, points, cells)
        weights = logits.softmax(dim=-1)
        points = torch.stack(
            [(weights * self.columns).sum(-1), (weights * self.rows).sum(-1)], dim=-1
        )
        cells = x.flatten(2).float()  # (B, width, cells)
        tokens = torch.einsum("bpc,bdc->bpd", weights, cells)
        aimed = tokens[:, : self.targets].flatten(1)
        return _View(
            vector=torch.cat([points.flatten(1) * 2 - 1, aimed, cells.mean(-1)], dim=1),
            tokens=tokens,
            points=points[:, : self.targets],
            logits=logits[:, : self.targets],
            visible=self.see(aimed),
            grid=self.grid,
        )
