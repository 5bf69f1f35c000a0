"""Asking before acting: `Reasoning` is the question, `ReasoningPolicy` a policy that is told."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SpatuneError

if TYPE_CHECKING:
    from .chunk_policy import ChunkPolicy, ChunkShape
    from .vlm import SpatialVLM

IMAGE_PREFIX = "observation.images."
SPATIAL_QUESTION = "Where is the object of this task: {task}?"
MOMENT = "moment"
"""An observation holds the `Moment` of its replan under this key."""
ANSWER = "answer"
"""And, once it went through a `ReasoningPolicy`, what the VLM said; empty where none was asked."""


@dataclass(frozen=True)
class Moment:
    """When an observation was made.

    Attributes:
        episode: What tells the episode from all others.
        replan: Number of the replan within it, from 0.
    """

    episode: Hashable
    replan: int


@dataclass(frozen=True)
class Reasoning:
    """The question that a VLM is asked before a policy acts.

    Methods:
        ask: Raw answers of a batch.
        tell: The text that a policy reads.

    Attributes:
        question: With `{task}` where the instruction goes.
        max_new_tokens: Longest answer in tokens.
    """

    question: str = SPATIAL_QUESTION
    max_new_tokens: int = 32

    def __post_init__(self) -> None:
        if not self.question or self.max_new_tokens < 1:
            raise SpatuneError(
                f"a question {self.question!r} with {self.max_new_tokens} tokens for its answer "
                "asks nothing; give a text and 1 token or more"
            )

    def ask(
        self, vlm: SpatialVLM, images: Sequence[Sequence[np.ndarray]], tasks: Sequence[str]
    ) -> list[str]:
        """Raw greedy answers of B samples, each about its images and its task."""
        questions = [self.question.replace("{task}", task) for task in tasks]
        return vlm.generate(images, questions, self.max_new_tokens)

    @staticmethod
    def tell(task: str, answer: str) -> str:
        """The text that a policy reads: the task, one space, the answer."""
        return f"{task} {answer}".strip()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; its entries are the arguments of the class."""
        return asdict(self)


class ReasoningPolicy:
    """A policy whose task text carries the VLM's answer to a spatial question.

    The answer depends on the observation alone, and is kept from one question to the next by the
    episode that the observation names (`Moment`), so that the same episode has the same bits on
    any worker and in any order.

    Methods:
        predict: Chunks of actions.
        told: The observations as the policy reads them.

    Attributes:
        policy: The wrapped policy.
        reason_every: Replans between questions; 0 for none.
        reasoning: The question.
        uses_images: As the policy; the question needs them too.
    """

    def __init__(
        self,
        policy: ChunkPolicy,
        vlm: SpatialVLM,
        reason_every: int,
        reasoning: Reasoning | None = None,
        *,
        image_keys: Sequence[str] | None = None,
    ) -> None:
        """Wraps a policy.

        Args:
            policy: Predicts chunks of actions.
            vlm: Answers the question.
            reason_every: Every k-th replan of an episode asks, the first included; 0 never.
            reasoning: The question; None is the default one.
            image_keys: Images that the VLM is shown; None shows the policy's cameras where its
                specification names them, else every `observation.images.*`, in their order.

        Raises:
            SpatuneError: `reason_every` is below 0.
        """
        if reason_every < 0:
            raise SpatuneError(f"reason_every is {reason_every}; use 0 (never) or more")
        cameras = getattr(policy.spec, "cameras", ())
        self.policy = policy
        self.reason_every = reason_every
        self.reasoning = reasoning or Reasoning()
        self.uses_images = bool(getattr(policy, "uses_images", True))
        self._vlm = vlm
        self._keys = image_keys or [camera.key for camera in cameras] or None
        # A few words an episode; the first replan of an episode writes them anew.
        self._answers: dict[Hashable, str] = {}

    @property
    def spec(self) -> ChunkShape:
        """The wrapped policy's."""
        return self.policy.spec

    @property
    def backend(self) -> str:
        """The wrapped policy's."""
        return str(getattr(self.policy, "backend", type(self.policy).__name__))

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """The wrapped policy's prediction for the observations that were told."""
        return self.policy.predict(self.told(observations), noise)

    def told(self, observations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """B observations with the answer under `answer` and behind the task; asks what is due.

        Raises:
            SpatuneError: An observation has no images, or lacks the `Moment` that a question at
                some replans only depends on.
        """
        if not self.reason_every:
            return [{**observation, ANSWER: ""} for observation in observations]
        moments = [self._moment(observation) for observation in observations]
        due = [i for i, moment in enumerate(moments) if moment.replan % self.reason_every == 0]
        fresh: dict[int, str] = {}
        if due:
            images = [shown_images(observations[i], self._keys) for i in due]
            tasks = [str(observations[i].get("task", "")) for i in due]
            fresh = dict(zip(due, self.reasoning.ask(self._vlm, images, tasks), strict=True))
        results = []
        for index, (observation, moment) in enumerate(zip(observations, moments, strict=True)):
            answer = fresh[index] if index in fresh else self._answers[moment.episode]
            if self.reason_every > 1:
                self._answers[moment.episode] = answer
            task = self.reasoning.tell(str(observation.get("task", "")), answer)
            results.append({**observation, "task": task, ANSWER: answer})
        return results

    def _moment(self, observation: Mapping[str, Any]) -> Moment:
        if self.reason_every == 1:
            # Nothing is kept from one replan to the next.
            return Moment(None, 0)
        moment: Moment | None = observation.get(MOMENT)
        begun = moment is not None and moment.episode in self._answers
        if moment is None or not (begun or moment.replan % self.reason_every == 0):
            raise SpatuneError(
                f"reason_every={self.reason_every} needs observations that say their `Moment`, "
                "from replan 0 of an episode on; use reason_every=1 in a loop of your own"
            )
        return moment


def shown_images(
    observation: Mapping[str, Any], keys: Sequence[str] | None = None
) -> list[np.ndarray]:
    """The images of an observation that a question is about.

    Args:
        observation: One unbatched observation.
        keys: Their names; None for every `observation.images.*` in the observation's order.

    Raises:
        SpatuneError: There are none.
    """
    if keys is None:
        keys = [key for key in observation if key.startswith(IMAGE_PREFIX)]
    missing = [key for key in keys if key not in observation]
    if missing or not keys:
        wanted = missing[0] if missing else IMAGE_PREFIX + "*"
        raise SpatuneError(f"the observation has no {wanted!r}; name its images in image_keys")
    return [np.asarray(observation[key]) for key in keys]
