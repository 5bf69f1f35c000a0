"""`SpatialPerception` on classic environments: a valid Gymnasium environment that sees."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import AddRenderObservation
from hypothesis import given
from hypothesis import strategies as st

from spatune.agent import SpatialPerception, SpatialVLM
from spatune.agent.perception_core import ANSWER_CHARSET, printable
from spatune.errors import SpatuneError

SOURCE = "vision.timm_model.blocks.2"
IMAGE = "observation.images.image"


def pole(**options) -> gym.Env:
    """CartPole with a picture of itself and its state in a Dict observation."""
    env = gym.make("CartPole-v1", render_mode="rgb_array", **options)
    return AddRenderObservation(
        env, render_only=False, render_key=IMAGE, obs_key="observation.state"
    )


class Instructed(gym.ObservationWrapper):
    """Puts the task of the episode into the observation."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        assert isinstance(env.observation_space, spaces.Dict)
        text = spaces.Text(64, charset=frozenset("abcdefghijklmnopqrstuvwxyz "))
        self.observation_space = spaces.Dict({**env.observation_space.spaces, "task": text})
        self.task = "keep the pole up"

    def observation(self, observation):
        """Adds `task`."""
        return {**observation, "task": self.task}


@pytest.mark.parametrize("source", [SOURCE, "language.-1"])
@pytest.mark.parametrize("question", [None, "what is left of the {task}?"])
def test_a_classic_environment_passes_the_checker(vlm: SpatialVLM, source, question) -> None:
    env = gym.make("CartPole-v1", render_mode="rgb_array", disable_env_checker=True)
    wrapped = SpatialPerception(
        env, vlm, source=source, text="pole", question=question, max_new_tokens=2
    )
    with warnings.catch_warnings():
        # The checker remarks that the environment is wrapped and that spaces are unbounded.
        warnings.simplefilter("ignore")
        check_env(wrapped)


def test_an_environment_with_images_passes_the_checker(vlm: SpatialVLM) -> None:
    wrapped = SpatialPerception(Instructed(pole()), vlm, refresh_every=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(wrapped, skip_render_check=True, skip_close_check=True)


def test_features_are_the_vlm_s_own(vlm: SpatialVLM) -> None:
    env = SpatialPerception(pole(), vlm, source=SOURCE)
    observation, info = env.reset(seed=0)
    expected = vlm.encode([[observation[IMAGE]]], [""], SOURCE)
    assert np.array_equal(observation["spatial.features"], expected.tokens[0].numpy())
    assert observation["spatial.mask"].all()
    assert observation in env.observation_space
    assert info["spatial.fresh"] is True
    assert set(observation) == {
        IMAGE,
        "observation.state",
        "spatial.features",
        "spatial.mask",
    }


def test_the_observation_s_task_is_what_is_read(vlm: SpatialVLM) -> None:
    instructed = Instructed(pole())
    env = SpatialPerception(instructed, vlm, text="ignored")
    first, _ = env.reset(seed=0)
    instructed.task = "let the pole fall to the left"
    second, _ = env.reset(seed=0)
    length = int(second["spatial.mask"].sum())
    assert length > int(first["spatial.mask"].sum())
    expected = vlm.encode([[second[IMAGE]]], [instructed.task]).tokens[0].numpy()
    assert np.array_equal(second["spatial.features"][:length], expected)
    assert not second["spatial.features"][length:].any()


def test_a_picture_is_looked_at_when_there_is_no_image(vlm: SpatialVLM) -> None:
    env = SpatialPerception(gym.make("CartPole-v1", render_mode="rgb_array"), vlm, source=SOURCE)
    observation, _ = env.reset(seed=0)
    picture = env.render()
    assert isinstance(picture, np.ndarray)
    expected = vlm.encode([[picture]], [""], SOURCE).tokens[0].numpy()
    assert np.array_equal(observation["spatial.features"], expected)
    assert observation["observation"].shape == (4,)


def test_an_observation_that_is_an_image_is_looked_at(vlm: SpatialVLM) -> None:
    picture_only = AddRenderObservation(gym.make("CartPole-v1", render_mode="rgb_array"))
    env = SpatialPerception(picture_only, vlm, source=SOURCE)
    observation, _ = env.reset(seed=0)
    expected = vlm.encode([[observation["observation"]]], [""], SOURCE).tokens[0].numpy()
    assert np.array_equal(observation["spatial.features"], expected)


def test_it_looks_at_every_third_step_from_the_start_of_an_episode(vlm: SpatialVLM) -> None:
    env = SpatialPerception(pole(), vlm, source=SOURCE, refresh_every=3)
    for _ in range(2):
        observation, info = env.reset(seed=1)
        looked, last = [info["spatial.fresh"]], observation["spatial.features"]
        for step in range(1, 7):
            observation, _, _, _, info = env.step(step % 2)
            looked.append(info["spatial.fresh"])
            fresh = vlm.encode([[observation[IMAGE]]], [""], SOURCE).tokens[0].numpy()
            seen = observation["spatial.features"]
            assert np.array_equal(seen, fresh if info["spatial.fresh"] else last)
            last = seen
        assert looked == [True, False, False, True, False, False, True]


def test_a_lazy_environment_draws_only_when_it_is_looked_at(
    vlm: SpatialVLM, draw_on_demand
) -> None:
    lazy, eager = draw_on_demand(pole()), pole()
    envs = [SpatialPerception(env, vlm, source=SOURCE, refresh_every=3) for env in (lazy, eager)]
    observations = [env.reset(seed=1)[0] for env in envs]
    for step in range(1, 7):
        results = [env.step(step % 2) for env in envs]
        observations = [result[0] for result in results]
        assert results[0][4]["images_fresh"] is (step % 3 == 0)
        same = [observation["spatial.features"] for observation in observations]
        assert np.array_equal(*same)
    assert np.array_equal(*(observation[IMAGE] for observation in observations))
    assert lazy.drawn == 3


def test_a_long_answer_is_cut_and_its_raw_text_is_kept(pointing) -> None:
    env = SpatialPerception(
        pole(), pointing.vlm, question="where is the mug?", max_answer_length=4, source=SOURCE
    )
    observation, info = env.reset(seed=0)
    assert len(info["spatial.answer"]) > 4
    assert observation["spatial.answer"] == info["spatial.answer"][:4]
    assert observation in env.observation_space


@given(st.text(max_size=30))
def test_any_answer_fits_the_text_space(answer: str) -> None:
    space = spaces.Text(20, min_length=0, charset=ANSWER_CHARSET)
    assert printable(answer, 20) in space


def test_the_question_names_the_task(pointing) -> None:
    vlm = pointing.vlm
    for name in pointing.names:
        env = SpatialPerception(
            pole(), vlm, text=name, question="where is the {task}?", source=SOURCE
        )
        observation, info = env.reset(seed=0)
        raw = vlm.generate([[observation[IMAGE]]], [f"where is the {name}?"])[0]
        assert raw and observation["spatial.answer"] == info["spatial.answer"] == raw


def test_the_specification_rebuilds_it(vlm: SpatialVLM) -> None:
    env = SpatialPerception(
        gym.make("CartPole-v1", render_mode="rgb_array"), vlm, source=SOURCE, refresh_every=2
    )
    assert env.spec is not None
    again = gym.make(env.spec)
    first, second = (e.reset(seed=3)[0]["spatial.features"] for e in (env, again))
    assert np.array_equal(first, second)


def test_errors_name_the_fix(vlm: SpatialVLM) -> None:
    silent = gym.make("CartPole-v1")
    with pytest.raises(SpatuneError, match="render_mode='rgb_array'"):
        SpatialPerception(silent, vlm)
    with pytest.raises(SpatuneError, match="'front' is no uint8"):
        SpatialPerception(pole(), vlm, image_keys=["front"])
    with pytest.raises(SpatuneError, match="not both"):
        SpatialPerception(pole(), vlm, image_keys=[IMAGE], render=True)
    with pytest.raises(SpatuneError, match="refresh_every is 0"):
        SpatialPerception(pole(), vlm, refresh_every=0)
    with pytest.raises(SpatuneError, match="wrap only once"):
        SpatialPerception(SpatialPerception(pole(), vlm, source=SOURCE), vlm, source=SOURCE)
    env = SpatialPerception(pole(), vlm, text="a b c d e f g h i j", max_text_tokens=2)
    with pytest.raises(SpatuneError, match="raise max_text_tokens"):
        env.reset(seed=0)
