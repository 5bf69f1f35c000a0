"""`EpisodeRecord`: what is kept of one attempt at one episode."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from .keys import EpisodeKey

Mode = Literal["exact", "batched"]

VOLATILE_FIELDS = ("attempt", "message", "wall_seconds")
"""Fields that may differ between two runs of one key: time, number of tries, text of an error.

Every other field is deterministic on one machine in exact mode: an interrupted and an uninterrupted
run, and runs with any number of workers, agree in them line by line.
"""


@dataclass(frozen=True)
class EpisodeRecord:
    """One attempt at one episode: a result, or an error, which is not a failure.

    Attributes:
        key: The episode.
        control: `none` for the policy itself, else the control that acted (`blind`, ...).
        success: Whether the task was solved; None for an error.
        steps: Control steps executed.
        max_steps: Control steps after which the episode would have been given up.
        first_success_step: Steps after which the task was first solved, or None.
        return_: Sum of rewards (JSON name `return`).
        wall_seconds: From reset to the last step, waiting for the policy included.
        error: Class name of the error, or None.
        message: One line that describes the error, or None.
        action_digest: sha256 (hex) of the float32 bytes of all executed actions, in order.
        state_digest: The environment's own digest of its final state.
        instruction: The task in words, as the environment gave it.
        mode: `exact` (one sample a policy call) or `batched`.
        backend: What computed the actions, for example `torch-cpu`.
        versions: Versions of what took part, by name.
        attempt: 1 for the first try.
        reason_every: Replans between the questions that the policy asked its VLM before acting. The
            JSON leaves the field out where it asked none.
        metrics: Numbers beside success that the environment gave at the end, by name; None where
            one is unknown for this episode. The JSON leaves the field out when there are none.
    """

    key: EpisodeKey
    control: str
    success: bool | None
    steps: int
    max_steps: int
    first_success_step: int | None
    return_: float
    wall_seconds: float
    error: str | None
    message: str | None
    action_digest: str
    state_digest: str
    instruction: str
    mode: Mode
    backend: str
    versions: dict[str, str] = field(default_factory=dict)
    attempt: int = 1
    reason_every: int = 0
    metrics: dict[str, float | None] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Whether the attempt ended by an error and says nothing about success."""
        return self.error is not None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        data = {
            "return" if name == "return_" else name: getattr(self, name)
            for name in self.__dataclass_fields__
        }
        data |= {"key": self.key.to_json(), "versions": dict(self.versions)}
        # Left out where they say nothing: what was written before they existed stays as it was.
        if not data["reason_every"]:
            del data["reason_every"]
        if not data.pop("metrics"):
            return data
        return {**data, "metrics": dict(self.metrics)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> EpisodeRecord:
        """Inverse of `to_json`."""
        fields = dict(data)
        fields["return_"] = fields.pop("return")
        fields["key"] = EpisodeKey.from_json(data["key"])
        return cls(**fields)

    def to_line(self) -> str:
        """One line of `episodes.jsonl`, newline included."""
        return json.dumps(self.to_json(), sort_keys=True) + "\n"

    def deterministic(self) -> dict[str, Any]:
        """The JSON form without `VOLATILE_FIELDS`: what two runs of one key must agree in."""
        return {k: v for k, v in self.to_json().items() if k not in VOLATILE_FIELDS}
