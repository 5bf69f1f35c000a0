"""What a training batch needs beyond LeRobot's rows: `TrainingBatches`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatuneError
from .columns import CHUNK, CHUNK_PAD, GOAL_PIXELS, GOAL_POSITIONS, FrameColumns
from .features import PREFIX
from .history import past_feature, past_key, past_rows
from .normalisation import ACTION, STATE

if TYPE_CHECKING:
    from lerobot.datasets import LeRobotDatasetMetadata

    from .configuration_spatune import SpatuneConfig


class TrainingBatches:
    """Joins a batch with the frame columns of its data set, by the rows' `index`.

    LeRobot's trainer hands on only the keys it knows; features, chunks and privileged targets are
    looked up here. A batch that already holds a key keeps it.

    Args:
        config: Of the policy.
        dataset_meta: Data set that is trained on; None where batches come complete.

    Raises:
        SpatuneError: The configuration asks for columns that the data set does not have.
    """

    def __init__(
        self, config: SpatuneConfig, dataset_meta: LeRobotDatasetMetadata | None = None
    ) -> None:
        self._config = config
        self._columns = FrameColumns.open(dataset_meta.root) if dataset_meta is not None else None
        if self._columns is not None:
            _check_chunks(config, self._columns)
            if config.use_cached_features:
                _check_features(config, self._columns)
            elif config.history:
                raise SpatuneError(
                    "a policy with a history is trained on cached features: make them with "
                    "`spatune features`, and use --policy.use_cached_features=true"
                )

    def targets(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """Action chunks (B, H, A) in environment units, and bool (B, H), true beyond the end."""
        length = self._config.chunk_length
        if self._config.chunk_source == "column":
            chunk, pad = self._get(batch, CHUNK), self._get(batch, CHUNK_PAD)
        else:
            chunk, pad = batch[ACTION], batch[f"{ACTION}_is_pad"]
            if chunk.ndim == 2:
                # LeRobot drops the axis of an action of one entry.
                chunk = chunk[..., None]
        if chunk.ndim != 3 or chunk.shape[1] < length:
            raise SpatuneError(
                f"a batch has actions of shape {tuple(chunk.shape)}, but the policy needs chunks "
                f"of {length}: lower --policy.chunk_length, or check --policy.chunk_source"
            )
        return chunk[:, :length].float(), pad[:, :length].bool()

    def features(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Cached features, name -> float32 (B, *shape), and those of past frames."""
        present = {s.name: self._get(batch, s.key).float() for s in self._config.features}
        return present | dict(self._past(batch))

    def with_images(self, batch: Mapping[str, Any], cameras: Sequence[str]) -> dict[str, Any]:
        """The batch with the images (B, 3, H, W) that it lacks and the data set has as columns."""
        names = self._columns.names if self._columns is not None and "index" in batch else ()
        found = {key: self._get(batch, key) for key in cameras if key not in batch and key in names}
        return {**batch, **{key: images.permute(0, 3, 1, 2) for key, images in found.items()}}

    def spatial_targets(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """`GOAL_POSITIONS` and `GOAL_PIXELS` of the batch, where the data set has them."""
        there = set(batch)
        if self._columns is not None and "index" in batch:
            there |= set(self._columns.names)
        return {key: self._get(batch, key) for key in (GOAL_POSITIONS, GOAL_PIXELS) if key in there}

    def _past(self, batch: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
        if not self._config.history:
            return
        feature = past_feature(self._config.features)
        for steps in self._config.history:
            name = past_key(feature.name, steps)
            if PREFIX + name in batch or self._columns is None or "index" not in batch:
                yield name, self._get(batch, PREFIX + name).float()
                continue
            index = batch["index"]
            episodes = self._columns.array("episode_index").reshape(-1)
            rows = past_rows(np.atleast_1d(index.cpu().numpy()), episodes, steps)
            yield name, self._take(batch, feature.key, torch.from_numpy(rows).to(index.device))

    def _get(self, batch: Mapping[str, Any], key: str) -> Tensor:
        if key in batch:
            return batch[key]
        if self._columns is None or "index" not in batch:
            raise SpatuneError(
                f"the batch has no {key!r} and no data set to look it up in; train with "
                "lerobot-train on a data set made by `spatune features`"
            )
        return self._take(batch, key, batch["index"])

    def _take(self, batch: Mapping[str, Any], key: str, rows: Tensor) -> Tensor:
        assert self._columns is not None, "callers have looked"
        if self._config.cache_on_device:
            features = [spec.key for spec in self._config.features]
            self._columns.keep([*features, key], batch[STATE].device)
        return self._columns.take(key, rows)


def _check_chunks(config: SpatuneConfig, columns: FrameColumns) -> None:
    has_column = CHUNK in columns.names
    if config.chunk_source == "column" and not has_column:
        raise SpatuneError(
            f"{columns.root} has no column {CHUNK!r}; use --policy.chunk_source=delta"
        )
    if config.chunk_source == "delta" and has_column:
        raise SpatuneError(
            f"{columns.root} keeps the labels of every control step in {CHUNK!r}, and its rows may "
            "be further apart; use --policy.chunk_source=column"
        )


def _check_features(config: SpatuneConfig, columns: FrameColumns) -> None:
    manifest = columns.manifest
    if manifest is None or not manifest.features:
        raise SpatuneError(
            f"{columns.root} has no cached features; make them with `spatune features`, or use "
            "--policy.use_cached_features=false"
        )
    missing = [spec for spec in config.features if spec not in manifest.features]
    if missing:
        raise SpatuneError(
            f"the policy reads {missing[0].key} of shape {missing[0].shape} from "
            f"{missing[0].source!r}, which {columns.root} does not have"
        )
    if config.asked != manifest.reasoning:
        raise SpatuneError(
            f"the features of {columns.root} were made with {manifest.reasoning or 'no question'}, "
            f"the policy was trained with {config.asked or 'none'}; build them with the policy's"
        )
    if config.features_vlm and config.features_vlm != manifest.vlm:
        raise SpatuneError(
            f"the features of {columns.root} come from VLM {manifest.vlm[:12]}, the policy's from "
            f"{config.features_vlm[:12]}; build the features with the policy's VLM"
        )
