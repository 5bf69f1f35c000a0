"""`LeRobotCheckpoint`: a checkpoint of LeRobot, read without torch and checked against LIBERO."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...envs.spec import LIBERO_ACTION_LAYOUT, LIBERO_STATE_LAYOUTS, Orientation, StateFrame
from ...errors import SpatuneError
from ..checkpoint import CONFIG_FILE, download, find_checkpoint
from ..digests import policy_sha256
from ..normalisation import ACTION, STATE
from ..spec import PolicySpec
from .libero_spec import AGENT_VIEW, WRIST_VIEW, libero_policy_spec

PREPROCESSOR, POSTPROCESSOR = "policy_preprocessor.json", "policy_postprocessor.json"
DEFAULT_IMAGE_SIZE = 256
"""Pixels of the images of LeRobot's LIBERO data sets, for a policy that does not say its size."""

# Between two replans these only take actions from a queue, so that a chunk depends on one
# observation alone. Every other type is asked at each step, as `lerobot-eval` does.
_CHUNK_TYPES = {"act", "eo1", "evo1", "molmoact2", "pi0", "pi05", "pi0_fast", "smolvla"}
_REFUSED = {"xvla": "its LIBERO state is not the 8 numbers of the other policies"}
_NOT_NEEDED = ("*.md", "*.bin", "*.pt", "*.pth", "*.pkl", "training_state/*")
"""Files of a hub id that are not read: pickles among them."""
_STATE_SIZE = len(LIBERO_STATE_LAYOUTS["world"])
_IMAGES = "observation.images."
_FILLED_BY_POLICY = f"{_IMAGES}empty_camera_"


@dataclass(frozen=True)
class LeRobotCheckpoint:
    """A `pretrained_model` folder whose policy is one of LeRobot's, or of one of its plugins.

    Attributes:
        name: As the user gave it.
        folder: Where its files are.
        settings: Content of `config.json`.
    """

    name: str
    folder: Path
    settings: Mapping[str, Any]

    @classmethod
    def find(cls, name: str) -> LeRobotCheckpoint | None:
        """The checkpoint of that name, or None if it is a policy of this project.

        Args:
            name: `embedded`, a folder, or a hub id `owner/name`.

        Raises:
            SpatuneError: There is no such policy.
        """
        folder = find_checkpoint(name, weights=False)
        try:
            settings = json.loads((folder / CONFIG_FILE).read_text())
        except json.JSONDecodeError as error:
            raise SpatuneError(f"{folder / CONFIG_FILE} is no JSON: {error}") from error
        if settings.get("type") in (None, "spatune"):
            return None
        if not Path(name).is_dir():
            folder = download(name, ignore=_NOT_NEEDED)
        return cls(name, folder, settings)

    @property
    def type(self) -> str:
        """LeRobot's name of the policy class, such as `act` or `smolvla`."""
        return str(self.settings["type"])

    @property
    def sha256(self) -> str:
        """Digest of its files."""
        return policy_sha256(self.folder)

    @property
    def acts_by_step(self) -> bool:
        """Whether the policy must see every step of an episode, in order.

        It holds past observations, blends its chunks over time, or may do something of the kind.
        """
        settings = self.settings
        return (
            self.type not in _CHUNK_TYPES
            or settings.get("n_obs_steps", 1) != 1
            or settings.get("temporal_ensemble_coeff") is not None
        )

    def spec(
        self,
        *,
        cameras: Sequence[str] | None = None,
        orientation: Orientation = "rot180",
        state_frame: StateFrame = "world",
        execute_steps: int | None = None,
        image_size: int | None = None,
    ) -> PolicySpec:
        """Conventions of the policy on LIBERO.

        Args:
            cameras: The policy's names of the agent and of the wrist view; by default `image` and
                `image2`, or what its own renaming step makes of them.
            orientation: Orientation of the images; LeRobot's is `rot180`.
            state_frame: Frame of the end effector's position; LeRobot's is `world`.
            execute_steps: Actions executed before the next replan, its `n_action_steps` by default.
            image_size: Pixels of the images, those of its training by default.

        Raises:
            SpatuneError: It needs what LIBERO does not show, or is no LIBERO policy.
        """
        if self.type in _REFUSED:
            raise SpatuneError(f"{self.name}: {self.type} is not supported: {_REFUSED[self.type]}")
        if self.settings.get("use_peft"):
            raise SpatuneError(f"{self.name} holds an adapter alone: merge it into its base first")
        self._check_numbers()
        keys = self.camera_keys(cameras)
        if image_size is None:
            image_size = self._image_size(keys)
        shown = [ours for ours, theirs in keys.items() if theirs in self._inputs("VISUAL")]
        steps = self._steps(execute_steps)
        return libero_policy_spec(shown, image_size, orientation, state_frame, steps)

    def camera_keys(self, cameras: Sequence[str] | None = None) -> dict[str, str]:
        """The policy's key of each of LIBERO's cameras.

        Raises:
            SpatuneError: The policy reads another camera, or none of these.
        """
        names = self._renamed() if cameras is None else [_IMAGES + name for name in cameras]
        reads = [key for key in self._inputs("VISUAL") if not key.startswith(_FILLED_BY_POLICY)]
        unknown = [key for key in reads if key not in names]
        if len(names) != 2 or unknown or (cameras and not set(names) <= set(reads)):
            short = ", ".join(key.removeprefix(_IMAGES) for key in reads) or "none"
            raise SpatuneError(
                f"{self.name}: the cameras of the policy are {short}, those of LIBERO image (agent "
                "view) and image2 (wrist): name the policy's two with --cameras AGENT,WRIST"
            )
        return dict(zip((AGENT_VIEW, WRIST_VIEW), names, strict=True))

    def _renamed(self) -> list[str]:
        """What the checkpoint's own renaming step makes of LIBERO's cameras."""
        path = self.folder / PREPROCESSOR
        steps = json.loads(path.read_text())["steps"] if path.is_file() else []
        names: dict[str, str] = {}
        for step in steps:
            names |= step.get("config", {}).get("rename_map", {})
        return [names.get(key, key) for key in (AGENT_VIEW, WRIST_VIEW)]

    def _inputs(self, kind: str) -> dict[str, list[int]]:
        features = self.settings.get("input_features") or {}
        return {key: list(f["shape"]) for key, f in features.items() if f["type"] == kind}

    def _check_numbers(self) -> None:
        states = self._inputs("STATE")
        for key, shape in {**states, **self._inputs("ENV")}.items():
            if key != STATE or shape != [_STATE_SIZE]:
                raise SpatuneError(
                    f"{self.name}: the policy reads {key} of shape {shape}; LIBERO shows {STATE} "
                    f"of shape {[_STATE_SIZE]}: position, axis-angle, fingers"
                )
        action = (self.settings.get("output_features") or {}).get(ACTION, {}).get("shape")
        if action != [len(LIBERO_ACTION_LAYOUT)]:
            raise SpatuneError(
                f"{self.name}: the policy's actions have shape {action}; LIBERO takes "
                f"{[len(LIBERO_ACTION_LAYOUT)]}: {', '.join(LIBERO_ACTION_LAYOUT)}"
            )

    def _image_size(self, keys: Mapping[str, str]) -> int:
        visual = self._inputs("VISUAL")
        sides = {side for key in keys.values() for side in visual.get(key, [0])[1:]}
        if len(sides) > 1:
            raise SpatuneError(
                f"{self.name}: the policy was trained on images of {sorted(sides)} pixels a side; "
                "LIBERO's are square and of one size: choose it with --image-size"
            )
        return sides.pop() if sides else DEFAULT_IMAGE_SIZE

    def _steps(self, asked: int | None) -> int:
        if self.acts_by_step:
            if asked is not None:
                raise SpatuneError(
                    f"--execute-steps: {self.type} decides at every step by itself when to "
                    "predict; change n_action_steps of its config.json"
                )
            return 1
        longest = int(self.settings.get("chunk_size") or self.settings["n_action_steps"])
        steps = int(self.settings["n_action_steps"]) if asked is None else asked
        if not 1 <= steps <= longest:
            raise SpatuneError(f"--execute-steps is {steps}; {self.name} predicts {longest} steps")
        return steps
