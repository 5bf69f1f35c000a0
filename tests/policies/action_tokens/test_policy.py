"""A VLM that acts by its own tokens: trained, loaded, checked, and in LIBERO."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from spatune.agent import SpatialAgent, SpatialVLM, build_fastvlm, build_tiny
from spatune.agent.action_codec import ActionTokenCodec
from spatune.agent.action_tokens import ActionTokens
from spatune.envs.libero_spec import libero_env_spec
from spatune.errors import SpatuneError
from spatune.policies import check_compatible, load_policy, load_policy_spec
from spatune.policies.action_tokens import ActionTokenPolicy, read_action_conventions
from spatune.policies.scaling import PolicyScaling
from spatune.tuning.action_rows import make_action_rows
from spatune.tuning.action_rows_config import ActionRowsConfig

from ...action_demos import SIZE, TASKS, write_demos

AGENT_VIEW = "observation.images.image"


def small_fastvlm(folder: Path) -> Path:
    return build_fastvlm(
        folder, hidden_size=32, layers=2, image_size=SIZE, corpus=TASKS, vocab_size=300,
        location_bins=0, pretrained_backbone=False,
    )  # fmt: skip


def small_qwen(folder: Path) -> Path:
    return build_tiny("qwen2_5_vl", folder, corpus=TASKS)


def rows_of(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / "train.jsonl").open()]


def longer(inputs: dict[str, Any], tokens: torch.Tensor) -> dict[str, Any]:
    """A batch with more tokens of text behind the prompt."""
    added = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    if "mm_token_type_ids" in inputs:
        added["mm_token_type_ids"] = torch.zeros_like(tokens)
    return inputs | {name: torch.cat([inputs[name], value], 1) for name, value in added.items()}


def tune(data: Path, out: Path, *, steps: int) -> Path:
    """Next-token training on all rows at once, of all but the vision tower."""
    vlm = SpatialVLM.from_pretrained(data / "vlm")
    tokenizer: Any = vlm.processor.tokenizer
    rows = rows_of(data)
    images = [[np.array(Image.open(data / name)) for name in row["image"]] for row in rows]
    texts = [row["conversations"][0]["value"].replace("<image>\n", "") for row in rows]
    inputs = vlm.inputs(images, texts, padding_side="left")
    ids = [tokenizer(row["conversations"][1]["value"] + "<|im_end|>").input_ids for row in rows]
    answers = torch.tensor(ids)
    labels = torch.cat([torch.full_like(inputs["input_ids"], -100), answers], 1)
    batch = longer(inputs, answers) | {"labels": labels}
    vlm.model.get_encoder(modality="image").requires_grad_(False)
    trained = [value for value in vlm.model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2, weight_decay=0.0)
    for _ in range(steps):
        loss = vlm.model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
    vlm.save_pretrained(out)
    shutil.copy(data / "vlm" / "action_tokens.json", out)
    return out


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demos(tmp_path_factory.mktemp("data") / "demos")


@pytest.fixture(scope="module")
def data(demos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    config = ActionRowsConfig(demos, str(small_fastvlm(folder / "vlm")), folder / "rows")
    return make_action_rows(config)


@pytest.fixture(scope="module")
def tuned(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tune(data, tmp_path_factory.mktemp("tuned") / "policy", steps=150)


def observations(data: Path) -> list[dict[str, Any]]:
    return [
        {
            AGENT_VIEW: np.array(Image.open(data / row["image"][0])),
            "task": TASKS[index // 4],
        }
        for index, row in enumerate(rows_of(data))
    ]


def expected(data: Path) -> np.ndarray:
    """What the rows' answers say, (N, H, 7) in environment units."""
    spec, statistics = read_action_conventions(data / "vlm")
    tokenizer: Any = SpatialVLM.from_pretrained(data / "vlm").processor.tokenizer
    ids = [tokenizer(row["conversations"][1]["value"]).input_ids for row in rows_of(data)]
    values = ActionTokenCodec.of(tokenizer).decode(ids).reshape(len(ids), spec.chunk_length, 7)
    return PolicyScaling(spec, statistics).environment(torch.from_numpy(values)).numpy()


def acted(folder: Path, seen: list[dict[str, Any]]) -> np.ndarray:
    policy = load_policy(folder)
    noise = np.zeros((1, policy.spec.chunk_length, policy.spec.action_dim), np.float32)
    return np.concatenate([policy.predict([observation], noise) for observation in seen])


def test_a_tuned_model_does_what_it_was_shown(data: Path, tuned: Path) -> None:
    seen = observations(data)
    chunks = acted(tuned, seen)
    assert chunks.shape == (8, 1, 7) and chunks.dtype == np.float32
    np.testing.assert_array_equal(chunks, expected(data))
    assert set(np.unique(chunks[..., 6])) == {-1.0, 1.0}
    assert not np.array_equal(acted(data / "vlm", seen), chunks)
    # Instruction and image decide, both.
    swapped = [{**o, "task": TASKS[1 - i // 4]} for i, o in enumerate(seen)]
    assert not np.array_equal(acted(tuned, swapped), chunks)


@pytest.mark.slow
def test_a_qwen_does_chunks_of_both_cameras(demos: Path, tmp_path: Path) -> None:
    config = ActionRowsConfig(
        demos, str(small_qwen(tmp_path / "vlm")), tmp_path / "rows", cameras=("image", "image2"),
        chunk_length=2,
    )  # fmt: skip
    data = make_action_rows(config)
    tuned = tune(data, tmp_path / "policy", steps=300)
    seen = observations(data)
    for observation, row in zip(seen, rows_of(data), strict=True):
        observation["observation.images.image2"] = np.array(Image.open(data / row["image"][1]))
    np.testing.assert_array_equal(acted(tuned, seen), expected(data))


@pytest.mark.parametrize("small", [small_fastvlm, small_qwen])
def test_cached_decoding_is_the_best_token_of_whole_passes(
    demos: Path, tmp_path: Path, small: Callable[[Path], Path]
) -> None:
    config = ActionRowsConfig(demos, str(small(tmp_path / "vlm")), tmp_path / "rows")
    policy = load_policy(make_action_rows(config) / "vlm")
    assert isinstance(policy, ActionTokenPolicy)
    image = np.random.default_rng(5).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    chunk = policy.predict([{AGENT_VIEW: image, "task": "new"}], np.zeros((1, 1, 7), np.float32))
    inputs = policy.vlm.inputs([[image]], [ActionTokens.prompt("new")])
    model: Any = policy.vlm.model
    chosen: list[int] = []
    with torch.inference_mode():
        for _ in range(7):
            new = torch.tensor([chosen], dtype=torch.long)
            logits = model(**longer(inputs, new), use_cache=False).logits[0, -1]
            chosen.append(policy.codec.first + int(logits[policy.codec.first :].argmax()))
    values = torch.from_numpy(policy.codec.decode([[chosen]]))
    spec, statistics = read_action_conventions(tmp_path / "rows" / "vlm")
    actions = PolicyScaling(spec, statistics).environment(values)
    np.testing.assert_array_equal(chunk, actions.numpy())


def test_noise_order_and_company_do_not_matter(data: Path, tuned: Path) -> None:
    policy, seen = load_policy(tuned), observations(data)
    one = policy.predict(seen[:3], np.zeros((3, 1, 7), np.float32))
    two = policy.predict(seen[:3], np.ones((3, 1, 7), np.float32))
    assert one.tobytes() == two.tobytes() == acted(tuned, seen)[:3].tobytes()


def test_a_penalty_of_the_checkpoint_changes_nothing(
    data: Path, tuned: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tuned, tmp_path / "policy")
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "repetition_penalty": 5.0}))
    np.testing.assert_array_equal(acted(folder, observations(data)), expected(data))


def test_rows_and_policy_scale_alike(data: Path) -> None:
    spec, statistics = read_action_conventions(data / "vlm")
    tokens = ActionTokens.load(data / "vlm")
    still = replace(tokens, q01=(0.5,) * 7, q99=(0.5,) * 7)
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 7))
    scaled = PolicyScaling(spec, statistics).action(torch.from_numpy(actions)).numpy()
    np.testing.assert_allclose(tokens.normalise(actions), scaled, atol=1e-5)
    np.testing.assert_allclose(still.normalise(actions)[:, :6], actions[:, :6] - 0.5)


def test_specification_loads_without_torch(data: Path) -> None:
    folder = data / "vlm"
    code = (
        "import sys; from spatune.policies import load_policy_spec; "
        f"print(load_policy_spec({str(folder)!r}).chunk_length, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_another_environment_is_refused_before_weights_are_read(data: Path) -> None:
    spec = load_policy_spec(data / "vlm")
    env = libero_env_spec(SIZE, state_frame="base")
    check_compatible(spec, env)
    for change, message in (
        ({"control_hz": 10.0}, "differ in control_hz"),
        ({"gripper_convention": "0 close, 1 open"}, "differ in gripper_convention"),
        ({"cameras": env.cameras[1:]}, "differ in cameras"),
    ):
        with pytest.raises(SpatuneError, match=message):
            check_compatible(spec, replace(env, **change))
    with pytest.raises(SpatuneError, match="the orientation of"):
        check_compatible(spec, libero_env_spec(SIZE, orientation="rot180", state_frame="base"))
    with pytest.raises(SpatuneError, match="the image size of"):
        check_compatible(spec, libero_env_spec(128, state_frame="base"))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "cannot be loaded as a VLM"),
        (lambda f: (f / "config.json").unlink(), "has no config.json"),
        (lambda f: (f / "action_tokens.json").write_text("{"), "action_tokens.json cannot be used"),
        (lambda f: (f / "action_tokens.json").unlink(), "policy_spec.json is missing"),
    ],
)
def test_broken_folder_is_one_clear_error(
    tuned: Path, tmp_path: Path, break_it: Callable[[Path], None], message: str
) -> None:
    folder = shutil.copytree(tuned, tmp_path / "policy")
    break_it(folder)
    with pytest.raises(SpatuneError, match=message) as error:
        load_policy(folder)
    assert "\n" not in str(error.value)


def test_a_model_without_the_tokens_is_refused(tuned: Path, tmp_path: Path) -> None:
    folder = small_fastvlm(tmp_path / "vlm")
    shutil.copy(tuned / "action_tokens.json", folder)
    with pytest.raises(SpatuneError, match="the tokenizer has no"):
        load_policy(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({AGENT_VIEW: np.zeros((64, 64, 3), np.uint8)}, "set the environment's image size to 32"),
        ({AGENT_VIEW: None}, "the observation has no 'observation.images.image'"),
        ({"task": None}, "the observation has no 'task'"),
    ],
)
def test_bad_observation_is_one_clear_error(
    data: Path, tuned: Path, change: dict, message: str
) -> None:
    observation = {k: v for k, v in {**observations(data)[0], **change}.items() if v is not None}
    with pytest.raises(SpatuneError, match=message):
        load_policy(tuned).predict([observation], np.zeros((1, 1, 7), np.float32))


def test_it_acts_in_libero_and_answers_questions(tuned: Path) -> None:
    from spatune.envs import LiberoEnv

    policy = load_policy(tuned)
    assert isinstance(policy, ActionTokenPolicy)
    env = LiberoEnv("libero_object", 0, image_size=SIZE, state_frame="base", max_steps=4)
    try:
        check_compatible(policy.spec, env.env_spec)
        agent = SpatialAgent(policy.vlm, policy)
        observation, _ = env.reset(seed=0)
        late, steps = False, 0
        while not late:
            action = agent.act(observation)
            assert env.action_space.contains(action)
            observation, _, _, late, _ = env.step(action)
            steps += 1
        assert steps == 4
    finally:
        env.close()


@pytest.mark.slow
def test_it_is_scored_by_the_command(tuned: Path, tmp_path: Path) -> None:
    from spatune.cli import main

    words = ["eval", "libero", "--policy", str(tuned), "--tasks", "0", "--episodes", "1"]
    words += ["--workers", "1", "--device", "cpu", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    record = json.loads((tmp_path / "run" / "episodes.jsonl").read_text())
    assert (record["backend"], record["error"], record["mode"]) == ("torch-cpu", None, "exact")
