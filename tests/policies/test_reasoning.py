"""Features with the VLM's answer behind the task, and a policy that remembers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.datasets import LeRobotDataset, LeRobotDatasetMetadata

from spatune.agent import SpatialAgent, SpatialVLM
from spatune.agent.reasoning import ReasoningPolicy
from spatune.errors import SpatuneError
from spatune.policies import (
    FrameColumns,
    PackConfig,
    PolicySpec,
    SpatuneConfig,
    SpatunePolicy,
    extract_features,
    load_policy,
    load_policy_spec,
    pack_policy,
)
from spatune.policies import features_dataset as building
from spatune.policies.reasoned import ReasoningChoice

QUESTION = "where is {task}?"
ASKED = {"reason": True, "reason_question": QUESTION, "max_new_tokens": 3}
SMALL: dict[str, Any] = {"device": "cpu", "keypoints": 2, "width": 16, "hidden": 32}
CACHED: dict[str, Any] = {**SMALL, "use_cached_features": True, "chunk_source": "column"}


@pytest.fixture(scope="module")
def vlm_folder(vlm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny VLM, made to say something: untrained, it repeats the prompt's last line end."""
    vlm = SpatialVLM.from_pretrained(vlm_folder)
    norm: Any = vlm.model.get_decoder().norm
    generator = torch.Generator().manual_seed(0)
    norm.weight.data.normal_(generator=generator)
    vlm.save_pretrained(out := tmp_path_factory.mktemp("talking"))
    return out


@pytest.fixture(scope="module")
def build(vlm_folder: Path) -> Callable[..., Path]:
    """Builds cached features with that VLM."""
    return lambda dataset, out, **settings: building.build_features(
        building.FeaturesConfig(dataset=dataset, vlm=str(vlm_folder), out=out, **settings)
    )


@pytest.fixture(scope="module")
def features_dataset(
    image_dataset: Path, build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`image_dataset` with features of the task alone."""
    return build(image_dataset, tmp_path_factory.mktemp("data") / "plain", batch_size=4)


@pytest.fixture(scope="module")
def reasoned_dataset(
    image_dataset: Path, build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`image_dataset` with features of task and answer."""
    return build(image_dataset, tmp_path_factory.mktemp("data") / "out", batch_size=4, **ASKED)


def new_policy(root: Path, **settings: Any) -> SpatunePolicy:
    meta = LeRobotDatasetMetadata("local/tiny", root=root)
    torch.manual_seed(0)
    return SpatunePolicy(SpatuneConfig(**{**CACHED, **settings}), meta.stats, meta)


@pytest.fixture(scope="module")
def packed(
    reasoned_dataset: Path, vlm_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A policy that was trained on such features, complete."""
    folder = tmp_path_factory.mktemp("policy")
    new_policy(reasoned_dataset).save_pretrained(folder / "checkpoint")
    return pack_policy(PackConfig(folder / "checkpoint", folder / "packed", vlm=vlm_folder))


@pytest.fixture
def observation(image_dataset: Path) -> dict[str, Any]:
    """The first frame as an environment would give it."""
    item: Any = LeRobotDataset("local/tiny", root=image_dataset)[0]
    images = {
        key: (item[key].permute(1, 2, 0) * 255).round().byte().numpy()
        for key in item
        if key.startswith("observation.images.")
    }
    state = item["observation.state"].numpy()
    return {**images, "observation.state": state, "task": item["task"]}


def test_features_are_those_of_an_agent_that_reasons(
    reasoned_dataset: Path, features_dataset: Path, vlm_folder: Path, observation
) -> None:
    columns = FrameColumns.open(reasoned_dataset)
    assert columns.manifest is not None and columns.manifest.reasoning is not None
    assert columns.manifest.reasoning.to_json() == {"question": QUESTION, "max_new_tokens": 3}
    columns.verify()
    lines = (reasoned_dataset / "columns" / "answers.jsonl").read_text().splitlines()
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 12 and all(answers)

    class Listener:
        spec = new_policy(reasoned_dataset).spec

        def predict(self, observations: Any, noise: np.ndarray) -> np.ndarray:
            self.text = observations[0]["task"]
            return noise

    listener = Listener()
    vlm = SpatialVLM.from_pretrained(vlm_folder)
    SpatialAgent(vlm, listener).act(observation)
    assert listener.text == f"{observation['task']} {answers[0]}".strip()
    images = [observation[camera.key] for camera in listener.spec.cameras]
    direct = extract_features(vlm, [images], [listener.text], columns.manifest.features)
    plain = FrameColumns.open(features_dataset)
    for spec in columns.manifest.features:
        cached = columns.take(spec.key, torch.tensor([0]))
        torch.testing.assert_close(cached, direct[spec.name], rtol=2e-3, atol=2e-3)
        # What the vision tower sees does not depend on the text; the last token does.
        alike = torch.equal(cached, plain.take(spec.key, torch.tensor([0])))
        assert alike == (spec.pool == "grid")


def test_stopped_run_keeps_its_answers(
    image_dataset: Path,
    reasoned_dataset: Path,
    build: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def stop_in_second_episode(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return extract_features(*args, **kwargs)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(building, "extract_features", stop_in_second_episode)
        with pytest.raises(KeyboardInterrupt):
            build(image_dataset, out, batch_size=4, **ASKED)
    progress = tmp_path / "out.partial" / "progress.jsonl"
    with progress.open("a") as file:
        file.write('{"episode": 1, "answers": ["torn}')
    with pytest.raises(SpatuneError, match="or another question"):
        build(image_dataset, out, batch_size=4, **{**ASKED, "max_new_tokens": 4})
    build(image_dataset, out, batch_size=4, **ASKED)
    for name in ("answers.jsonl", "features.text.npy"):
        ours, theirs = (root / "columns" / name for root in (out, reasoned_dataset))
        assert ours.read_bytes() == theirs.read_bytes()


def test_the_policy_knows_that_it_was_trained_so(packed: Path, features_dataset: Path) -> None:
    spec = load_policy_spec(packed)
    assert spec.reasoning is not None and spec.reasoning.question == QUESTION
    assert PolicySpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    plain = new_policy(features_dataset)
    assert plain.spec.reasoning is None and "reasoning" not in plain.spec.to_json()


def test_a_policy_that_asks_cannot_be_exported(packed: Path) -> None:
    from spatune.export.source import load_exportable

    with pytest.raises(SpatuneError, match="asks its VLM before it acts"):
        load_exportable(str(packed))


def test_acting_with_another_question_than_in_training_is_refused(
    packed: Path, reasoned_dataset: Path, features_dataset: Path
) -> None:
    with pytest.raises(SpatuneError, match="not reasoning|no question"):
        new_policy(features_dataset, reasoning=True)
    with pytest.raises(SpatuneError, match="leave --policy.reasoning out"):
        new_policy(reasoned_dataset, reasoning=True, reason_question="where?")
    meta = LeRobotDatasetMetadata("local/tiny", root=features_dataset)
    config = SpatunePolicy.from_pretrained(packed).config
    config.use_cached_features = True
    config.chunk_source = "column"
    with pytest.raises(SpatuneError, match="were made with no question"):
        SpatunePolicy.from_pretrained(packed, config=config, dataset_meta=meta)
    config.reasoning = False
    with pytest.raises(SpatuneError, match="cannot be changed to none"):
        SpatunePolicy.from_pretrained(packed, config=config)


def test_rollout_agent_and_lerobot_policy_act_alike(packed: Path, observation) -> None:
    rollout: Any = load_policy(packed)
    noise = np.zeros((1, 16, 3), np.float32)
    with pytest.raises(SpatuneError, match="SpatialAgent or ReasoningPolicy"):
        rollout.predict([observation], noise)
    choice = ReasoningChoice.of(rollout.spec)
    dressed = choice.dress(rollout)
    assert isinstance(dressed, ReasoningPolicy) and dressed.reason_every == 1
    chunk = dressed.predict([observation], noise)
    agent = SpatialAgent(rollout.vlm, rollout)
    assert np.array_equal(agent.act(observation), chunk[0, 0])
    policy = SpatunePolicy.from_pretrained(packed)
    batch: dict[str, Any] = {
        "observation.state": torch.from_numpy(observation["observation.state"])[None]
    }
    batch["task"] = [observation["task"]]
    for camera in policy.spec.cameras:
        batch[camera.key] = torch.from_numpy(observation[camera.key]).permute(2, 0, 1)[None]
    theirs = policy.predict_action_chunk(batch, noise=torch.from_numpy(noise))
    np.testing.assert_array_equal(theirs.numpy(), chunk)
    off = ReasoningChoice.of(rollout.spec, 0, anyway=True).dress(rollout)
    assert off.predict([observation], noise).shape == chunk.shape


def test_reasoning_is_learned_on_images_too(chunk_dataset: Path, vlm_folder: Path) -> None:
    meta = LeRobotDatasetMetadata("local/tiny", root=chunk_dataset)
    config = SpatuneConfig(
        **SMALL, chunk_source="column", vlm=str(vlm_folder), reasoning=True, reason_max_new_tokens=2
    )
    policy = SpatunePolicy(config, meta.stats, meta)
    assert policy.spec.reasoning == config.asked
    rows = [LeRobotDataset("local/tiny", root=chunk_dataset)[index] for index in (0, 1, 7)]
    batch = torch.utils.data.default_collate(rows)
    told = policy._encode(batch)
    texts = [
        f"{task} {answer}".strip()
        for task, answer in zip(batch["task"], _answers(policy, batch), strict=True)
    ]
    policy.spec = replace(policy.spec, reasoning=None)
    same = policy._encode({**batch, "task": texts})
    assert all(torch.equal(told[name], same[name]) for name in told)


def _answers(policy: SpatunePolicy, batch: dict[str, Any]) -> list[str]:
    from spatune.policies.vlm_features import batch_images

    assert policy.spec.reasoning is not None
    images = batch_images(batch, [camera.key for camera in policy.spec.cameras])
    return policy.spec.reasoning.ask(policy.encoder.vlm, images, batch["task"])


def test_choice_follows_the_training_unless_overridden(
    packed: Path, features_dataset: Path
) -> None:
    trained, plain = load_policy_spec(packed), new_policy(features_dataset).spec
    assert ReasoningChoice.of(trained).reason_every == 1
    assert ReasoningChoice.of(trained, 3).identity()["reason_every"] == 3
    assert ReasoningChoice.of(plain) == ReasoningChoice() and not ReasoningChoice().identity()
    for spec, every in ((trained, 0), (plain, 2)):
        with pytest.raises(SpatuneError, match=r"--reason-anyway"):
            ReasoningChoice.of(spec, every)
        assert ReasoningChoice.of(spec, every, anyway=True).identity()["reason_every"] == every
    with pytest.raises(SpatuneError, match="--reason-every is -1"):
        ReasoningChoice.of(trained, -1)
