"""From a policy's specification, settings and files to its network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from ..errors import SpatuneError
from .features import FeatureSpec
from .network import NetworkConfig
from .spec import PolicySpec

_SETTINGS = (
    *("head", "keypoints", "width", "text_width", "hidden"),
    *("flow_width", "flow_layers", "flow_steps", "state_noise"),
)
# Checkpoints of the first version do not hold these; their heads do not read them.
_DISCRETE_SETTINGS = ("action_classes", "action_temperature", "label_smoothing")


def network_config(
    spec: PolicySpec, features: Iterable[FeatureSpec], settings: Mapping[str, Any]
) -> NetworkConfig:
    """Configuration of a policy's network.

    Args:
        spec: Conventions of the policy.
        features: Tensors that the network reads.
        settings: Holds the fields of `SpatuneConfig` that shape the network, as `config.json` does.
    """
    return NetworkConfig(
        features=tuple(features),
        state_dim=spec.state_dim,
        action_dim=spec.action_dim,
        chunk_length=spec.chunk_length,
        gripper_index=spec.gripper_index,
        rotation_indices=tuple(
            index for index, name in enumerate(spec.action_layout) if name.startswith("delta_r")
        ),
        history=spec.history,
        class_weights=tuple(settings.get("class_weights", ())),
        **{name: settings[name] for name in _SETTINGS},
        **{name: settings[name] for name in _DISCRETE_SETTINGS if name in settings},
    )


def read_weights(path: Path, wanted: Mapping[str, Tensor], prefix: str = "") -> dict[str, Tensor]:
    """Weights of a module from a safetensors file, each of which must match.

    Args:
        path: The file.
        wanted: State of the module.
        prefix: Of the module's names in the file; names with another prefix are left out.

    Raises:
        SpatuneError: The file is not there, or weights are missing, unknown or of another shape.
    """
    if not path.is_file():
        raise SpatuneError(f"{path} is missing; the checkpoint is not complete")
    found = {k.removeprefix(prefix): v for k, v in load_file(path).items() if k.startswith(prefix)}
    for problem, names in (
        ("misses", wanted.keys() - found.keys()),
        ("has unknown", found.keys() - wanted.keys()),
    ):
        if names:
            raise SpatuneError(
                f"{path} {problem} {len(names)} weights, such as {prefix}{min(names)}; it does not "
                "belong to its config.json"
            )
    for name, tensor in found.items():
        if tensor.shape != wanted[name].shape:
            raise SpatuneError(
                f"{path}: {prefix}{name} has shape {tuple(tensor.shape)} instead of "
                f"{tuple(wanted[name].shape)}; it does not belong to its config.json"
            )
    return found
