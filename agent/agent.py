"""`SpatialAgent`: a spatial VLM and a policy behind `act`, `ask` and `reset`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SpatuneError
from .answers import LOCATION_BINS, Answer, AnswerKind, parse_answer
from .reasoning import ANSWER, MOMENT, Moment, Reasoning, ReasoningPolicy, shown_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .chunk_policy import ChunkPolicy
    from .vlm import SpatialVLM


class SpatialAgent:
    """Runs a policy in any Gymnasium loop and answers questions about what it sees.

    Methods:
        act: The next action for an observation.
        ask: A typed answer about an observation.
        reset: Start of an episode.

    Attributes:
        last_answer: What the agent last told itself by `reason_every`; None before.
        task: The task text that the policy saw at its last replan; None before.
        will_replan: Whether the next `act` looks at the observation's images, so that a loop may
            leave them undrawn otherwise.

    With `reason_every=k`, every k-th replan of an episode, the first included, asks the VLM
    `question` with the task filled in. The text of the answer is put behind the task (`task`,
    one space, answer) that the policy reads, until the next question; 0 leaves the task as it is.
    What else the policy sees is the same, so that reasoning can be ablated by this one number.
    Without it the policy acts as it was trained (`PolicySpec.reasoning`).

    Example:
        >>> import gymnasium, spatune.envs                                      # doctest: +SKIP
        >>> from spatune.agent import SpatialAgent, SpatialVLM                  # doctest: +SKIP
        >>> from spatune.policies import load_policy                            # doctest: +SKIP
        >>> env = gymnasium.make("spatune/Libero-v0", suite="libero_object")    # doctest: +SKIP
        >>> vlm = SpatialVLM.from_pretrained("checkpoints/tiny")                # doctest: +SKIP
        >>> agent = SpatialAgent(vlm, load_policy("embedded"))                  # doctest: +SKIP
        >>> observation, info = env.reset(seed=0)                               # doctest: +SKIP
        >>> done = False                                                        # doctest: +SKIP
        >>> while not done:                                                     # doctest: +SKIP
        ...     observation, _, end, late, info = env.step(agent.act(observation))
        ...     done = end or late
        >>> agent.ask("Is the object in the basket? A. yes B. no", observation) # doctest: +SKIP
    """

    def __init__(
        self,
        vlm: SpatialVLM,
        policy: ChunkPolicy,
        *,
        reason_every: int | None = None,
        question: str | None = None,
        max_new_tokens: int | None = None,
        image_keys: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        """Makes an agent at the start of an episode.

        Args:
            vlm: Answers questions; the policy may hold the same one for its features.
            policy: Predicts chunks of actions.
            reason_every: Replans between questions to itself; 0 for none; None for 1 if the policy
                was trained with reasoning, and 0 if not.
            question: That question, with `{task}`; None for the one of the policy's training, or
                `reasoning.SPATIAL_QUESTION`.
            max_new_tokens: Longest answer in tokens; None for that of the training, or 32.
            image_keys: Images that the VLM is shown; None shows `ask` every `observation.images.*`
                in the observation's order, and the question to itself the policy's cameras.
            seed: With the number of the replan, the key of the policy's noise.

        Raises:
            SpatuneError: `reason_every` is below 0.
        """
        trained: Reasoning | None = getattr(policy.spec, "reasoning", None)
        usual = trained or Reasoning()
        reasoning = Reasoning(question or usual.question, max_new_tokens or usual.max_new_tokens)
        if reason_every is None:
            reason_every = 1 if trained else 0
        self.vlm = vlm
        self.policy = policy
        self.last_answer: Answer | None = None
        self.task: str | None = None
        self._told = ReasoningPolicy(policy, vlm, reason_every, reasoning, image_keys=image_keys)
        self._max_new_tokens = reasoning.max_new_tokens
        self._image_keys = image_keys
        self._seed = seed
        self._replans = 0
        self._actions: deque[NDArray[np.float32]] = deque()

    @property
    def will_replan(self) -> bool:
        """Whether the next `act` asks the policy for a new chunk."""
        return not self._actions

    def reset(self, *, seed: int | None = None) -> None:
        """Starts an episode: drops the actions left, and the answer.

        Args:
            seed: Of this episode's noise; None keeps the one before.
        """
        if seed is not None:
            self._seed = seed
        self._replans = 0
        self._actions.clear()
        self.last_answer = None
        self.task = None

    def act(self, observation: Mapping[str, Any]) -> NDArray[np.float32]:
        """The next action, float32 (A,), in environment units.

        Args:
            observation: One unbatched observation; looked at only if `will_replan`.

        Raises:
            SpatuneError: The policy returns a chunk of another shape than its specification says,
                or a value that is not finite.
        """
        if not self._actions:
            self._replan(observation)
        return self._actions.popleft()

    def ask(
        self, question: str, observation: Mapping[str, Any], kind: AnswerKind | None = None
    ) -> Answer:
        """Answers a question about the images of an observation; see `SpatialVLM.answer`.

        Raises:
            SpatuneError: The observation has no images.
            AnswerError: The answer cannot be read as `kind`.
        """
        images = shown_images(observation, self._image_keys)
        return self.vlm.answer(images, question, kind, self._max_new_tokens)

    def _replan(self, observation: Mapping[str, Any]) -> None:
        task, moment = str(observation.get("task", "")), Moment(None, self._replans)
        told = self._told.told([{**observation, "task": task, MOMENT: moment}])[0]
        if self._told.reason_every:
            bins = self.vlm.location_bins or LOCATION_BINS
            self.last_answer = parse_answer(told[ANSWER], bins=bins)
        self.task = str(told["task"])
        spec = self.policy.spec
        shape = (spec.chunk_length, spec.action_dim)
        # A counter-based generator: draw k depends on (seed, k) alone, whatever was drawn before.
        generator = np.random.Generator(np.random.Philox(key=[self._seed, self._replans]))
        noise = generator.standard_normal(shape, dtype=np.float32)
        chunk = np.asarray(self.policy.predict([told], noise[None])[0])
        if chunk.shape != shape:
            raise SpatuneError(f"the policy returned a chunk of shape {chunk.shape}, not {shape}")
        if not np.isfinite(chunk).all():
            raise SpatuneError(
                "the policy returned an action that is not finite; check its weights"
            )
        self._actions.extend(chunk[: spec.execute_steps].astype(np.float32))
        self._replans += 1
