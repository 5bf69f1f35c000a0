"""Policies of other projects scored on real LIBERO."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.bench_libero import EvalLiberoConfig
from spatune.bench_libero.plan import make_plan
from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.policies.adapters.episode_states import EPISODE, EPISODE_STEP


def test_the_plan_shows_libero_as_lerobot_does(act: Path) -> None:
    config = EvalLiberoConfig(policy=str(act), episodes=1, device="cpu")
    plan = make_plan(config)
    seen = {key: plan.identity[key] for key in ("image_size", "orientation", "state_frame")}
    assert seen == {"image_size": 64, "orientation": "rot180", "state_frame": "world"}
    assert plan.identity["execute_steps"] == 6
    assert len(plan.identity["policy_sha256"]) == 64
    ours = make_plan(EvalLiberoConfig(policy=str(act), episodes=1, conventions="spatune"))
    seen = {key: ours.identity[key] for key in ("image_size", "orientation", "state_frame")}
    assert seen == {"image_size": 64, "orientation": "upright", "state_frame": "base"}
    assert plan.factory.kwargs["published"] and not ours.factory.kwargs["published"]
    told = make_plan(
        EvalLiberoConfig(
            policy=str(act), episodes=1, orientation="upright", execute_steps=3, image_size=32
        )
    )
    seen = {key: told.identity[key] for key in ("image_size", "orientation", "execute_steps")}
    assert seen == {"image_size": 32, "orientation": "upright", "execute_steps": 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "embedded", "orientation": "rot180"}, "--orientation is for policies of LeR"),
        ({"policy": "ws://127.0.0.1:9"}, "no policy server answers there"),
        ({"policy": "ws://127.0.0.1:9", "cameras": "a,b"}, "--cameras is for policies of LeRobot"),
        ({"cameras": "a"}, "--cameras 'a' is not two names"),
        ({"engine": "ort-cpu"}, "--engine and --precision are for bundles"),
    ],
)
def test_bad_options_are_one_line(act: Path, settings: dict[str, Any], message: str) -> None:
    config = EvalLiberoConfig(**({"policy": str(act), "episodes": 1} | settings))
    with pytest.raises(SpatuneError, match=message) as error:
        make_plan(config)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.slow
def test_the_policy_is_shown_what_lerobots_environment_shows(act: Path) -> None:
    from lerobot.envs.utils import preprocess_observation
    from lerobot.processor import LiberoProcessorStep

    from spatune.envs import LiberoEnv
    from spatune.envs.libero_suites import import_libero, init_states
    from spatune.policies.adapters import LeRobotCheckpoint, LeRobotChunks

    import_libero()
    from lerobot.envs.libero import LiberoEnv as LeRobotLiberoEnv
    from libero.libero import benchmark

    suite = "libero_object"
    theirs: Any = LeRobotLiberoEnv(
        benchmark.get_benchmark(suite)(), 0, suite, obs_type="pixels_agent_pos",
        init_states=False, observation_width=64, observation_height=64,
    )  # fmt: skip
    theirs.init_states, theirs._init_states = True, init_states(suite, 0)
    raw, _ = theirs.reset(seed=5)
    pixels = {name: image[None] for name, image in raw["pixels"].items()}
    robot = {
        part: {name: np.asarray(value)[None] for name, value in values.items()}
        for part, values in raw["robot_state"].items()
    }
    nested: Any = {"pixels": pixels, "robot_state": robot}
    expected: Any = LiberoProcessorStep().observation(preprocess_observation(nested))

    checkpoint = LeRobotCheckpoint.find(str(act))
    assert checkpoint is not None
    policy = LeRobotChunks(checkpoint, checkpoint.spec())
    ours = LiberoEnv(suite, 0, image_size=64, orientation="rot180")
    observation, _ = ours.reset(seed=5, options={"init_index": 0})
    batch = policy._batch(observation)
    for name in ("image", "image2"):
        key = f"observation.images.{name}"
        np.testing.assert_array_equal(batch[key].numpy(), expected[key].numpy())
    state = batch["observation.state"].numpy()
    np.testing.assert_allclose(state, expected["observation.state"].numpy(), atol=2e-6)
    ours.close()
    theirs.close()


@pytest.mark.slow
def test_a_lerobot_policy_is_scored_by_the_command(act: Path, tmp_path: Path) -> None:
    words = ["eval", "libero", "--policy", str(act), "--suite", "libero_object", "--tasks", "3"]
    words += ["--episodes", "2", "--device", "cpu"]
    digests = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        assert main([*words, "--workers", str(workers), "--out", str(out)]) == 0
        records = [json.loads(line) for line in (out / "episodes.jsonl").read_text().splitlines()]
        assert [record["error"] for record in records] == [None, None]
        assert {record["backend"] for record in records} == {"lerobot-act-cpu"}
        assert all(record["steps"] == 280 or record["success"] for record in records)
        digests.append([record["action_digest"] for record in records])
    assert digests[0] == digests[1]


@pytest.mark.slow
def test_a_policy_with_a_memory_sees_every_step(make_act: Callable[..., Path]) -> None:
    """Two environments, step by step in turn, against each alone."""
    from spatune.evaluation.environment import EnvFactory

    folder = make_act(temporal_ensemble_coeff=0.01, n_action_steps=1)
    plan = make_plan(EvalLiberoConfig(policy=str(folder), episodes=2, device="cpu"))
    assert isinstance(plan.factory, EnvFactory)

    def play(order: list[int]) -> dict[int, list[np.ndarray]]:
        policy = plan.load_actor()
        envs = {index: plan.factory.make("libero_object", 0) for index in set(order)}
        seen = {
            index: env.reset(seed=index, options={"init_index": index})[0]
            for index, env in envs.items()
        }
        actions: dict[int, list[np.ndarray]] = {index: [] for index in envs}
        for index in order:
            assert seen[index][EPISODE_STEP] == len(actions[index])
            assert f"/{index}/" in seen[index][EPISODE]
            action = policy.predict([seen[index]], np.zeros((1, 1, 7), np.float32))[0, 0]
            actions[index].append(action)
            envs[index].step(action)
            seen[index] = envs[index].observe()
        for env in envs.values():
            env.close()
        return actions

    together = play([0, 1, 1, 0, 0, 1, 0, 1])
    for index in (0, 1):
        alone = play([index] * 4)[index]
        np.testing.assert_array_equal(together[index], alone)
