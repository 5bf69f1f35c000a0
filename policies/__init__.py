"""Acting: the policy over VLM features, its checkpoints, and the data that trains it.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chunker import ActionChunker
    from .columns import FrameColumns
    from .compatibility import check_compatible
    from .configuration_spatune import SpatuneConfig
    from .features import FeatureSpec, extract_features, probe_feature_specs
    from .features_dataset import FeaturesConfig, build_features
    from .loading import load_policy, load_policy_spec
    from .modeling_spatune import SpatunePolicy
    from .normalisation import Affine, Statistics
    from .packing import PackConfig, pack_policy
    from .rollout import RolloutPolicy, SpatuneRollout
    from .spec import PolicySpec

_MODULES = {
    "ActionChunker": ".chunker",
    "Affine": ".normalisation",
    "FeatureSpec": ".features",
    "FeaturesConfig": ".features_dataset",
    "FrameColumns": ".columns",
    "PackConfig": ".packing",
    "PolicySpec": ".spec",
    "RolloutPolicy": ".rollout",
    "SpatuneConfig": ".configuration_spatune",
    "SpatunePolicy": ".modeling_spatune",
    "SpatuneRollout": ".rollout",
    "Statistics": ".normalisation",
    "build_features": ".features_dataset",
    "check_compatible": ".compatibility",
    "extract_features": ".features",
    "load_policy": ".loading",
    "load_policy_spec": ".loading",
    "pack_policy": ".packing",
    "probe_feature_specs": ".features",
}

__all__ = [
    "ActionChunker",
    "Affine",
    "FeatureSpec",
    "FeaturesConfig",
    "FrameColumns",
    "PackConfig",
    "PolicySpec",
    "RolloutPolicy",
    "SpatuneConfig",
    "SpatunePolicy",
    "SpatuneRollout",
    "Statistics",
    "build_features",
    "check_compatible",
    "extract_features",
    "load_policy",
    "load_policy_spec",
    "pack_policy",
    "probe_feature_specs",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds a name when the name is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_MODULES))
