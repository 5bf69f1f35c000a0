"""Past frames: their rows stay in the episode, and the cache changes nothing but the time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spatune.agent.vlm import SpatialVLM
from spatune.envs.spec import EnvSpec
from spatune.errors import SpatuneError
from spatune.policies import PolicySpec, check_compatible, probe_feature_specs
from spatune.policies.features import EMBEDDED_SOURCES
from spatune.policies.frame_cache import FrameCache
from spatune.policies.history import past_feature, past_rows
from spatune.policies.vlm_features import VlmFeatures, VlmSource

CPU = torch.device("cpu")
HISTORY = (1, 2)


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), steps=st.integers(1, 12))
def test_past_rows_stay_in_their_episode(lengths: list[int], steps: int) -> None:
    episodes = np.repeat(np.arange(len(lengths)) + 3, lengths)
    rows = np.arange(len(episodes))[::-1]
    starts = np.cumsum([0, *lengths])[episodes[rows] - 3]
    np.testing.assert_array_equal(
        past_rows(rows, episodes, steps), np.maximum(rows - steps, starts)
    )


@pytest.fixture(scope="module")
def encoder(vlm_folder: Path) -> VlmFeatures:
    return VlmFeatures(VlmSource(str(vlm_folder)))


@pytest.fixture(scope="module")
def frames() -> list[list[np.ndarray]]:
    """Six frames of one camera."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    return [[image] for image in pixels]


def make_cache(encoder: VlmFeatures, **settings: Any) -> FrameCache:
    specs = probe_feature_specs(encoder.vlm, EMBEDDED_SOURCES, 1, 64)
    return FrameCache(encoder, specs, HISTORY, **settings)


def count_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Samples of each call of the VLM from now on."""
    calls: list[int] = []
    encode = SpatialVLM.encode_sources

    def record(self: SpatialVLM, images: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(len(images))
        return encode(self, images, *args, **kwargs)

    monkeypatch.setattr(SpatialVLM, "encode_sources", record)
    return calls


def test_kept_features_are_the_same_bits(encoder: VlmFeatures, frames) -> None:
    warm = make_cache(encoder)
    for now in range(6):
        sample = [frames[max(now - steps, 0)] for steps in (0, *HISTORY)]
        kept = warm.encode([sample], ["go"], CPU)
        fresh = make_cache(encoder).encode([sample], ["go"], CPU)
        small = make_cache(encoder, max_bytes=1).encode([sample], ["go"], CPU)
        assert list(kept) == ["fine", "coarse", "text", "coarse.past1", "coarse.past2"]
        for name, tensor in kept.items():
            assert torch.equal(tensor, fresh[name]) and torch.equal(tensor, small[name])


def test_neighbours_in_the_batch_change_no_bits(encoder: VlmFeatures, frames) -> None:
    samples = [[frames[i], frames[i + 1], frames[i + 2]] for i in range(3)]
    together = make_cache(encoder).encode(samples, ["go", "stop", "go"], CPU)
    alone = make_cache(encoder).encode([samples[1]], ["stop"], CPU)
    for name, tensor in alone.items():
        assert torch.equal(tensor[0], together[name][1])


def test_each_distinct_frame_is_encoded_once_and_alone(
    encoder: VlmFeatures, frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = make_cache(encoder)
    calls = count_calls(monkeypatch)
    for now in range(6):
        copies = [[frames[max(now - steps, 0)][0].copy()] for steps in (0, *HISTORY)]
        cache.encode([copies], ["go"], CPU)
    assert calls == [1] * 6
    cache.encode([[frames[5]] * 3], ["another task"], CPU)
    assert calls == [1] * 7, "the instruction is part of what the VLM reads"


def test_cache_is_bounded_and_drops_the_frame_used_longest_ago(
    encoder: VlmFeatures, frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = make_cache(encoder).encode([[frames[0]] * 3], ["go"], CPU)
    size = sum(probe[name].nbytes for name in EMBEDDED_SOURCES)
    cache = make_cache(encoder, max_bytes=3 * size)
    for i in (0, 1, 2, 0, 3):
        cache.encode([[frames[i]] * 3], ["go"], CPU)
    calls = count_calls(monkeypatch)
    for i in (3, 0, 2):
        cache.encode([[frames[i]] * 3], ["go"], CPU)
    assert calls == []
    cache.encode([[frames[1]] * 3], ["go"], CPU)
    assert calls == [1]


def test_the_coarsest_grid_is_what_is_read_of_the_past(encoder: VlmFeatures) -> None:
    specs = probe_feature_specs(encoder.vlm, EMBEDDED_SOURCES, 1, 64)
    assert past_feature(specs).name == past_feature(specs[::-1]).name == "coarse"


def make_spec(env_spec: EnvSpec, history: tuple[int, ...]) -> PolicySpec:
    return PolicySpec(
        cameras=env_spec.cameras,
        resize="exact",
        state_layout=env_spec.state_layout,
        action_layout=env_spec.action_layout,
        gripper_convention=env_spec.gripper_convention,
        action_low=env_spec.action_low,
        action_high=env_spec.action_high,
        state_normalisation="mean_std",
        action_normalisation="identity",
        statistics_sha256="0" * 64,
        chunk_length=1,
        execute_steps=1,
        control_hz=env_spec.control_hz,
        history=history,
    )


def test_specification_states_the_history(env_spec: EnvSpec) -> None:
    spec = make_spec(env_spec, (1, 4))
    assert PolicySpec.from_json(spec.to_json()) == spec
    without = make_spec(env_spec, ())
    assert "history" not in without.to_json(), (
        "files of policies without a history stay as they are"
    )
    assert PolicySpec.from_json(without.to_json()) == without
    for bad in ((2, 1), (0, 1), (1, 1), (-1,)):
        with pytest.raises(SpatuneError, match="ascending numbers of steps"):
            replace(spec, history=bad)


def test_environment_must_keep_the_frames_of_the_history(env_spec: EnvSpec) -> None:
    spec = make_spec(env_spec, (1, 4))
    check_compatible(spec, env_spec, history=(1, 2, 4))
    check_compatible(make_spec(env_spec, ()), env_spec)
    with pytest.raises(SpatuneError, match=r"history: the policy has 1, 4, .* 'no past frames'"):
        check_compatible(spec, env_spec)
    with pytest.raises(SpatuneError, match="the policy has 1, 4, the environment 1, 2;"):
        check_compatible(spec, env_spec, history=(1, 2))
