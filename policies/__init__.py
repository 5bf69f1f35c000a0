"""Acting: the policy over VLM features, its checkpoints, and the data that trains it.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
