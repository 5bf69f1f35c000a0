"""`ReasoningPolicy`: whose answer stands behind which task, for episodes played at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spatune.agent import SpatialAgent, SpatialVLM
from spatune.agent.reasoning import ANSWER, MOMENT, Moment, Reasoning, ReasoningPolicy
from spatune.errors import SpatuneError

IMAGE = "observation.images.image"


@dataclass(frozen=True)
class Spec:
    """One action, executed."""

    chunk_length: int = 1
    execute_steps: int = 1
    action_dim: int = 2
    cameras: tuple[Any, ...] = (SimpleNamespace(key=IMAGE),)
    reasoning: Reasoning | None = None


class Recorder:
    """Remembers the tasks it was given and acts by its noise."""

    def __init__(self, spec: Spec | None = None) -> None:
        self.spec = spec or Spec()
        self.tasks: list[str] = []

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The noise itself."""
        self.tasks += [observation["task"] for observation in observations]
        return noise


@pytest.fixture
def mug_and_bowl(pointing) -> list[dict[str, Any]]:
    """What the VLM was taught to answer about."""
    pairs = zip(pointing.images, pointing.names, strict=True)
    return [{IMAGE: image, "task": name} for image, name in pairs]


def test_interleaved_episodes_keep_their_own_answers(pointing, mug_and_bowl) -> None:
    question = Reasoning("where is the {task}?")
    mug, bowl = mug_and_bowl

    def tasks(calls: list[list[tuple[str, int, dict]]]) -> dict[tuple[str, int], str]:
        policy = Recorder()
        reasoning = ReasoningPolicy(policy, pointing.vlm, 2, question)
        for call in calls:
            told = [{**o, MOMENT: Moment(name, replan)} for name, replan, o in call]
            reasoning.predict(told, np.zeros((len(call), 1, 2), np.float32))
        names = [(name, replan) for call in calls for name, replan, _ in call]
        return dict(zip(names, policy.tasks, strict=True))

    first, second = pointing.raw
    apart = [[("a", 0, mug)], [("a", 1, bowl)], [("b", 0, bowl)], [("b", 1, mug)]]
    expected = {
        ("a", 0): f"mug {first}",
        ("a", 1): f"bowl {first}",
        ("b", 0): f"bowl {second}",
        ("b", 1): f"mug {second}",
    }
    assert tasks(apart) == expected
    assert tasks([apart[2], apart[0], apart[3], apart[1]]) == expected
    assert tasks([[apart[0][0], apart[2][0]], [apart[3][0], apart[1][0]]]) == expected
    # An episode that a crash ended is played again from replan 0, and asks again.
    assert tasks([apart[2], [("a", 0, bowl)], *apart[:2]])["a", 1] == f"bowl {first}"


def test_only_the_policys_cameras_are_shown(pointing, mug_and_bowl) -> None:
    mug, bowl = mug_and_bowl
    policy = ReasoningPolicy(Recorder(), pointing.vlm, 1, Reasoning("where is the {task}?"))
    past = {**mug, f"{IMAGE}.past1": bowl[IMAGE]}
    assert policy.told([past])[0] == {
        **past,
        "task": f"mug {pointing.raw[0]}",
        ANSWER: pointing.raw[0],
    }


def test_an_agent_of_a_policy_trained_with_reasoning_asks_by_itself(pointing, mug_and_bowl) -> None:
    policy = Recorder(Spec(reasoning=Reasoning("where is the {task}?", 8)))
    SpatialAgent(pointing.vlm, policy).act(mug_and_bowl[0])
    SpatialAgent(pointing.vlm, policy, reason_every=0).act(mug_and_bowl[0])
    assert policy.tasks == [f"mug {pointing.raw[0]}", "mug"]


def test_bad_use_is_one_clear_error(vlm: SpatialVLM, mug_and_bowl) -> None:
    policy = ReasoningPolicy(Recorder(), vlm, 2)
    for moment in ({}, {MOMENT: Moment("a", 1)}):
        with pytest.raises(SpatuneError, match="from replan 0 of an episode on"):
            policy.told([{**mug_and_bowl[0], **moment}])
    with pytest.raises(SpatuneError, match="has no 'observation.images.image'"):
        ReasoningPolicy(Recorder(), vlm, 1).told([{"task": "mug"}])
    with pytest.raises(SpatuneError, match="asks nothing"):
        Reasoning(max_new_tokens=0)
