"""Demonstrations that the scripted expert makes: `write_demos`, `rollout_expert`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.envs.experts.demos import plan_episodes, write_demos
from spatune.envs.experts.demos_config import DemosLiberoConfig
from spatune.envs.experts.demos_dataset import OBJECT_NAMES_FILE
from spatune.envs.experts.episodes import (
    TRAINING_SEED_BASE,
    EpisodePlan,
    render_frames,
    rollout_expert,
)
from spatune.envs.experts.libero import next_goals
from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_suites import init_states, libero_task, task_count
from spatune.errors import SpatuneError


def test_noise_changes_what_is_executed_and_not_the_label() -> None:
    env = LiberoEnv("libero_object", 0, cameras={}, state_frame="base")
    plan = EpisodePlan("libero_object", 0, TRAINING_SEED_BASE + 7, 0.3)
    trace, again = rollout_expert(env, plan), rollout_expert(env, plan)
    env.close()
    assert trace.success
    np.testing.assert_array_equal(trace.states, again.states)
    difference = np.abs(trace.actions - trace.executed)
    assert difference[:, :6].max() > 0.1
    assert difference[:, 6].max() == 0.0
    assert np.abs(trace.actions).max() <= 1.0


def test_training_scenes_are_no_evaluation_scenes(spatial_env: LiberoEnv) -> None:
    with pytest.raises(SpatuneError, match="evaluation seed"):
        rollout_expert(spatial_env, EpisodePlan("libero_spatial", 4, 0, 0.0))
    held_out = init_states("libero_spatial", 4)
    for seed in range(TRAINING_SEED_BASE, TRAINING_SEED_BASE + 5):
        spatial_env.sim.reset(seed)
        objects = spatial_env.sim.state()[1 + 9 : 1 + spatial_env.sim.model.nq]
        others = held_out[:, 1 + 9 : 1 + spatial_env.sim.model.nq]
        assert np.abs(others - objects).max(axis=1).min() > 1e-3


def test_plans_use_training_seeds_only() -> None:
    config = DemosLiberoConfig(out=Path("unused"), episodes=3, noise=(0.0, 0.2))
    plans = plan_episodes(config)
    assert len(plans) == 3 * sum(task_count(suite) for suite in config.suites)
    assert min(plan.seed for plan in plans) >= TRAINING_SEED_BASE
    assert [plan.noise for plan in plans[:3]] == [0.0, 0.2, 0.0]
    with pytest.raises(SpatuneError, match="unknown suite"):
        plan_episodes(DemosLiberoConfig(out=Path("unused"), suites=("libero_moon",)))


def test_writes_a_resumable_lerobot_dataset(tmp_path: Path) -> None:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    out = tmp_path / "demos"
    config = DemosLiberoConfig(
        out=out, suites=("libero_object",), tasks=(3,), episodes=1, render_every=20,
        image_size=32, workers=1, keep_work=True,
    )  # fmt: skip
    write_demos(config)
    with pytest.raises(SpatuneError, match="exists already"):
        write_demos(config)
    data: Any = LeRobotDataset("spatune/demos", root=out)
    assert data.num_episodes == 1
    frame = data[0]
    assert int(frame["privileged.goal_index"]) == 0
    assert frame["task"] == libero_task("libero_object", 3).instruction
    assert frame["observation.images.image"].shape == (3, 32, 32)
    assert frame["action.chunk"].shape == (16, 7)
    np.testing.assert_array_equal(frame["action.chunk"][0], frame["action"])
    assert bool(data[data.num_frames - 1]["action.chunk_is_pad"][-1])
    (episode,) = json.loads((out / OBJECT_NAMES_FILE).read_text())
    assert episode["seed"] == TRAINING_SEED_BASE
    assert len(episode["sha256"]) == 64
    assert [goal[0] for goal in episode["goals"]] == ["in"]
    # A second run finds the episode done: nothing but the assembly is repeated.
    stored = next((tmp_path / "demos.work").glob("*.npz"))
    written = stored.stat().st_mtime_ns
    out.rename(tmp_path / "first")
    write_demos(config)
    assert stored.stat().st_mtime_ns == written
    again: Any = LeRobotDataset("spatune/demos", root=out)
    np.testing.assert_array_equal(again[0]["observation.state"], frame["observation.state"])
    # The same episodes once more, with their pictures beside the rows.
    out.rename(tmp_path / "second")
    write_demos(DemosLiberoConfig(**{**config.__dict__, "pictures": "arrays"}))
    assert stored.stat().st_mtime_ns == written
    seen = np.load(out / "columns" / "observation.images.image.npy")
    shown = (frame["observation.images.image"].permute(1, 2, 0) * 255).round().byte().numpy()
    np.testing.assert_array_equal(seen[0], shown)
    assert not (out / "videos").exists()
    other = DemosLiberoConfig(**{**config.__dict__, "out": out, "image_size": 64})
    out.rename(tmp_path / "third")
    with pytest.raises(SpatuneError, match="another configuration"):
        write_demos(other)


def test_a_goal_that_does_not_hold_comes_next(spatial_env: LiberoEnv) -> None:
    spatial_env.reset_scene(TRAINING_SEED_BASE)
    assert next_goals(spatial_env.privileged) == list(spatial_env.privileged.goal)


@pytest.mark.slow
def test_the_goal_of_a_frame_is_the_one_that_comes_next() -> None:
    """Two groceries into a basket: the first one, then the second one."""
    env = LiberoEnv("libero_10", 0, image_size=32, render_every=0, state_frame="base")
    plan = EpisodePlan("libero_10", 0, TRAINING_SEED_BASE, 0.0)
    trace = rollout_expert(env, plan)
    assert trace.success
    frames = render_frames(env, plan, trace, 5)
    goals, base = env.privileged.goal, env.privileged.base_position
    index = frames["goal_index"][:, 0]
    assert index[0] == 0 and index[-1] == 1 and set(np.diff(index)) == {0, 1}
    assert frames["goal_index"].dtype == np.int64
    for row in (0, int(np.argmax(index))):
        env.sim.set_state(trace.states[frames["index"][row]])
        _, thing, place = goals[index[row]]
        wanted = [env.privileged.position(name) - base for name in (thing, place)]
        np.testing.assert_allclose(frames["goal_positions"][row], wanted, atol=1e-5)
        assert next_goals(env.privileged)[0] == goals[index[row]]
    env.sim.set_state(trace.states[-1])
    assert next_goals(env.privileged) == []
    env.close()


def test_drawers_are_shut_last() -> None:
    """A bowl into a drawer that is to be shut afterwards, whatever the order of the goals."""
    env = LiberoEnv("libero_10", 3, render_every=0)
    env.reset_scene(TRAINING_SEED_BASE)
    kinds = {goal[0] for goal in env.privileged.goal}
    assert kinds == {"in", "close"}
    assert [goal[0] for goal in next_goals(env.privileged)] == ["in"]
    env.close()
