"""Torch engines compute what the policy computes, from the weights that the bundle names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.export.bundle import Bundle
from spatune.export.compile.config import EngineConfig
from spatune.export.compile.run import build_engine
from spatune.export.loading import EngineLoader, load_bundle_policy
from spatune.export.observations import Observations
from spatune.policies.loading import load_policy


def acted(folder: Path, path: Path, engine: str, precision: str = "fp32") -> np.ndarray:
    policy = load_bundle_policy(folder, engine, precision=precision)
    assert policy.backend == f"{engine}-cpu-{precision}"
    pairs = Observations.load(path, policy.spec).pairs(policy.spec)
    return np.stack([policy.predict_action_chunk(seen, noise) for seen, noise in pairs])


@pytest.fixture(scope="module")
def expected(flow_policy: Path, observations_file: Path) -> np.ndarray:
    policy = load_policy(flow_policy)
    pairs = Observations.load(observations_file, policy.spec).pairs(policy.spec)
    return np.stack([policy.predict([seen], noise[None])[0] for seen, noise in pairs])


def test_eager(flow_bundle: Path, observations_file: Path, expected: np.ndarray) -> None:
    found = acted(flow_bundle, observations_file, "torch-eager")
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)


def test_autocast_is_near_and_not_equal(
    flow_bundle: Path, observations_file: Path, expected: np.ndarray
) -> None:
    found = acted(flow_bundle, observations_file, "torch-eager", "bf16")
    gap = np.abs(found - expected).max()
    assert 1e-5 < gap < 0.2 * np.abs(expected).max()


@pytest.mark.slow
def test_compiled(flow_bundle: Path, observations_file: Path, expected: np.ndarray) -> None:
    found = acted(flow_bundle, observations_file, "torch-compile")
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)


@pytest.mark.slow
def test_package(flow_bundle: Path, observations_file: Path, expected: np.ndarray) -> None:
    with pytest.raises(SpatuneError, match="export engine .* --engine aotinductor"):
        load_bundle_policy(flow_bundle, "aotinductor")
    path = build_engine(EngineConfig(flow_bundle, "aotinductor"))
    assert path.suffix == ".pt2" and path.parent == flow_bundle / "engines"
    found = acted(flow_bundle, observations_file, "aotinductor")
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)


def test_what_torch_lacks_is_said(flow_bundle: Path) -> None:
    loader = EngineLoader(Bundle.load(flow_bundle))
    with pytest.raises(SpatuneError, match="torch engines run in fp32, fp16, bf16, not in 'int8'"):
        loader.engine("torch-eager", "int8")
    with pytest.raises(SpatuneError, match="no graph 'moon', only: policy, vision"):
        loader.engine("torch-eager", stage="moon")
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(SpatuneError, match="torch sees no CUDA device"):
            EngineLoader(Bundle.load(flow_bundle), device="cuda").engine("torch-eager")
