"""Bundles of untrained policies, made of the real parts at their smallest size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spatune.export.config import ExportConfig
from spatune.export.observations import Observations
from spatune.policies.loading import load_policy_spec
from spatune.policies.spec import PolicySpec

TASKS = ("pick the alphabet soup and place it in the basket", "open the drawer")


def random_observations(spec: PolicySpec, count: int = 4) -> Observations:
    """Noise in the shapes of observations."""
    rng, camera = np.random.default_rng(0), spec.cameras[0]
    size = (count, len(spec.cameras), camera.height, camera.width, 3)
    return Observations(
        images=rng.integers(0, 256, size, dtype=np.uint8),
        states=rng.normal(size=(count, spec.state_dim)).astype(np.float32),
        noise=rng.normal(size=(count, spec.chunk_length, spec.action_dim)).astype(np.float32),
        tasks=np.array([TASKS[i % len(TASKS)] for i in range(count)]),
        origins=np.array([f"random {i}" for i in range(count)]),
    )


@pytest.fixture(scope="session")
def observations_file(untrained_policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("observations") / "random.npz"
    random_observations(load_policy_spec(untrained_policy)).save(path)
    return path


@pytest.fixture(scope="session")
def export(
    observations_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    from spatune.export.write import write_bundle

    def write(policy: Path, *precisions: str) -> Path:
        out = tmp_path_factory.mktemp("export") / "bundle"
        config = ExportConfig(
            out, str(policy), precisions, task=TASKS, calibration=observations_file
        )
        return write_bundle(config)

    return write


@pytest.fixture(scope="session")
def bundle(untrained_policy: Path, export: Callable[..., Path]) -> Path:
    """A regression policy in fp32, fp16 and int8."""
    return export(untrained_policy, "fp16", "int8")


@pytest.fixture(scope="session")
def flow_policy(make_untrained: Callable[..., Path]) -> Path:
    return make_untrained(head="flow", flow_width=16, flow_layers=1, flow_steps=3)


@pytest.fixture(scope="session")
def flow_bundle(flow_policy: Path, export: Callable[..., Path]) -> Path:
    """A flow policy in fp32."""
    return export(flow_policy, "fp32")
