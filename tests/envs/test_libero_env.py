"""`LiberoEnv` as a Gymnasium environment."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import spatune.envs  # noqa: F401  (registers the ids)
from spatune.envs.libero import REST_ACTION, LiberoEnv
from spatune.errors import SpatuneError

CAMERAS = ("observation.images.image", "observation.images.image2")


def run(env: LiberoEnv, steps: int, **reset) -> tuple[str, dict]:
    env.reset(**reset)
    rng = np.random.default_rng(4)
    for _ in range(steps):
        env.step(rng.uniform(-1, 1, 7).astype(np.float32))
    return env.state_digest(), env.observe()


def assert_same(a: dict, b: dict) -> None:
    for key in (*CAMERAS, "observation.state"):
        np.testing.assert_array_equal(a[key], b[key])
    assert a["task"] == b["task"]


def test_passes_the_gymnasium_checker() -> None:
    env = gymnasium.make("spatune/Libero-v0", suite="libero_object", task_id=1, image_size=32)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()
    env.close()


def test_vector_environment_steps_registered_tasks() -> None:
    envs = gymnasium.make_vec(
        "spatune/Libero-v0",
        num_envs=2,
        vectorization_mode="sync",
        suite="libero_object",
        task_id=2,
        image_size=(32, 48),
    )
    observation, _ = envs.reset(seed=[1, 2])  # pyright: ignore[reportArgumentType]
    assert observation["observation.images.image"].shape == (2, 32, 48, 3)
    first = observation["observation.images.image"]
    assert not np.array_equal(first[0], first[1])
    _, reward, *_ = envs.step(np.stack([REST_ACTION, REST_ACTION]).astype(np.float32))
    assert reward.shape == (2,)
    envs.close()


def test_same_key_gives_the_same_bits_whatever_ran_before(spatial_env: LiberoEnv) -> None:
    options = {"init_index": 7}
    digest, observation = run(spatial_env, 8, seed=11, options=options)
    run(spatial_env, 3, seed=12, options={"init_index": 30})
    again, repeated = run(spatial_env, 8, seed=11, options=options)
    assert digest == again
    assert_same(observation, repeated)
    other, _ = run(spatial_env, 8, seed=12, options=options)
    assert other != digest, "the seed places the fixtures, which the init state leaves out"


def test_frames_that_are_drawn_do_not_depend_on_those_that_are_not(
    spatial_env: LiberoEnv,
) -> None:
    env = spatial_env
    options = {"init_index": 2}
    try:
        env.render_every = 1
        digest, eager = run(env, 6, seed=0, options=options)
        env.render_every = 3
        lazy_digest, lazy = run(env, 6, seed=0, options=options)
        env.render_every = 0
        first, _ = env.reset(seed=0, options=options)
        observation, *_, info = env.step(REST_ACTION)
        np.testing.assert_array_equal(observation[CAMERAS[0]], first[CAMERAS[0]])
        assert not info["images_fresh"]
    finally:
        env.render_every = 0
    assert digest == lazy_digest
    assert_same(eager, lazy)


def test_rot180_is_the_upright_view_mirrored() -> None:
    upright = LiberoEnv("libero_object", 0, image_size=64)
    turned = LiberoEnv("libero_object", 0, image_size=64, orientation="rot180")
    a, _ = upright.reset(seed=0, options={"init_index": 0})
    b, _ = turned.reset(seed=0, options={"init_index": 0})
    np.testing.assert_array_equal(a[CAMERAS[0]][:, ::-1], b[CAMERAS[0]])
    upright.close()
    turned.close()


def test_base_frame_shifts_the_position_alone(object_env: LiberoEnv) -> None:
    env = LiberoEnv("libero_object", 0, cameras={}, state_frame="base")
    world, _ = object_env.reset(seed=0, options={"init_index": 1})
    base, _ = env.reset(seed=0, options={"init_index": 1})
    offset = world["observation.state"][:3] - base["observation.state"][:3]
    np.testing.assert_allclose(offset, env.privileged.base_position, atol=1e-6)
    np.testing.assert_array_equal(world["observation.state"][3:], base["observation.state"][3:])
    assert env.env_spec.state_layout[0] == "eef_x_base"
    env.close()


def test_sampled_placement_follows_the_seed(object_env: LiberoEnv) -> None:
    digests = []
    for seed in (100_001, 100_002, 100_001):
        object_env.reset(seed=seed, options={"placement": "sampled"})
        digests.append(object_env.state_digest())
    assert digests[0] == digests[2] != digests[1]


def test_the_budget_truncates(object_env: LiberoEnv) -> None:
    budget, object_env.max_steps = object_env.max_steps, 2
    try:
        object_env.reset(seed=0, options={"init_index": 0})
        assert not object_env.step(REST_ACTION)[3]
        assert object_env.step(REST_ACTION)[3]
    finally:
        object_env.max_steps = budget


def test_the_caller_keeps_numpys_global_stream(object_env: LiberoEnv) -> None:
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    object_env.reset(seed=5, options={"init_index": 0})
    assert np.random.rand() == expected


@pytest.mark.parametrize(
    "action, message",
    [
        (np.zeros(6), "takes \\(7,\\)"),
        (np.full(7, np.nan), "not finite"),
    ],
)
def test_bad_actions_are_named(object_env: LiberoEnv, action: np.ndarray, message: str) -> None:
    object_env.reset(seed=0, options={"init_index": 0})
    with pytest.raises(SpatuneError, match=message):
        object_env.step(action)


def test_bad_reset_options_are_named(object_env: LiberoEnv) -> None:
    with pytest.raises(SpatuneError, match="init states 0..49, not 50"):
        object_env.reset(options={"init_index": 50})
    with pytest.raises(SpatuneError, match="unknown reset option 'index'"):
        object_env.reset(options={"index": 1})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"suite": "libero_kitchen"}, "unknown LIBERO suite"),
        ({"suite": "libero_goal_env"}, "ships no bddl files"),
        ({"task_id": 10}, "tasks 0..9, not 10"),
        ({"cameras": {"observation.images.image": "sideview_9"}}, "no camera 'sideview_9'"),
        ({"orientation": "flipped"}, "'upright' or 'rot180'"),
        ({"state_frame": "tool"}, "'world' or 'base'"),
        ({"render_every": -1}, "render_every is -1"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(SpatuneError, match=message):
        LiberoEnv(**arguments)


def test_pro_suites_use_the_instruction_of_the_bddl_file() -> None:
    from spatune.envs.libero_suites import LIBERO_PRO_SUITES, libero_task, task_count

    assert len(LIBERO_PRO_SUITES) == 16
    for suite in LIBERO_PRO_SUITES:
        assert task_count(suite) == 10
        assert libero_task(suite, 0).init_count >= 10
    original = libero_task("libero_spatial", 0).instruction
    assert libero_task("libero_spatial_lan", 0).instruction != original


def test_a_missing_gl_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from spatune.envs import gl

    monkeypatch.setenv("MUJOCO_GL", "egl")
    monkeypatch.setattr(gl.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(SpatuneError, match="apt-get install"):
        gl.select_gl_backend()
    monkeypatch.delenv("MUJOCO_GL")
    with pytest.raises(SpatuneError, match="no OpenGL backend"):
        gl.select_gl_backend()
