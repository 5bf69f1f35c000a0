"""The fast simulator against stock LIBERO: bit-equal states and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_suites import init_states, libero_task

ACTIONS = np.random.default_rng(0).uniform(-1, 1, (30, 7))


def stock_environment(suite: str, task_id: int):
    from libero.libero.envs import OffScreenRenderEnv

    path = str(libero_task(suite, task_id).bddl_path)
    return OffScreenRenderEnv(bddl_file_name=path, camera_heights=128, camera_widths=128)


def images(observation: dict) -> np.ndarray:
    names = ("agentview_image", "robot0_eye_in_hand_image")
    return np.stack([observation[name][::-1] for name in names])


def use_context(stock) -> None:
    """Stock robosuite draws into whichever GL context is current; ours made its own so."""
    stock.sim._render_context_offscreen.gl_ctx.make_current()


@pytest.mark.parametrize("suite, task_id", [("libero_spatial", 4), ("libero_object", 0)])
def test_states_and_pixels_equal_a_freshly_built_stock_environment(
    suite: str, task_id: int
) -> None:
    env = LiberoEnv(suite, task_id, render_every=0, settle_steps=0)
    env.reset(seed=99, options={"init_index": 40})
    for action in ACTIONS[:5]:
        env.step(action)
    stock = stock_environment(suite, task_id)
    stock.seed(5)
    stock.reset()
    expected = stock.set_init_state(init_states(suite, task_id)[3])
    env.reset_scene(5, init_index=3)
    for step, action in enumerate(ACTIONS):
        if step in (0, 9, 29):
            ours = env.observe()
            drawn = [ours["observation.images.image"], ours["observation.images.image2"]]
            np.testing.assert_array_equal(np.stack(drawn), images(expected))
        use_context(stock)
        expected, _, _, _ = stock.step(action)
        env.step(action)
        np.testing.assert_array_equal(env.sim.state(), stock.get_sim_state())
        position, quaternion, fingers = env.sim.proprioception()
        np.testing.assert_array_equal(position, expected["robot0_eef_pos"])
        np.testing.assert_array_equal(quaternion, expected["robot0_eef_quat"])
        np.testing.assert_array_equal(fingers, expected["robot0_gripper_qpos"])
    np.testing.assert_array_equal(stock.sim.model.body_pos, env.sim.model.body_pos)
    env.close()
    stock.close()


@pytest.mark.slow
@pytest.mark.parametrize("task_id", range(10))
def test_sampled_placements_equal_a_freshly_built_stock_environment(task_id: int) -> None:
    env = LiberoEnv("libero_spatial", task_id, cameras={})
    for seed in (3, 77):
        stock = stock_environment("libero_spatial", task_id)
        stock.seed(seed)
        stock.reset()
        env.sim.reset(seed)
        np.testing.assert_array_equal(env.sim.state(), stock.get_sim_state())
        np.testing.assert_array_equal(stock.sim.model.body_pos, env.sim.model.body_pos)
        stock.close()
    env.close()


def test_axis_angle_matches_the_published_data_convention() -> None:
    from robosuite.utils.transform_utils import quat2axisangle

    from spatune.envs.libero import axis_angle

    for quaternion in np.random.default_rng(1).normal(size=(50, 4)):
        unit = quaternion / np.linalg.norm(quaternion)
        np.testing.assert_allclose(axis_angle(unit), quat2axisangle(unit.copy()), atol=1e-12)
    assert np.array_equal(axis_angle(np.array([0.0, 0, 0, 1])), np.zeros(3))
