"""`SpatialPerceptionVector` sees what `SpatialPerception` sees, through every kind of autoreset."""

from __future__ import annotations

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import AddRenderObservation

from spatune.agent import SpatialPerception, SpatialVLM
from spatune.agent.perception_vector import SpatialPerceptionVector
from spatune.errors import SpatuneError

SOURCE = "vision.timm_model.blocks.2"
IMAGE = "observation.images.image"
COUNT = 2
LIMITS = (5, 8)


def pole(limit: int) -> gym.Env:
    """CartPole of `limit` steps with its picture in the observation."""
    env = gym.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=limit)
    return AddRenderObservation(env, render_only=False, render_key=IMAGE)


def poles(mode: AutoresetMode) -> SyncVectorEnv:
    """Two of them whose episodes end at unequal steps."""
    return SyncVectorEnv([partial(pole, limit) for limit in LIMITS], autoreset_mode=mode)


def trace_single(vlm: SpatialVLM, mode: AutoresetMode, index: int, steps: int, **config) -> list:
    """(image, features, fresh, final features) a step, as the vector form should give them."""
    env = SpatialPerception(pole(LIMITS[index]), vlm, source=SOURCE, **config)
    observation, info = env.reset(seed=index)
    rows, ended = [(observation, info["spatial.fresh"], None)], False
    for step in range(steps):
        final = None
        if ended and mode == AutoresetMode.NEXT_STEP:
            (observation, info), ended = env.reset(), False
        else:
            observation, _, terminated, truncated, info = env.step(step % 2)
            ended = terminated or truncated
            if ended and mode == AutoresetMode.SAME_STEP:
                final = observation["spatial.features"]
                observation, info = env.reset()
        rows.append((observation, info["spatial.fresh"], final))
    return rows


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("refresh_every", [1, 3])
def test_each_environment_sees_what_it_would_see_alone(
    vlm: SpatialVLM, mode: AutoresetMode, refresh_every: int
) -> None:
    steps = 12
    envs = SpatialPerceptionVector(poles(mode), vlm, source=SOURCE, refresh_every=refresh_every)
    singles = [trace_single(vlm, mode, i, steps, refresh_every=refresh_every) for i in range(COUNT)]
    observation, infos = envs.reset(seed=[0, 1])
    for step in range(steps + 1):
        finals = 0
        for i, rows in enumerate(singles):
            expected, fresh, final = rows[step]
            assert np.array_equal(observation[IMAGE][i], expected[IMAGE])
            seen = observation["spatial.features"][i]
            assert np.allclose(seen, expected["spatial.features"], atol=1e-4)
            assert infos["spatial.fresh"][i] == fresh
            if final is not None:
                finals += 1
                kept = infos["final_obs"][i]
                assert np.allclose(kept["spatial.features"], final, atol=1e-4)
                assert kept in envs.single_observation_space
        assert ("final_obs" in infos) == bool(finals)
        assert observation in envs.observation_space
        actions = np.full(COUNT, step % 2)
        observation, _, _, _, infos = envs.step(actions)


def test_environments_that_are_due_share_one_forward_pass(vlm: SpatialVLM) -> None:
    calls: list[int] = []
    tower = vlm.model.get_encoder(modality="image")
    envs = SpatialPerceptionVector(poles(AutoresetMode.SAME_STEP), vlm, source=SOURCE)
    handle = tower.register_forward_hook(lambda _, args, __: calls.append(len(args[0])))
    envs.reset(seed=0)
    for _ in range(LIMITS[0]):
        envs.step(np.zeros(COUNT, np.int64))
    handle.remove()
    # The last step of the first environment is looked at beside the start of its next episode.
    assert calls == [2] * LIMITS[0] + [3]


def test_a_reset_mask_starts_only_the_masked_episodes(vlm: SpatialVLM) -> None:
    envs = SpatialPerceptionVector(
        poles(AutoresetMode.DISABLED), vlm, source=SOURCE, refresh_every=10
    )
    first, _ = envs.reset(seed=0)
    moved, _, _, _, infos = envs.step(np.ones(COUNT, np.int64))
    assert not infos["spatial.fresh"].any()
    options = {"reset_mask": np.array([True, False])}
    again, infos = envs.reset(seed=[0, None], options=options)
    assert infos["spatial.fresh"].tolist() == [True, False]
    assert np.array_equal(again["spatial.features"][1], moved["spatial.features"][1])
    assert np.allclose(again["spatial.features"][0], first["spatial.features"][0], atol=1e-4)


def test_lazy_environments_are_drawn_when_they_are_looked_at(vlm, draw_on_demand) -> None:
    def seen(wrap) -> list[np.ndarray]:
        envs = SyncVectorEnv([lambda limit=limit: wrap(pole(limit)) for limit in LIMITS])
        perceiving = SpatialPerceptionVector(envs, vlm, source=SOURCE, refresh_every=2)
        observation, infos = perceiving.reset(seed=0)
        features = [observation["spatial.features"]]
        for step in range(8):
            observation, _, _, _, infos = perceiving.step(np.full(COUNT, step % 2))
            features.append(observation["spatial.features"])
            assert infos.get("images_fresh", infos["spatial.fresh"])[infos["spatial.fresh"]].all()
        return features

    for lazy, eager in zip(seen(draw_on_demand), seen(lambda env: env), strict=True):
        assert np.array_equal(lazy, eager)


def test_pictures_are_looked_at_when_there_are_no_images(vlm: SpatialVLM) -> None:
    envs = gym.make_vec(
        "CartPole-v1", num_envs=COUNT, vectorization_mode="sync", render_mode="rgb_array"
    )
    envs = SpatialPerceptionVector(
        envs, vlm, source=SOURCE, text="pole", question="where is the {task}?", max_new_tokens=2
    )
    observation, infos = envs.reset(seed=0)
    pictures = envs.render()
    assert pictures is not None
    expected = vlm.encode([[np.asarray(p)] for p in pictures], ["pole"] * COUNT, SOURCE).tokens
    assert np.allclose(observation["spatial.features"], expected.numpy(), atol=1e-4)
    assert observation["observation"].shape == (COUNT, 4)
    assert len(observation["spatial.answer"]) == len(infos["spatial.answer"]) == COUNT
    assert observation in envs.observation_space


def test_errors_name_the_fix(vlm: SpatialVLM) -> None:
    def pictured() -> gym.Env:
        return gym.make("CartPole-v1", render_mode="rgb_array")

    same_step = SyncVectorEnv([pictured], autoreset_mode=AutoresetMode.SAME_STEP)
    with pytest.raises(SpatuneError, match="use autoreset_mode NEXT_STEP"):
        SpatialPerceptionVector(same_step, vlm, source=SOURCE)
    blind = SyncVectorEnv([lambda: gym.make("CartPole-v1")])
    with pytest.raises(SpatuneError, match="render_mode='rgb_array'"):
        SpatialPerceptionVector(blind, vlm, source=SOURCE)
