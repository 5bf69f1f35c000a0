"""LeRobot's own evaluation on our environment, through the plugin `lerobot_env_spatune`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spatune.policies.adapters import LeRobotCheckpoint, LeRobotChunks

PLUGIN = Path(__file__).resolve().parents[3] / "plugins" / "lerobot_env_spatune"
SUITE, STEPS = "libero_object", 14


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as a real distribution, which is what LeRobot looks for."""
    root = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(PLUGIN, root / "source")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"]
    command += ["--no-build-isolation", "--target", str(root / "site"), str(source)]
    subprocess.run(command, check=True, cwd=root)
    return root / "site"


@pytest.fixture
def plugin(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plugin, imported as LeRobot imports it."""
    monkeypatch.syspath_prepend(str(installed))
    from lerobot.utils.import_utils import register_third_party_plugins

    register_third_party_plugins()
    return sys.modules["lerobot_env_spatune"]


def test_lerobot_knows_the_environment(plugin: Any) -> None:
    from lerobot.envs.factory import make_env_config
    from lerobot.envs.utils import env_to_policy_features

    config = make_env_config("spatune_libero", task=SUITE, image_size=64)
    assert isinstance(config, plugin.SpatuneLibero)
    shapes = {key: feature.shape for key, feature in env_to_policy_features(config).items()}
    assert shapes == {
        "observation.images.image": (3, 64, 64),
        "observation.images.image2": (3, 64, 64),
        "observation.state": (8,),
        "action": (7,),
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 30}, "20 control steps"),
        ({"render_every": 0}, "at least 1"),
        ({"orientation": "left"}, "use rot180 or upright"),
        ({"state_frame": "camera"}, "use world or base"),
    ],
)
def test_bad_settings_are_refused(plugin: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plugin.SpatuneLibero(**settings)


def test_environments_are_named_by_suite_and_task(plugin: Any) -> None:
    from lerobot.envs.factory import make_env

    config = plugin.SpatuneLibero(task="libero_object,libero_goal_task", task_ids=[1, 3])
    envs = make_env(config, n_envs=2)
    assert {suite: list(tasks) for suite, tasks in envs.items()} == {
        "libero_object": [1, 3],
        "libero_goal_task": [1, 3],
    }
    env: Any = envs["libero_object"][3]
    assert env.num_envs == 2 and env.call("_max_episode_steps") == (280, 280)
    assert "bbq sauce" in env.call("task_description")[0]
    # Nothing is built before an episode.
    assert [sub.unwrapped._env for sub in env.envs] == [None, None]


@pytest.mark.slow
def test_lerobots_rollout_plays_our_episodes_bit_for_bit(plugin: Any, act: Path) -> None:
    from lerobot.configs import PreTrainedConfig
    from lerobot.envs.factory import make_env
    from lerobot.policies.factory import get_policy_class, make_pre_post_processors
    from lerobot.scripts.lerobot_eval import rollout

    from spatune.envs import LiberoEnv

    env_config = plugin.SpatuneLibero(
        task=SUITE, task_ids=[0], image_size=64, episode_length=STEPS, render_every=6
    )
    env = make_env(env_config, n_envs=1)[SUITE][0]
    config: Any = PreTrainedConfig.from_pretrained(act)
    theirs: Any = get_policy_class("act").from_pretrained(act, config=config)
    before, after = make_pre_post_processors(config, pretrained_path=str(act))
    env_before, env_after = env_config.get_env_processors()
    played = [
        rollout(env, theirs, env_before, env_after, before, after, seeds=[seed])
        for seed in (1000, 1001)
    ]
    env.close()

    checkpoint = LeRobotCheckpoint.find(str(act))
    assert checkpoint is not None
    policy = LeRobotChunks(checkpoint, checkpoint.spec())
    ours = LiberoEnv(SUITE, 0, image_size=64, orientation="rot180", render_every=0)
    noise = np.zeros((1, 6, 7), np.float32)
    for index, result in enumerate(played):
        observation, _ = ours.reset(seed=1000 + index, options={"init_index": index})
        actions: list[np.ndarray] = []
        while len(actions) < STEPS:
            for action in policy.predict([observation], noise)[0]:
                actions.append(action)
                ours.step(action)
            observation = ours.observe()
        assert result["action"].shape == (1, STEPS, 7)
        np.testing.assert_array_equal(result["action"][0].numpy(), actions[:STEPS])
    ours.close()
    assert not torch.equal(played[0]["action"], played[1]["action"])


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2])
def test_the_command_runs(installed: Path, act: Path, tmp_path: Path, batch: int) -> None:
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "lerobot.scripts.lerobot_eval", f"--policy.path={act}"]
    command += ["--policy.device=cpu", "--env.type=spatune_libero", f"--env.task={SUITE}"]
    command += ["--env.task_ids=[0]", "--env.image_size=64", f"--env.episode_length={STEPS}"]
    command += ["--eval.n_episodes=2", f"--eval.batch_size={batch}", f"--output_dir={tmp_path}"]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    info = json.loads((tmp_path / "eval_info.json").read_text())
    (task,) = info["per_task"]
    assert (task["task_group"], task["task_id"]) == (SUITE, 0)
    assert task["metrics"]["successes"] == [False, False]
    assert info["overall"]["n_episodes"] == 2
    films = list((tmp_path / "videos").rglob("*.mp4"))
    assert len(films) == 2 and all(film.stat().st_size > 1000 for film in films)
