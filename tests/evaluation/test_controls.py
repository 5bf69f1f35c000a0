"""Controls act from the noise alone, whatever the batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spatune.evaluation import BlindPolicy, EpisodeKey, RandomPolicy, ZeroPolicy

KEYS = [EpisodeKey("libero", "libero_object", 0, init) for init in range(4)]


@given(st.permutations(range(4)), st.integers(1, 4))
def test_random_actions_do_not_depend_on_the_batch(order: list[int], size: int) -> None:
    policy = RandomPolicy()
    noise = np.stack([key.noise(3, (8, 7)) for key in KEYS])
    whole = policy.predict([{}] * 4, noise)
    part = policy.predict([{}] * size, noise[order[:size]])
    assert part.dtype == np.float32
    assert np.array_equal(part, whole[order[:size]])


def test_random_actions_are_uniform_within_their_bounds() -> None:
    low, high = np.array([-1.0, 0.0], np.float32), np.array([1.0, 4.0], np.float32)
    noise = KEYS[0].noise(0, (1, 20000, 2))
    actions = RandomPolicy(low.tolist(), high.tolist()).predict([{}], noise)[0]
    assert (actions >= low).all() and (actions <= high).all()
    for column, bottom, top in zip(actions.T, low, high, strict=True):
        share, _ = np.histogram(column, bins=10, range=(bottom, top))
        assert np.allclose(share / len(column), 0.1, atol=0.01)


def test_zero_actions_hold_still_with_an_open_gripper() -> None:
    chunk = ZeroPolicy().predict([{}, {}], np.ones((2, 8, 7), np.float32))
    assert chunk.shape == (2, 8, 7) and chunk.dtype == np.float32
    assert (chunk[..., :6] == 0).all() and (chunk[..., 6] == -1).all()


def test_blind_blackens_images_and_nothing_else(reach) -> None:
    policy = reach.SeekPolicy(noise_scale=0.0)
    env = reach.ReachEnv("plain", 0)
    observation, _ = env.reset(seed=7)
    noise = np.zeros((1, 6, 2), np.float32)
    assert np.abs(policy.predict([observation], noise)).max() > 0
    assert np.abs(BlindPolicy(policy).predict([observation], noise)).max() == 0
    assert observation[reach.IMAGE].max() == 255
