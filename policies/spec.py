"""What a policy sees and says, as data: `PolicySpec`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..agent.reasoning import Reasoning
from ..envs.spec import CameraSpec
from ..errors import SpatuneError
from .history import check_history

ResizeRule = Literal["exact", "vlm"]
NormalisationMode = Literal["identity", "mean_std", "min_max", "quantile"]

GRIPPER_CLOSE_POSITIVE = "-1 open, +1 close"


@dataclass(frozen=True)
class PolicySpec:
    """Conventions of a policy, stored as `policy_spec.json` beside its weights.

    Attributes:
        cameras: Cameras in the order in which the policy reads them.
        resize: `vlm` means that the VLM's own image processor brings any image size to its input
            size; `exact` means that images must have the size written in `cameras`.
        state_layout: Names of the entries of `observation.state`, in order.
        action_layout: Names of the entries of `action`, in order.
        gripper_convention: Meaning of the entry `gripper` of `action_layout`, if there is one.
        action_low: Lower bound per action entry in environment units; predictions are clipped.
        action_high: Upper bound per action entry.
        state_normalisation: How the state is brought to unit scale.
        action_normalisation: How actions are; the gripper entry is always left as it is.
        statistics_sha256: Digest of the statistics both use (`Statistics.sha256`).
        chunk_length: Actions in one predicted chunk (H).
        execute_steps: Actions of a chunk that are executed before the next replan.
        control_hz: Control steps per second of the actions.
        history: Past frames that the policy reads beside the present one, in control steps back;
            an observation holds them as `<camera key>.past<steps>` (`history.past_key`).
        reasoning: The question whose answer stood behind the task in training; None for none.
    """

    cameras: tuple[CameraSpec, ...]
    resize: ResizeRule
    state_layout: tuple[str, ...]
    action_layout: tuple[str, ...]
    gripper_convention: str
    action_low: tuple[float, ...]
    action_high: tuple[float, ...]
    state_normalisation: NormalisationMode
    action_normalisation: NormalisationMode
    statistics_sha256: str
    chunk_length: int
    execute_steps: int
    control_hz: float
    history: tuple[int, ...] = ()
    reasoning: Reasoning | None = None

    def __post_init__(self) -> None:
        check_history(self.history)
        if not 1 <= self.execute_steps <= self.chunk_length:
            raise SpatuneError(
                f"execute_steps {self.execute_steps} is not between 1 and the chunk length "
                f"{self.chunk_length}"
            )
        if self.resize not in get_args(ResizeRule):
            raise SpatuneError(f"resize rule {self.resize!r} is unknown; use 'exact' or 'vlm'")
        for mode in (self.state_normalisation, self.action_normalisation):
            if mode not in get_args(NormalisationMode):
                raise SpatuneError(
                    f"normalisation {mode!r} is unknown; use one of "
                    f"{', '.join(get_args(NormalisationMode))}"
                )
        for name in ("action_low", "action_high"):
            bound = getattr(self, name)
            if len(bound) != self.action_dim:
                raise SpatuneError(
                    f"{name} has {len(bound)} entries, the action layout {self.action_dim}"
                )

    @property
    def state_dim(self) -> int:
        """Entries of `observation.state` (S)."""
        return len(self.state_layout)

    @property
    def action_dim(self) -> int:
        """Entries of one action (A)."""
        return len(self.action_layout)

    @property
    def gripper_index(self) -> int | None:
        """Position of the entry `gripper` in an action, if there is one."""
        return self.action_layout.index("gripper") if "gripper" in self.action_layout else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        fields = json.loads(json.dumps(asdict(self)))
        # Left out where they are empty: what was written before they existed stays as it was.
        late = ("history", "reasoning")
        return {name: value for name, value in fields.items() if name not in late or value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PolicySpec:
        """Inverse of `to_json`.

        Raises:
            SpatuneError: Entries are missing or unknown.
        """
        try:
            fields = dict(data)
            fields["cameras"] = tuple(CameraSpec(**camera) for camera in data["cameras"])
            for name in ("state_layout", "action_layout", "action_low", "action_high"):
                fields[name] = tuple(data[name])
            fields["history"] = tuple(data.get("history", ()))
            if data.get("reasoning"):
                fields["reasoning"] = Reasoning(**data["reasoning"])
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise SpatuneError(f"policy_spec.json does not fit this version: {error}") from error

    def save(self, path: Path) -> None:
        """Write the JSON form."""
        path.write_text(json.dumps(self.to_json(), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> PolicySpec:
        """Read what `save` wrote.

        Raises:
            SpatuneError: The file is missing or does not fit.
        """
        if not path.is_file():
            raise SpatuneError(
                f"{path} is missing: a spatune policy folder holds it beside its weights; "
                "name the pretrained_model folder that training wrote"
            )
        return cls.from_json(json.loads(path.read_text()))
