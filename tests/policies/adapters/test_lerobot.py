"""Policies of LeRobot's own classes give through the adapter what they give in LeRobot's loop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spatune.errors import SpatuneError
from spatune.evaluation.keys import EpisodeKey
from spatune.policies.adapters import LeRobotCheckpoint, LeRobotChunks
from spatune.policies.adapters.cache_crop import absolute_crop
from spatune.policies.adapters.episode_states import EPISODE, EPISODE_STEP
from spatune.policies.adapters.lerobot import seeded

Observe = Callable[..., dict[str, Any]]
KEY = EpisodeKey("libero", "libero_object", 0, 0)


def checkpoint_of(folder: Path) -> LeRobotCheckpoint:
    found = LeRobotCheckpoint.find(str(folder))
    assert found is not None
    return found


def adapted(folder: Path, **settings: Any) -> LeRobotChunks:
    checkpoint = checkpoint_of(folder)
    cameras = settings.get("cameras")
    return LeRobotChunks(checkpoint, checkpoint.spec(**settings), cameras=cameras)


def draw(policy: LeRobotChunks, replan: int = 0) -> np.ndarray:
    return KEY.noise(replan, (policy.spec.chunk_length, policy.spec.action_dim))[None]


def lerobot_loop(
    folder: Path, observations: list[dict[str, Any]], noise: np.ndarray
) -> Iterator[np.ndarray]:
    """Actions as `lerobot_eval.rollout` computes them, one call of `select_action` a step.

    Each call finds torch's generator seeded from `noise`, as it is in the adapter.
    """
    from lerobot.configs import PreTrainedConfig
    from lerobot.envs.utils import preprocess_observation
    from lerobot.policies.factory import get_policy_class, make_pre_post_processors

    config: Any = PreTrainedConfig.from_pretrained(folder)
    policy: Any = get_policy_class(config.type).from_pretrained(folder, config=config)
    before, after = make_pre_post_processors(config, pretrained_path=str(folder))
    policy.reset()
    names = [key.removeprefix("observation.images.") for key in config.image_features]
    for observation in observations:
        pixels = {name: observation[f"observation.images.{name}"][None] for name in names}
        raw: Any = {"pixels": pixels, "agent_pos": observation["observation.state"]}
        batch: Any = preprocess_observation(raw)
        batch["task"] = [observation["task"]]
        with seeded(noise, torch.device("cpu")), absolute_crop(), torch.inference_mode():
            action = after(policy.select_action(before(batch)))[0].numpy()
        yield action


@pytest.mark.parametrize("name", ["act", "smolvla"])
def test_a_chunk_is_lerobots_own_bit_for_bit(
    request: pytest.FixtureRequest, observation: Observe, name: str
) -> None:
    folder = request.getfixturevalue(name)
    policy = adapted(folder)
    assert (policy.spec.chunk_length, policy.spec.execute_steps) == (6, 6)
    noise = draw(policy)
    chunk = policy.predict([observation(1)], noise)
    # Later observations are other ones: the queue must not look at them.
    expected = list(lerobot_loop(folder, [observation(step) for step in range(1, 7)], noise[0]))
    assert chunk.shape == (1, 6, 7) and chunk.dtype == np.float32
    np.testing.assert_array_equal(chunk[0], expected)


def test_the_key_alone_decides_the_draw(smolvla: Path, observation: Observe) -> None:
    policy = adapted(smolvla)
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    first = policy.predict([observation(1)], draw(policy))
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(4)
    policy.predict([observation(2)], draw(policy, 5))
    np.testing.assert_array_equal(policy.predict([observation(1)], draw(policy)), first)
    assert np.abs(policy.predict([observation(1)], draw(policy, 1)) - first).max() > 1e-3
    other = {**observation(1), "task": "open the drawer"}
    assert np.abs(policy.predict([other], draw(policy)) - first).max() > 1e-6


@pytest.mark.parametrize("name", ["ensemble", "vqbet"])
def test_interleaved_episodes_do_not_see_one_another(
    request: pytest.FixtureRequest, make_act: Callable[..., Path], observation: Observe, name: str
) -> None:
    if name == "ensemble":
        folder = make_act(temporal_ensemble_coeff=0.01, n_action_steps=1)
    else:
        folder = request.getfixturevalue(name)
    policy = adapted(folder)
    assert policy.spec.chunk_length == 1
    episodes = {"a": list(range(0, 7)), "b": list(range(20, 27))}
    noise = draw(policy)
    alone = {
        episode: list(lerobot_loop(folder, [observation(step) for step in steps], noise[0]))
        for episode, steps in episodes.items()
    }
    together: dict[str, list[np.ndarray]] = {"a": [], "b": []}
    # b starts late, breaks off after two steps, and is played again from the start.
    order = ["a", "a", "b", "b", "a", "b!", "b", "a", *"bababbab"[:8]]
    count = {"a": 0, "b": 0}
    for turn in order:
        episode = turn[0]
        if turn.endswith("!"):
            count[episode], together[episode] = 0, []
        step = count[episode]
        if step >= 7:
            continue
        seen = observation(episodes[episode][step]) | {EPISODE: episode, EPISODE_STEP: step}
        together[episode].append(policy.predict([seen], noise)[0, 0])
        count[episode] += 1
    for episode in episodes:
        assert len(together[episode]) >= 5
        np.testing.assert_array_equal(together[episode], alone[episode][: count[episode]])


def test_a_policy_with_a_memory_shares_its_weights_between_episodes(
    make_act: Callable[..., Path], observation: Observe
) -> None:
    policy = adapted(make_act(temporal_ensemble_coeff=0.01, n_action_steps=1))
    copies = []
    for episode in "ab":
        seen = observation() | {EPISODE: episode, EPISODE_STEP: 0}
        copies.append(policy._states.of(seen))
    assert copies[0] is not copies[1]
    pairs = zip(copies[0].parameters(), copies[1].parameters(), strict=True)
    assert all(one is two for one, two in pairs)


def test_a_left_out_step_is_an_error(make_act: Callable[..., Path], observation: Observe) -> None:
    policy = adapted(make_act(temporal_ensemble_coeff=0.01, n_action_steps=1))
    with pytest.raises(SpatuneError, match="wrap the environment in ForeignEnv"):
        policy.predict([observation()], draw(policy))
    with pytest.raises(SpatuneError, match="step 2 came where step 0 was due"):
        policy.predict([observation() | {EPISODE: "x", EPISODE_STEP: 2}], draw(policy))
    policy.predict([observation() | {EPISODE: "x", EPISODE_STEP: 0}], draw(policy))
    with pytest.raises(SpatuneError, match="step 2 came where step 1 was due"):
        policy.predict([observation() | {EPISODE: "x", EPISODE_STEP: 2}], draw(policy))


def test_diffusion_acts_by_step(observation: Observe, tmp_path_factory, save) -> None:
    pytest.importorskip("diffusers", reason="LeRobot's diffusion policy needs diffusers")
    folder = save("diffusion", tmp_path_factory.mktemp("diffusion"))
    policy = adapted(folder)
    noise = draw(policy)
    expected = next(lerobot_loop(folder, [observation(0)], noise[0]))
    seen = observation(0) | {EPISODE: "a", EPISODE_STEP: 0}
    np.testing.assert_array_equal(policy.predict([seen], noise)[0, 0], expected)


def test_conventions_are_lerobots_unless_told_otherwise(act: Path) -> None:
    spec = checkpoint_of(act).spec()
    assert [camera.orientation for camera in spec.cameras] == ["rot180", "rot180"]
    assert [camera.height for camera in spec.cameras] == [64, 64]
    assert spec.state_layout[0] == "eef_x_world"
    other = checkpoint_of(act).spec(orientation="upright", execute_steps=2, image_size=96)
    assert [camera.orientation for camera in other.cameras] == ["upright", "upright"]
    assert (other.execute_steps, other.cameras[0].width) == (2, 96)
    policy = adapted(act, execute_steps=2)
    assert policy.backend == "lerobot-act-cpu"


def test_cameras_of_another_name_are_the_same_cameras(
    act: Path, make_act: Callable[..., Path], observation: Observe
) -> None:
    folder = make_act(cameras=("camera1", "camera2"))
    with pytest.raises(SpatuneError, match="camera1, camera2, those of LIBERO image .* --cameras"):
        checkpoint_of(folder).spec()
    usual, renamed = adapted(act), adapted(folder, cameras=("camera1", "camera2"))
    noise = draw(usual)
    expected = usual.predict([observation()], noise)
    np.testing.assert_array_equal(renamed.predict([observation()], noise), expected)
    swapped = adapted(folder, cameras=("camera2", "camera1"))
    assert np.abs(swapped.predict([observation()], noise) - expected).max() > 0


def test_the_checkpoints_own_renaming_counts(
    act: Path, make_act: Callable[..., Path], observation: Observe, tmp_path: Path
) -> None:
    folder = shutil.copytree(make_act(cameras=("camera1", "camera2")), tmp_path / "policy")
    path = folder / "policy_preprocessor.json"
    steps = json.loads(path.read_text())
    names = {"image": "camera1", "image2": "camera2"}
    steps["steps"][0]["config"]["rename_map"] = {
        f"observation.images.{ours}": f"observation.images.{theirs}"
        for ours, theirs in names.items()
    }
    path.write_text(json.dumps(steps))
    usual, renamed = adapted(act), adapted(folder)
    noise = draw(usual)
    expected = usual.predict([observation()], noise)
    np.testing.assert_array_equal(renamed.predict([observation()], noise), expected)


def edited(folder: Path, out: Path, path: str, value: Any) -> Path:
    """A copy whose config.json has another value at a path such as `a/b`."""
    shutil.copytree(folder, out)
    settings = json.loads((out / "config.json").read_text())
    inner = settings
    *parents, last = path.split("/")
    for part in parents:
        inner = inner[part]
    inner[last] = value
    (out / "config.json").write_text(json.dumps(settings))
    return out


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("input_features/observation.state/shape", [14], "observation.state of shape \\[14\\]"),
        ("output_features/action/shape", [6], "actions have shape \\[6\\]; LIBERO takes \\[7\\]"),
        ("input_features/observation.images.image/shape", [3, 48, 64], "choose it with --image"),
        ("type", "xvla", "xvla is not supported"),
        ("use_peft", True, "merge it into its base"),
    ],
)
def test_what_libero_does_not_show_is_refused_in_one_line(
    act: Path, tmp_path: Path, path: str, value: Any, message: str
) -> None:
    folder = edited(act, tmp_path / "policy", path, value)
    with pytest.raises(SpatuneError, match=message) as error:
        checkpoint_of(folder).spec()
    assert len(str(error.value).splitlines()) == 1


def test_steps_beyond_the_chunk_are_refused(act: Path, make_act: Callable[..., Path]) -> None:
    with pytest.raises(SpatuneError, match="--execute-steps is 9; .* predicts 8 steps"):
        checkpoint_of(act).spec(execute_steps=9)
    ensemble = make_act(temporal_ensemble_coeff=0.01, n_action_steps=1)
    with pytest.raises(SpatuneError, match="act decides at every step by itself"):
        checkpoint_of(ensemble).spec(execute_steps=2)


def test_a_policy_of_ours_is_none_of_lerobots(untrained_policy: Path) -> None:
    assert LeRobotCheckpoint.find(str(untrained_policy)) is None


def test_broken_checkpoints_are_one_line(act: Path, tmp_path: Path, observation: Observe) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(act, tmp_path / "policy")
    weights = load_file(folder / "model.safetensors")
    name = "model.action_head.weight"
    save_file({k: v for k, v in weights.items() if k != name}, folder / "model.safetensors")
    with pytest.raises(SpatuneError, match="cannot load this act policy") as error:
        adapted(folder)
    assert len(str(error.value).splitlines()) == 1
    save_file({**weights, name: weights[name] * torch.nan}, folder / "model.safetensors")
    policy = adapted(folder)
    with pytest.raises(SpatuneError, match="not finite: step 0 of the chunk") as error:
        policy.predict([observation()], draw(policy))
    assert len(str(error.value).splitlines()) == 1
    (folder / "policy_postprocessor.json").unlink()
    with pytest.raises(SpatuneError, match="no policy_postprocessor.json: it is from before"):
        adapted(folder)
