"""`ActionTokens`: how a model's action tokens become robot actions; numpy alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..envs.spec import EnvSpec
from ..errors import SpatuneError
from .action_codec import ACTION_TOKENS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ACTION_TOKENS_FILE = "action_tokens.json"
"""Where a VLM's folder keeps it; a folder that has this file is a policy."""

GRIPPER = "gripper"
# As the policies' quantile normalisation: an entry that hardly moved is shifted, not blown up.
_CONSTANT = 1e-4


@dataclass(frozen=True)
class ActionTokens:
    """Conventions of a VLM that acts by tokens, `action_tokens.json` beside its weights.

    Each entry of an action is brought to [-1, 1] by its 1st and 99th percentile in the training
    data. The gripper is not: it is in [-1, 1] already, and its sign decides. (VST's released code
    unnormalises it with the others and compares with 0.5, as if it were in [0, 1].)

    Methods:
        of_actions: With the percentiles of training data.
        prompt: What the model is asked.
        normalise: Actions in environment units to [-1, 1].
        save: Write the file.
        load: Read the file.

    Attributes:
        cameras: Observation keys of the images shown, in order.
        chunk_length: Actions in one answer (H), each of A tokens.
        execute_steps: Actions that are executed before the model looks again.
        q01: 1st percentile per entry of an action, environment units.
        q99: 99th percentile.
        env_spec: Of the training data.
    """

    cameras: tuple[str, ...]
    chunk_length: int
    execute_steps: int
    q01: tuple[float, ...]
    q99: tuple[float, ...]
    env_spec: EnvSpec

    def __post_init__(self) -> None:
        known = [camera.key for camera in self.env_spec.cameras]
        for key in self.cameras:
            if key not in known:
                raise SpatuneError(f"camera {key!r} is unknown; choose of {', '.join(known)}")
        if not self.cameras or len(set(self.cameras)) < len(self.cameras):
            raise SpatuneError("an action needs at least one camera, and each only once")
        if not 1 <= self.execute_steps <= self.chunk_length:
            raise SpatuneError(
                f"execute_steps {self.execute_steps} is not between 1 and the chunk length "
                f"{self.chunk_length}"
            )
        for name in ("q01", "q99"):
            values = getattr(self, name)
            if len(values) != self.env_spec.action_dim or not np.isfinite(values).all():
                raise SpatuneError(
                    f"{name} needs {self.env_spec.action_dim} finite numbers, not {list(values)}"
                )

    @classmethod
    def of_actions(
        cls,
        actions: NDArray[np.floating],
        *,
        cameras: Sequence[str],
        chunk_length: int,
        execute_steps: int,
        env_spec: EnvSpec,
    ) -> ActionTokens:
        """With the percentiles of actions (N, A) in environment units; the rest as attributes."""
        q01, q99 = np.quantile(np.asarray(actions, np.float64), (0.01, 0.99), axis=0).tolist()
        return cls(tuple(cameras), chunk_length, execute_steps, tuple(q01), tuple(q99), env_spec)

    @staticmethod
    def prompt(instruction: str) -> str:
        """VST's question about an instruction; the images stand before it."""
        return f"What action should the robot take to {instruction.lower()}?"

    def normalise(self, actions: ArrayLike) -> NDArray[np.float64]:
        """(..., A) in environment units -> (..., A), [-1, 1] for all but the outliers."""
        low, high = np.asarray(self.q01), np.asarray(self.q99)
        offset, scale = (low + high) / 2, (high - low) / 2
        scale[scale < _CONSTANT] = 1.0
        kept = np.array([name == GRIPPER for name in self.env_spec.action_layout])
        offset[kept], scale[kept] = 0.0, 1.0
        return (np.asarray(actions, np.float64) - offset) / scale

    def save(self, folder: Path) -> None:
        """Write `action_tokens.json` into a VLM's folder."""
        data = {
            "tokens": ACTION_TOKENS,
            "chunk_length": self.chunk_length,
            "execute_steps": self.execute_steps,
            "cameras": self.cameras,
            "statistics": {"q01": self.q01, "q99": self.q99},
            "env_spec": self.env_spec.to_json(),
        }
        (folder / ACTION_TOKENS_FILE).write_text(json.dumps(data, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> ActionTokens:
        """Read what `save` wrote.

        Raises:
            SpatuneError: The file is missing or does not fit this version.
        """
        path = folder / ACTION_TOKENS_FILE
        try:
            data: dict[str, Any] = json.loads(path.read_text())
            if data["tokens"] != ACTION_TOKENS:
                raise SpatuneError(f"{path} names {data['tokens']} tokens, not {ACTION_TOKENS}")
            return cls(
                cameras=tuple(data["cameras"]),
                chunk_length=int(data["chunk_length"]),
                execute_steps=int(data["execute_steps"]),
                q01=tuple(map(float, data["statistics"]["q01"])),
                q99=tuple(map(float, data["statistics"]["q99"])),
                env_spec=EnvSpec.from_json(data["env_spec"]),
            )
        except SpatuneError:
            raise
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise SpatuneError(
                f"{path} cannot be used ({type(error).__name__}: {error}); take the one that "
                "`spatune data actions` wrote beside the VLM"
            ) from None
