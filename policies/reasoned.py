"""Whether a policy is evaluated with the question of its training: `ReasoningChoice`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..agent.chunk_policy import ChunkPolicy
from ..agent.reasoning import Reasoning, ReasoningPolicy
from ..errors import SpatuneError
from .spec import PolicySpec


@dataclass(frozen=True)
class ReasoningChoice:
    """How often a policy's VLM is asked before the policy acts, and what.

    Methods:
        of: The choice for a policy, checked against its training.
        dress: The policy that asks.
        identity: What a run's `config.json` says of it.

    Attributes:
        reason_every: Replans between questions; 0 for none.
        reasoning: The question.
        trained: Whether the policy was trained with it.
    """

    reason_every: int = 0
    reasoning: Reasoning = Reasoning()
    trained: bool = False

    @classmethod
    def of(
        cls, spec: PolicySpec, reason_every: int | None = None, *, anyway: bool = False
    ) -> ReasoningChoice:
        """The choice for a policy.

        Args:
            spec: Of the policy.
            reason_every: What was asked for; None for 1 if the policy was trained with reasoning,
                and 0 if not.
            anyway: Allow what the policy was not trained with.

        Raises:
            SpatuneError: The policy was trained otherwise, or the number is below 0.
        """
        trained = spec.reasoning is not None
        every = int(trained) if reason_every is None else reason_every
        if every < 0:
            raise SpatuneError(f"--reason-every is {every}; use 0 (never), 1, 2, ...")
        if bool(every) != trained and not anyway:
            said = "with an answer behind its task" if trained else "without reasoning"
            fix = "leave --reason-every out" if trained else "use --reason-every 0"
            raise SpatuneError(
                f"the policy was trained {said}, and --reason-every {every} evaluates it "
                f"otherwise: {fix}, or add --reason-anyway to measure just that"
            )
        return cls(every, spec.reasoning or Reasoning(), trained)

    @classmethod
    def refuse(cls, what: str, reason_every: int | None, reasoning: Reasoning | None) -> None:
        """Refuse reasoning where no VLM can be asked.

        Args:
            what: Who acts, for the message.
            reason_every: What was asked for.
            reasoning: Of the policy's training.

        Raises:
            SpatuneError: It is asked for, or the policy was trained with it.
        """
        if reason_every or reasoning is not None:
            raise SpatuneError(
                f"{what} cannot be asked before it acts: --reason-every needs a policy folder with "
                "its VLM"
            )

    def dress(self, policy: ChunkPolicy) -> ChunkPolicy:
        """The policy that asks its own VLM; the policy itself where it never asks."""
        if not self.reason_every and not self.trained:
            return policy
        vlm: Any = getattr(policy, "vlm", None)
        if vlm is None:
            raise SpatuneError(
                f"{type(policy).__name__} shows no VLM that could be asked; use --reason-every 0"
            )
        return ReasoningPolicy(policy, vlm, self.reason_every, self.reasoning)

    @property
    def label(self) -> str:
        """Words for titles, with the comma before them; empty where nothing is asked."""
        if not self.reason_every:
            return ", reasoning off" if self.trained else ""
        return f", reasoning every {self.reason_every}"

    def identity(self) -> dict[str, Any]:
        """What decides results, for `config.json`; nothing where there is no reasoning at all."""
        if not self.reason_every and not self.trained:
            return {}
        asked = self.reasoning.to_json() if self.reason_every else None
        return {"reason_every": self.reason_every, "reasoning": asked}
