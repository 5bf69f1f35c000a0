"""`LeRobotChunks`: any policy of LeRobot as a `ChunkPolicy`, through LeRobot's own classes."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...errors import SpatuneError, first_line
from ..observation import read_entry, read_state
from ..spec import PolicySpec
from .answers import checked_actions
from .cache_crop import absolute_crop
from .episode_states import EpisodeStates
from .lerobot_checkpoint import POSTPROCESSOR, PREPROCESSOR, LeRobotCheckpoint

if TYPE_CHECKING:
    from lerobot.policies.pretrained import PreTrainedPolicy

_IMAGES = "observation.images."
# pi0 and its relatives print this and go on with random weights.
_LOAD_FAILED = ("could not load state dict", "without loading pretrained weights")


class LeRobotChunks:
    """A checkpoint of LeRobot, acting as `lerobot-eval` would on the same observations.

    The checkpoint's own processors normalise, tokenise and unnormalise. A policy whose chunks
    depend on one observation alone is asked once a chunk (`predict_action_chunk`). Every other one
    - past observations, temporal ensembles - is asked at every step (`select_action`), with one
    state for each episode; its observations must name their episode (`EpisodeStates`).

    LeRobot's policies draw their noise from torch's global generator, which is seeded here from
    the noise argument: the same key and replan give the same draw, though not the numbers that
    `lerobot-eval` happens to draw. Every call has one sample, also in batched mode.

    Args:
        checkpoint: The policy folder.
        spec: `checkpoint.spec(...)`.
        cameras: The policy's names of the agent and the wrist view, where they differ.
        device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        SpatuneError: Weights, processors or device do not fit.

    Attributes:
        spec: Conventions of the policy.
        backend: What computes, for records: `lerobot-<type>-cpu` or `-cuda`.
        policy: LeRobot's policy object.
    """

    def __init__(
        self,
        checkpoint: LeRobotCheckpoint,
        spec: PolicySpec,
        *,
        cameras: Sequence[str] | None = None,
        device: str = "cpu",
    ) -> None:
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise SpatuneError(f"device {device!r} was asked for, but torch sees no CUDA device")
        self.spec = spec
        self._name = f"policy {checkpoint.name} ({checkpoint.type})"
        self._keys = checkpoint.camera_keys(cameras) if cameras else {}
        self._device = torch.device(device)
        self.backend = f"lerobot-{checkpoint.type}-{self._device.type}"
        self.policy, self._before, self._after = _load(checkpoint, device)
        self._by_step = checkpoint.acts_by_step
        self._states = EpisodeStates(self.policy)

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions; see `ChunkPolicy.predict`.

        Args:
            observations: B dictionaries with a uint8 (H, W, 3) image for each camera of the spec,
                `observation.state` (8,) and `task`.
            noise: float32 (B, H, A), which seeds the policy's own draws.

        Raises:
            SpatuneError: An entry is missing, or the policy answers what no arm should execute.
        """
        pairs = zip(observations, noise, strict=True)
        return np.stack([self._predict(observation, draw) for observation, draw in pairs])

    def _predict(self, observation: Mapping[str, Any], noise: np.ndarray) -> np.ndarray:
        steps = self.spec.execute_steps
        policy = self._states.of(observation) if self._by_step else self.policy
        with ExitStack() as stack:
            stack.enter_context(seeded(noise, self._device))
            stack.enter_context(absolute_crop())
            stack.enter_context(torch.inference_mode())
            if self.policy.config.use_amp:
                stack.enter_context(torch.autocast(device_type=self._device.type))
            batch = self._before(self._batch(observation))
            if self._by_step:
                actions = policy.select_action(batch)[None]
            else:
                policy.reset()
                actions = policy.predict_action_chunk(batch)[:, :steps].transpose(0, 1)
            # One step at a time, as LeRobot takes them from its queue.
            answer = [self._after(action) for action in actions]
        values = torch.cat(answer).float().cpu().numpy()
        return checked_actions(values, steps, self.spec.action_dim, self._name)

    def _batch(self, observation: Mapping[str, Any]) -> dict[str, Any]:
        """The observation as `lerobot-eval` gives it to the preprocessor, a batch of one."""
        from lerobot.envs.utils import preprocess_observation

        pixels: dict[str, np.ndarray] = {}
        for camera in self.spec.cameras:
            key = self._keys.get(camera.key, camera.key)
            image = np.asarray(read_entry(observation, camera.key))
            pixels[key.removeprefix(_IMAGES)] = np.require(image, requirements=["C", "W"])[None]
        raw: dict[str, Any] = {"pixels": pixels, "agent_pos": read_state(observation, self.spec)}
        batch: dict[str, Any] = preprocess_observation(raw)
        return {**batch, "task": [str(read_entry(observation, "task"))]}


@contextmanager
def seeded(noise: np.ndarray, device: torch.device) -> Iterator[None]:
    """torch's generators seeded from a keyed draw, and put back afterwards."""
    digest = hashlib.sha256(np.ascontiguousarray(noise, dtype=np.float32).tobytes()).digest()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)
        yield


def _load(checkpoint: LeRobotCheckpoint, device: str) -> tuple[PreTrainedPolicy, Any, Any]:
    from lerobot.configs import PreTrainedConfig
    from lerobot.policies.factory import get_policy_class, make_pre_post_processors
    from lerobot.utils.import_utils import register_third_party_plugins

    missing = [n for n in (PREPROCESSOR, POSTPROCESSOR) if not (checkpoint.folder / n).is_file()]
    if missing:
        raise SpatuneError(
            f"{checkpoint.name} has no {missing[0]}: it is from before LeRobot 0.4; run "
            "`python -m lerobot.processor.migrate_policy_normalization` on it"
        )
    register_third_party_plugins()
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            config: Any = PreTrainedConfig.from_pretrained(
                checkpoint.folder, cli_overrides=[f"--device={device}"]
            )
            policy: Any = get_policy_class(checkpoint.type).from_pretrained(
                checkpoint.folder, config=config, strict=True
            )
            before, after = make_pre_post_processors(
                config,
                pretrained_path=str(checkpoint.folder),
                preprocessor_overrides={"device_processor": {"device": device}},
            )
    except Exception as error:
        # Whatever LeRobot, a plugin or one of their dependencies raises, no episode can be played.
        raise SpatuneError(
            f"{checkpoint.name}: LeRobot cannot load this {checkpoint.type} policy: "
            f"{first_line(error)}"
        ) from error
    line = next((t for t in said.getvalue().splitlines() if _failed(t)), None)
    if line is not None:
        raise SpatuneError(f"{checkpoint.name}: the weights were not loaded: {line.strip()}")
    return policy.to(device).eval(), before, after


def _failed(line: str) -> bool:
    return any(text in line.lower() for text in _LOAD_FAILED)
