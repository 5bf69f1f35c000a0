"""Who acts: the oracle shows what the expert says, chance is uniform and keyed."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.bench_nav.actors import OraclePolicy, RandomNavPolicy, check_actor
from spatune.bench_nav.environment import EXPERT_ACTION, NavView
from spatune.envs.navigation.task import NAV_ACTIONS


def test_the_oracle_repeats_the_expert() -> None:
    observations = [{EXPERT_ACTION: np.array([n], np.float32)} for n in (0, 5, 2)]
    chunks = OraclePolicy().predict(observations, np.zeros((3, 1, 1), np.float32))
    assert chunks.shape == (3, 1, 1) and chunks.ravel().tolist() == [0, 5, 2]


def test_chance_takes_every_action_equally_often() -> None:
    noise = np.random.default_rng(0).standard_normal((60_000, 1, 1)).astype(np.float32)
    numbers = RandomNavPolicy().predict([{}] * len(noise), noise)
    assert numbers.shape == noise.shape and numbers.dtype == np.float32
    values, counts = np.unique(numbers, return_counts=True)
    assert values.tolist() == list(range(len(NAV_ACTIONS)))
    # Five standard deviations of a binomial count.
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(60_000 * 5 / 36)


def test_neither_looks_at_images() -> None:
    """So that an evaluation draws none."""
    assert not OraclePolicy.uses_images and not RandomNavPolicy.uses_images


def test_chance_depends_on_the_noise_alone_and_stays_in_range() -> None:
    noise = np.array([-9.0, 9.0, 0.1], np.float32).reshape(3, 1, 1)
    numbers = RandomNavPolicy().predict([{}] * 3, noise)
    assert numbers.ravel().tolist() == [0, 5, 3]
    np.testing.assert_array_equal(numbers, RandomNavPolicy().predict([{"x": 1}] * 3, noise))


@pytest.mark.parametrize(("name", "expert"), [("oracle", True), ("random", False)])
def test_built_in_actors_see_what_they_need(name: str, expert: bool) -> None:
    actor = check_actor(name, "none", None)
    assert actor.view == NavView(224, (), expert) and actor.sha256 is None
    assert isinstance(actor.load("cpu"), OraclePolicy if expert else RandomNavPolicy)
    assert check_actor(name, "none", 96).view.image_size == 96
