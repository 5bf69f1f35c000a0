"""What a LeRobotDataset was recorded with, as an `EnvSpec`: `dataset_conventions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..envs.spec import CameraSpec, EnvSpec, Orientation
from ..errors import SpatuneError
from .columns import CHUNK
from .normalisation import ACTION, STATE
from .spec import GRIPPER_CLOSE_POSITIVE

if TYPE_CHECKING:
    from lerobot.datasets import LeRobotDatasetMetadata

ENV_SPEC = Path("meta") / "env_spec.json"
"""Where a data set made here keeps the conventions of its environment."""


def dataset_conventions(
    meta: LeRobotDatasetMetadata, orientation: Orientation = "upright"
) -> EnvSpec:
    """Cameras, layouts, bounds and rate of a data set.

    A data set made by `spatune demos` or `spatune features` says them in `meta/env_spec.json`. Of
    any other one they are read from LeRobot's own metadata: names of state and action entries,
    image sizes, fps; action bounds are -1 and +1, or the extremes in the data where those are
    wider.

    Args:
        meta: The data set's metadata.
        orientation: Of the images, where the data set does not say it.

    Raises:
        SpatuneError: There is no state or no action, or the control rate cannot be known.
    """
    path = Path(meta.root) / ENV_SPEC
    if path.is_file():
        try:
            return EnvSpec.from_json(json.loads(path.read_text()))
        except (KeyError, TypeError, ValueError) as error:
            raise SpatuneError(f"{path} does not fit this version: {error}") from error
    if CHUNK in meta.features:
        raise SpatuneError(
            f"{meta.root} has {CHUNK!r}, so its {meta.fps} rows a second are not its control "
            f"steps, and no {ENV_SPEC.as_posix()} that says the control rate; write that file "
            "(EnvSpec.to_json) or make the data set with `spatune demos`"
        )
    state, action = _names(meta, STATE), _names(meta, ACTION)
    stats: Any = (meta.stats or {}).get(ACTION, {})
    low, high = stats.get("min", -np.ones(len(action))), stats.get("max", np.ones(len(action)))
    return EnvSpec(
        name=meta.robot_type or meta.repo_id,
        cameras=tuple(_camera(key, meta.features[key], orientation) for key in meta.camera_keys),
        state_layout=state,
        action_layout=action,
        action_low=tuple(min(-1.0, float(value)) for value in low),
        action_high=tuple(max(1.0, float(value)) for value in high),
        gripper_convention=GRIPPER_CLOSE_POSITIVE if "gripper" in action else "none",
        control_hz=float(meta.fps),
    )


def _names(meta: LeRobotDatasetMetadata, key: str) -> tuple[str, ...]:
    if key not in meta.features:
        raise SpatuneError(f"{meta.root} has no {key!r}; a policy cannot learn from it")
    feature = meta.features[key]
    names = feature.get("names")
    # Older data sets nest the names: {"motors": [...]}.
    if isinstance(names, dict):
        names = [name for group in names.values() for name in group]
    size = int(np.prod(feature["shape"]))
    if names is None or len(names) != size:
        names = [f"{key.rpartition('.')[2]}_{index}" for index in range(size)]
    return tuple(map(str, names))


def _camera(key: str, feature: dict[str, Any], orientation: Orientation) -> CameraSpec:
    shape = list(feature["shape"])
    # Some data sets list channels first.
    height, width = shape[1:] if feature["names"][0].startswith("channel") else shape[:2]
    return CameraSpec(key, key.rpartition(".")[2], int(height), int(width), orientation)
