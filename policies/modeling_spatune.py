"""`SpatunePolicy`: the LeRobot policy around `SpatuneNetwork`."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.pretrained import PreTrainedPolicy
from safetensors.torch import save_file
from torch import Tensor

from ..agent.reasoning import Reasoning
from ..errors import SpatuneError
from .assembly import network_config, read_weights
from .augmentation import Augmentation
from .batches import TrainingBatches
from .checkpoint import (
    VLM_FOLDER,
    WEIGHTS_FILE,
    find_checkpoint,
    read_conventions,
    read_settings,
    write_conventions,
)
from .chunker import ActionChunker
from .columns import GOAL_PIXELS, GOAL_POSITIONS
from .configuration_spatune import SpatuneConfig
from .features import PREFIX
from .frame_cache import FrameCache
from .history import past_key
from .network import SpatuneNetwork
from .normalisation import ACTION, STATE, Statistics
from .preparation import prepare_policy
from .scaling import PolicyScaling
from .spec import PolicySpec
from .vlm_features import VlmFeatures, VlmSource, batch_images, freeze_vision

if TYPE_CHECKING:
    from lerobot.datasets import LeRobotDatasetMetadata

    from ..agent.vlm import SpatialVLM

_VLM_PREFIX = "vlm_model."
# Steps after which the running mean of the weights has about half of its final memory.
_EMA_WARMUP = 20


class SpatunePolicy(PreTrainedPolicy):
    """Predicts chunks of actions from VLM features and the robot's state.

    Batches and actions are in environment units; normalisation happens inside, from statistics
    that are part of the checkpoint.

    Methods:
        forward: Training loss of a batch.
        predict_action_chunk: Chunks in environment units from a batch of observations.
        select_action: One action for each environment, from a queue of predicted chunks.
        update: Advance the running mean of the weights; LeRobot's trainer calls it at every step.
        from_pretrained: Load a policy folder or hub id; every weight must match.
        save_pretrained: Write one.

    Attributes:
        spec: Conventions of the policy.
        statistics: Of its training data.
        encoder: The VLM, loaded when it is first needed.
        network: The trained weights.
        ema: Their running mean, which acts; None when `ema_decay` is 0.
    """

    config_class = SpatuneConfig  # pyright: ignore[reportAssignmentType]
    name = "spatune"  # pyright: ignore[reportAssignmentType]

    ema_steps: Tensor

    def __init__(
        self,
        config: SpatuneConfig,
        dataset_stats: dict[str, dict[str, Any]] | None = None,
        dataset_meta: LeRobotDatasetMetadata | None = None,
        *,
        conventions: tuple[PolicySpec, Statistics] | None = None,
        vlm: SpatialVLM | None = None,
    ) -> None:
        """Makes a new policy for a data set, or an untrained one with a trained one's conventions.

        Args:
            config: Settings; for a new policy, what the data decide is filled in here.
            dataset_stats: Statistics of the data set, for a new policy.
            dataset_meta: Data set to train on; None to act only.
            conventions: Of a trained policy, from its checkpoint.
            vlm: A VLM that is loaded already.

        Raises:
            SpatuneError: There is neither a data set nor conventions, or they do not fit `config`.
        """
        super().__init__(config)
        self.config: SpatuneConfig = config
        source = VlmSource(config.vlm, config.vlm_revision, config.trust_remote_code)
        self.encoder = VlmFeatures(source, vlm)
        self.spec, self.statistics = conventions or prepare_policy(
            config, self.encoder, dataset_stats, dataset_meta
        )
        self._batches = TrainingBatches(config, dataset_meta)
        self._frames: FrameCache | None = None
        if self.spec.history:
            self._frames = FrameCache(self.encoder, config.features, self.spec.history)
        self.scaling = PolicyScaling(self.spec, self.statistics)
        self.network = SpatuneNetwork(network_config(self.spec, config.features, vars(config)))
        self.ema: SpatuneNetwork | None = None
        if config.ema_decay:
            self.ema = copy.deepcopy(self.network).requires_grad_(False).eval()
            self.register_buffer("ema_steps", torch.zeros((), dtype=torch.int64))
        if not config.freeze_vlm:
            self.encoder.require(config.features_vlm)
            config.features_vlm = ""
            for parameter in self.encoder.vlm.model.parameters():
                # LeRobot's trainer refuses to save optimizer states in the layout that is fastest.
                parameter.data = parameter.data.contiguous()
            # Only a VLM that is trained is a part of the module tree.
            self.vlm_model = self.encoder.vlm.model
            if config.freeze_vision:
                freeze_vision(self.vlm_model)
        self.reset()

    def train(self, mode: bool = True) -> SpatunePolicy:
        """Training mode of the network.

        A VLM that is trained too stays in evaluation mode: its batch norms keep their statistics,
        so that the network is trained on the features that it will act on.
        """
        super().train(mode)
        if not self.config.freeze_vlm:
            self.vlm_model.eval()
        return self

    def forward(self, batch: dict[str, Any]) -> tuple[Tensor, dict[str, float]]:
        """Training loss.

        Args:
            batch: A LeRobot batch: `observation.state` (B, S), `action` (B, H, A) with
                `action_is_pad`, or the data set's columns behind `index`; images (B, 3, H, W) and
                `task` where features are not cached.

        Returns:
            The loss and its parts.
        """
        actions, padded = self._batches.targets(batch)
        inputs: dict[str, Tensor] = {
            STATE: self.scaling.state(batch[STATE]),
            ACTION: self.scaling.action(actions),
            f"{ACTION}_is_pad": padded.to(self.device),
        }
        spatial = self._batches.spatial_targets(batch)
        if self.config.augment and self.training:
            batch, spatial = self._augmented(batch, spatial)
        if GOAL_POSITIONS in spatial:
            inputs["aux.positions"] = self.scaling.positions(spatial[GOAL_POSITIONS])
        if GOAL_PIXELS in spatial:
            inputs["aux.pixels"] = spatial[GOAL_PIXELS].to(self.device)
        if self.config.use_cached_features:
            features = self._batches.features(batch)
        else:
            features = self._encode(batch, gradients=self.training and not self.config.freeze_vlm)
        for name, tensor in features.items():
            inputs[PREFIX + name] = tensor.to(self.device)
        return self._actor.loss(inputs)

    @torch.no_grad()
    def predict_action_chunk(
        self, batch: dict[str, Any], *, noise: Tensor | None = None, **_: Any
    ) -> Tensor:
        """Chunks of actions from observations.

        Args:
            batch: `observation.state` (B, S), and `features.<name>` or images and `task`; those of
                past frames too (`history.past_key`).
            noise: (B, H, A) that the flow head starts from and the discrete head draws with; drawn
                from torch's generator if None.

        Returns:
            (B, H, A) in environment units, within the action bounds.
        """
        self.eval()
        if all(spec.key in batch for spec in self.config.features):
            features = self._batches.features(batch)
        else:
            features = self._encode(batch)
        features = {name: tensor.to(self.device) for name, tensor in features.items()}
        if noise is None:
            noise = torch.randn(len(batch[STATE]), self.spec.chunk_length, self.spec.action_dim)
        noise = noise.to(self.device).float()
        chunk = self._actor.predict(features, self.scaling.state(batch[STATE]), noise)
        return self.scaling.environment(chunk)

    @torch.no_grad()
    def select_action(self, batch: dict[str, Any], **kwargs: Any) -> Tensor:
        """The next action (B, A) of every environment; predicts a chunk when the queue is empty."""
        envs = range(len(batch[STATE]))
        if self._chunker is None or self._chunker.num_envs != len(envs):
            self._chunker = ActionChunker(len(envs), self.config.n_action_steps)
        if self._chunker.to_replan():
            chunks = self.predict_action_chunk(batch, **kwargs)
            self._chunker.push(envs, chunks.cpu().numpy())
        return torch.from_numpy(self._chunker.pop()).to(self.device)

    def reset(self) -> None:
        """Empties the queue of actions."""
        self._chunker: ActionChunker | None = None

    @torch.no_grad()
    def update(self) -> None:
        """Advances the running mean of the weights by one step."""
        if self.ema is None:
            return
        self.ema_steps += 1
        steps = int(self.ema_steps)
        decay = min(self.config.ema_decay, steps / (steps + _EMA_WARMUP))
        pairs = zip(self.ema.parameters(), self.network.parameters(), strict=True)
        for mean, value in pairs:
            mean.lerp_(value, 1 - decay)
        for mean, value in zip(self.ema.buffers(), self.network.buffers(), strict=True):
            mean.copy_(value)

    def get_optim_params(self) -> list[dict[str, Any]]:
        """Parameter groups: the network, and the VLM at its own rate where it is trained."""
        groups: list[dict[str, Any]] = [{"params": list(self.network.parameters())}]
        if not self.config.freeze_vlm:
            rate = self.config.optimizer_lr * self.config.vlm_lr_scale
            trained = [p for p in self.vlm_model.parameters() if p.requires_grad]
            groups.append({"params": trained, "lr": rate})
        return groups

    @classmethod
    def from_pretrained(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls,
        pretrained_name_or_path: str | Path,
        *,
        config: PreTrainedConfig | None = None,
        revision: str | None = None,
        dataset_meta: LeRobotDatasetMetadata | None = None,
        vlm: SpatialVLM | None = None,
        **_: Any,
    ) -> SpatunePolicy:
        """Loads a policy in evaluation mode.

        The checkpoint's own statistics count, whatever data set it is trained on further.

        Args:
            pretrained_name_or_path: `embedded`, `embedded-nav`, a folder, or a hub id.
            config: Settings that replace the stored ones.
            revision: Branch, tag or commit of a hub id.
            dataset_meta: Data set to go on training on.
            vlm: A VLM that is loaded already.

        Raises:
            SpatuneError: A file is missing or does not fit, or weights are missing or left over.
        """
        folder = find_checkpoint(pretrained_name_or_path, revision=revision)
        spec, statistics = read_conventions(folder)
        config = config or PreTrainedConfig.from_pretrained(folder)
        if not isinstance(config, SpatuneConfig):
            raise SpatuneError(f"{folder} holds a policy of type {config.type!r}, not 'spatune'")
        if (folder / VLM_FOLDER).is_dir():
            config.vlm, config.vlm_revision = str(folder / VLM_FOLDER), None
        if config.chunk_length != spec.chunk_length:
            raise SpatuneError(
                f"the policy was trained with chunk_length {spec.chunk_length}, which cannot be "
                f"changed to {config.chunk_length}"
            )
        if tuple(config.history) != spec.history:
            raise SpatuneError(
                f"the policy was trained with history {list(spec.history)}, which cannot be "
                f"changed to {config.history}"
            )
        if config.asked != spec.reasoning:
            raise SpatuneError(
                f"the policy was trained with {spec.reasoning or 'no question'} before acting, "
                f"which cannot be changed to {config.asked or 'none'}"
            )
        spec = replace(spec, execute_steps=config.n_action_steps)
        policy = cls(config, None, dataset_meta, conventions=(spec, statistics), vlm=vlm)
        policy._load_weights(folder)
        policy.to(config.device)
        return policy.eval()

    def _load_weights(self, folder: Path) -> None:
        path = folder / WEIGHTS_FILE
        if self.ema is not None and not read_settings(folder)["ema_decay"]:
            # A packed policy has one set of weights; the running mean starts from it.
            network = read_weights(path, self.network.state_dict(), "network.")
            self.network.load_state_dict(network)
            self.ema.load_state_dict(network)
            return
        state = self.state_dict()
        wanted = {k: v for k, v in state.items() if not k.startswith(_VLM_PREFIX)}
        self.load_state_dict(read_weights(path, wanted), strict=False)

    def _save_pretrained(
        self, save_directory: Path, state_dict: dict[str, Tensor] | None = None
    ) -> None:
        self.config._save_pretrained(save_directory)
        state = self.state_dict() if state_dict is None else state_dict
        kept = {k: v.contiguous() for k, v in state.items() if not k.startswith(_VLM_PREFIX)}
        save_file(kept, save_directory / WEIGHTS_FILE)
        write_conventions(save_directory, self.spec, self.statistics)
        if not self.config.freeze_vlm:
            self.encoder.vlm.save_pretrained(save_directory / VLM_FOLDER)

    @property
    def device(self) -> torch.device:
        """Where the policy runs."""
        return self.scaling.device

    @property
    def _actor(self) -> SpatuneNetwork:
        return self.network if self.training or self.ema is None else self.ema

    def _encode(self, batch: dict[str, Any], *, gradients: bool = False) -> dict[str, Tensor]:
        self.encoder.require(self.config.features_vlm)
        keys = [camera.key for camera in self.spec.cameras]
        batch = self._batches.with_images(batch, keys)
        images, specs = batch_images(batch, keys), self.config.features
        texts = list(batch["task"])
        if self.spec.reasoning:
            texts = self._told(self.spec.reasoning, images, texts)
        if self._frames is not None:
            past = [
                batch_images(batch, [past_key(key, steps) for key in keys])
                for steps in self.spec.history
            ]
            samples = list(zip(images, *past, strict=True))
            return self._frames.encode(samples, texts, self.device)
        return self.encoder.encode(images, texts, specs, self.device, gradients=gradients)

    def _told(
        self, reasoning: Reasoning, images: list[list[np.ndarray]], tasks: list[str]
    ) -> list[str]:
        answers = reasoning.ask(self.encoder.on(self.device), images, tasks)
        return [reasoning.tell(*pair) for pair in zip(tasks, answers, strict=True)]

    def _augmented(
        self, batch: dict[str, Any], spatial: dict[str, Tensor]
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """The batch with other images, and the labels that follow them."""
        changes = Augmentation.draw(len(batch[STATE]))
        keys = [camera.key for camera in self.spec.cameras]
        batch = self._batches.with_images(batch, keys)
        batch |= {key: changes.images(batch[key]) for key in keys if key in batch}
        if GOAL_PIXELS in spatial:
            spatial = {**spatial, GOAL_PIXELS: changes.pixels(spatial[GOAL_PIXELS])}
        return batch, spatial
