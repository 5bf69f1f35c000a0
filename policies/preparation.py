"""From a data set to the conventions and inputs of a new policy: `prepare_policy`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lerobot.configs import FeatureType, PolicyFeature

from ..envs.spec import EnvSpec, Orientation
from ..errors import SpatuneError
from .columns import FrameColumns
from .conventions import dataset_conventions
from .default_sources import default_sources
from .features import FeatureSpec, parse_sources, probe_feature_specs
from .normalisation import ACTION, STATE, Statistics
from .spec import NormalisationMode, PolicySpec, ResizeRule

if TYPE_CHECKING:
    from lerobot.datasets import LeRobotDatasetMetadata

    from .configuration_spatune import SpatuneConfig
    from .vlm_features import VlmFeatures


def prepare_policy(
    config: SpatuneConfig,
    encoder: VlmFeatures,
    dataset_stats: Mapping[str, Mapping[str, Any]] | None,
    dataset_meta: LeRobotDatasetMetadata | None,
) -> tuple[PolicySpec, Statistics]:
    """Reads what a data set decides into `config`, and returns the rest of the conventions.

    Fills `features`, `features_vlm`, `input_features` and `output_features`.

    Raises:
        SpatuneError: There is no data set, or it lacks statistics, features or cameras.
    """
    if dataset_meta is None:
        raise SpatuneError(
            "a new spatune policy takes its conventions from a data set: make it with "
            "lerobot-train, or load a trained one with load_policy"
        )
    statistics = Statistics.from_lerobot(dataset_stats)
    conventions = dataset_conventions(dataset_meta, cast(Orientation, config.camera_orientation))
    if config.history and float(dataset_meta.fps) != conventions.control_hz:
        raise SpatuneError(
            f"{dataset_meta.root} has {dataset_meta.fps} rows a second for "
            f"{conventions.control_hz:g} control steps, so its rows do not hold the history of "
            "every step: record every step, or train without --policy.history"
        )
    if config.head == "discrete":
        conventions = _discrete(config, conventions)
    if config.use_cached_features:
        _adopt_reasoning(config, dataset_meta.root)
    spec = policy_spec(config, conventions, statistics)
    if not config.features:
        if config.use_cached_features:
            _use_cached(config, dataset_meta.root)
        else:
            # Images are rows of the data set, or the columns of `spatune frames`.
            columns = FrameColumns.open(dataset_meta.root).names
            _use_images(config, encoder, spec, {*dataset_meta.camera_keys, *columns})
    if all(feature.pool != "grid" for feature in config.features):
        raise SpatuneError(
            "the policy's network needs a feature with pool 'grid'; add one to feature_sources, "
            "such as fine=vision.timm_model.blocks.2:grid"
        )
    # LeRobot takes every column that starts with "action" for an output, `action.chunk` too.
    shape = (spec.action_dim,)
    config.output_features = {ACTION: PolicyFeature(FeatureType.ACTION, shape)}
    config.input_features = {STATE: PolicyFeature(FeatureType.STATE, (spec.state_dim,))}
    for camera in () if config.use_cached_features else spec.cameras:
        size = (3, camera.height, camera.width)
        config.input_features[camera.key] = PolicyFeature(FeatureType.VISUAL, size)
    return spec, statistics


def policy_spec(config: SpatuneConfig, conventions: EnvSpec, statistics: Statistics) -> PolicySpec:
    """Conventions of a policy that is trained on data with the given ones."""
    return PolicySpec(
        cameras=conventions.cameras,
        resize=cast(ResizeRule, config.resize),
        state_layout=conventions.state_layout,
        action_layout=conventions.action_layout,
        gripper_convention=conventions.gripper_convention,
        action_low=conventions.action_low,
        action_high=conventions.action_high,
        state_normalisation=cast(NormalisationMode, config.state_normalisation),
        action_normalisation=cast(NormalisationMode, config.action_normalisation),
        statistics_sha256=statistics.sha256,
        chunk_length=config.chunk_length,
        execute_steps=config.n_action_steps,
        control_hz=conventions.control_hz,
        history=tuple(config.history),
        reasoning=config.asked,
    )


def _discrete(config: SpatuneConfig, conventions: EnvSpec) -> EnvSpec:
    """Fills in `action_classes`; the conventions with the bounds of so many classes."""
    if conventions.action_dim != 1:
        raise SpatuneError(
            f"the discrete head says one number, but the data set has {conventions.action_dim} "
            f"action entries: {', '.join(conventions.action_layout)}; use --policy.head=l1 or flow"
        )
    known = round(conventions.action_high[0]) + 1
    config.action_classes = config.action_classes or known
    if config.action_classes < known:
        raise SpatuneError(
            f"the data set has {known} actions, more than --policy.action_classes="
            f"{config.action_classes}; leave it out"
        )
    return replace(conventions, action_low=(0.0,), action_high=(config.action_classes - 1.0,))


def _adopt_reasoning(config: SpatuneConfig, root: Path) -> None:
    """Fills in the question that stood before the cached features."""
    manifest = FrameColumns.open(root).manifest
    asked = manifest.reasoning if manifest else None
    if config.reasoning and config.asked != asked:
        raise SpatuneError(
            f"{root} holds features made with {asked or 'no question'}, not {config.asked}: make "
            "them with `spatune features --reason`, or leave --policy.reasoning out"
        )
    if asked is not None:
        config.reasoning = True
        config.reason_question = asked.question
        config.reason_max_new_tokens = asked.max_new_tokens


def _use_cached(config: SpatuneConfig, root: Path) -> None:
    manifest = FrameColumns.open(root).manifest
    if manifest is None or not manifest.features:
        raise SpatuneError(
            f"{root} has no cached features; make them with `spatune features`, or use "
            "--policy.use_cached_features=false"
        )
    cached = {spec.name: spec for spec in manifest.features}
    config.features = [
        _cached(cached, name, source, pool, root)
        for name, (source, pool) in parse_sources(
            config.feature_sources or {s.name: f"{s.source}:{s.pool}" for s in manifest.features}
        ).items()
    ]
    config.features_vlm = manifest.vlm


def _cached(
    cached: Mapping[str, FeatureSpec], name: str, source: str, pool: str, root: Path
) -> FeatureSpec:
    spec = cached.get(name)
    if spec is None or (spec.source, spec.pool) != (source, pool):
        have = ", ".join(f"{s.name}={s.source}:{s.pool}" for s in cached.values())
        raise SpatuneError(f"{root} has no feature {name}={source}:{pool}; it has {have}")
    return spec


def _use_images(
    config: SpatuneConfig, encoder: VlmFeatures, spec: PolicySpec, there: Collection[str]
) -> None:
    missing = [camera.key for camera in spec.cameras if camera.key not in there]
    if missing or not spec.cameras:
        raise SpatuneError(
            f"the data set has no images of {', '.join(missing) or 'any camera'}; where it has "
            "cached features, train with --policy.use_cached_features=true"
        )
    sizes = {(camera.height, camera.width) for camera in spec.cameras}
    sources = config.feature_sources or default_sources(encoder.vlm)
    features = probe_feature_specs(encoder.vlm, sources, len(spec.cameras), max(sizes))
    config.features = list(features)
    config.features_vlm = encoder.identity if config.freeze_vlm else ""
