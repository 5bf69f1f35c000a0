"""Scenes shared by the tests of a module: building one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spatune.envs.libero import LiberoEnv


@pytest.fixture(scope="module")
def spatial_env() -> Iterator[LiberoEnv]:
    """Task 4 of libero_spatial: a cabinet and a stove that are re-placed, a drawer that opens."""
    env = LiberoEnv("libero_spatial", 4, render_every=0)
    yield env
    env.close()


@pytest.fixture(scope="module")
def object_env() -> Iterator[LiberoEnv]:
    """Task 0 of libero_object: many small objects on the floor."""
    env = LiberoEnv("libero_object", 0, render_every=0)
    yield env
    env.close()
