"""`SpatuneConfig`: settings of the policy, which LeRobot registers as `--policy.type=spatune`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lerobot.configs import NormalizationMode, PreTrainedConfig
from lerobot.optim import AdamWConfig
from lerobot.optim.schedulers import CosineAnnealingWithWarmupSchedulerConfig

from ..agent.reasoning import SPATIAL_QUESTION, Reasoning
from ..errors import SpatuneError
from .features import FeatureSpec
from .history import check_history
from .normalisation import STATE

CHUNK_SOURCES = ("delta", "column")
HEADS = ("l1", "flow", "discrete")


@PreTrainedConfig.register_subclass("spatune")
@dataclass
class SpatuneConfig(PreTrainedConfig):
    """Settings of a policy over VLM features.

    What the data decide (`features`, `input_features`, `output_features`) is filled in when the
    policy is made, and is stored in the checkpoint.

    Attributes:
        chunk_length: Actions in one predicted chunk (H).
        n_action_steps: Actions of a chunk that are executed before the next replan.
        chunk_source: Where training finds a chunk. `delta` gathers the actions of H consecutive
            rows, LeRobot's way; `column` reads the columns `action.chunk` and
            `action.chunk_is_pad`, for data sets that hold only some of the control steps.
        use_cached_features: Read features from the data set (`spatune features`) and not from
            images; the VLM is then not loaded for training.
        vlm: Folder or hub id of the VLM, or `embedded` for the one that comes with the package.
            Needed where images are read; with cached features only to act.
        vlm_revision: Branch, tag or commit of a hub id.
        cache_on_device: Keep the cached features on the policy's device, in their float16, and
            gather batches there; they must fit.
        trust_remote_code: Run Python code that the VLM's checkpoint carries.
        freeze_vlm: Train the network alone; otherwise the VLM is trained too.
        freeze_vision: Where the VLM is trained, leave its vision tower as it is and train projector
            and language model alone.
        augment: Random crops and colours of training images, all cameras alike; pixel labels
            follow.
        reasoning: Put the VLM's answer to `reason_question` behind the task, in training and
            acting. Cached features say by themselves whether they were made so.
        reason_question: That question, with `{task}`.
        reason_max_new_tokens: Longest answer in tokens.
        vlm_lr_scale: Learning rate of the VLM relative to the network's.
        feature_sources: name -> `source:pool` to take from the VLM; empty means the cached ones,
            or what suits the VLM's architecture (`default_sources`).
        history: Past frames to read beside the present one, in control steps back, such as
            [1, 2, 4]; trained on cached features alone.
        camera_orientation: Of the images, where the data set does not say it.
        resize: `exact` accepts only images of the size seen in training; `vlm` leaves any other
            size to the VLM's image processor.
        state_normalisation: `mean_std`, `min_max`, `quantile` or `identity`.
        action_normalisation: The same choice; an entry `gripper` always passes unchanged. The
            discrete head needs `identity`.
        ema_decay: Decay of the running mean of the weights, which is what acts and is evaluated;
            0 switches it off.
        head: Action head: `l1`, `flow`, or `discrete` for one action entry that is the number of
            a class.
        keypoints, width, text_width, hidden, flow_width, flow_layers, flow_steps, state_noise:
            Of the network, see `NetworkConfig`.
        action_classes: Actions of the discrete head; 0 takes as many as the data set's bounds say.
        action_temperature: Divides the logits that an action is drawn from; 0 takes the largest.
        class_weights: Weight of each action in the loss; empty for equal ones.
        label_smoothing: Share of a label that is spread over all actions. Below a temperature of 1
            its trace in the drawn actions fades.
        optimizer_lr: Peak learning rate of AdamW.
        optimizer_weight_decay: Its weight decay.
        optimizer_grad_clip_norm: Largest gradient norm.
        scheduler_warmup_steps: Steps of linear warm-up; a cosine to zero follows.
        features: Tensors that the network reads.
        features_vlm: Identity of the VLM that made the cached features.
        normalization_mapping: LeRobot's own normaliser, which passes data through silently where a
            statistic is missing, does nothing here: the policy normalises.
    """

    chunk_length: int = 16
    n_action_steps: int = 8
    chunk_source: str = "delta"

    use_cached_features: bool = False
    cache_on_device: bool = False
    vlm: str = ""
    vlm_revision: str | None = None
    trust_remote_code: bool = False
    freeze_vlm: bool = True
    freeze_vision: bool = False
    augment: bool = False
    reasoning: bool = False
    reason_question: str = SPATIAL_QUESTION
    reason_max_new_tokens: int = 32
    vlm_lr_scale: float = 0.1
    feature_sources: dict[str, str] = field(default_factory=dict)
    history: list[int] = field(default_factory=list)
    camera_orientation: str = "upright"
    resize: str = "exact"

    state_normalisation: str = "mean_std"
    action_normalisation: str = "quantile"
    ema_decay: float = 0.995

    head: str = "l1"
    keypoints: int = 14
    width: int = 64
    text_width: int = 64
    hidden: int = 512
    flow_width: int = 128
    flow_layers: int = 3
    flow_steps: int = 10
    state_noise: float = 0.03
    action_classes: int = 0
    action_temperature: float = 0.5
    class_weights: list[float] = field(default_factory=list)
    label_smoothing: float = 0.01

    optimizer_lr: float = 1e-3
    optimizer_weight_decay: float = 1e-3
    optimizer_grad_clip_norm: float = 1.0
    scheduler_warmup_steps: int = 100

    push_to_hub: bool = False  # type: ignore[assignment]
    features: list[FeatureSpec] = field(default_factory=list)
    features_vlm: str = ""
    normalization_mapping: dict[str, NormalizationMode] = field(
        default_factory=lambda: dict.fromkeys(
            ("VISUAL", "STATE", "ACTION"), NormalizationMode.IDENTITY
        )
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_action_steps <= self.chunk_length:
            raise SpatuneError(
                f"n_action_steps {self.n_action_steps} is not between 1 and chunk_length "
                f"{self.chunk_length}"
            )
        if self.chunk_source not in CHUNK_SOURCES:
            raise SpatuneError(
                f"chunk_source {self.chunk_source!r} is unknown; use 'delta' or 'column'"
            )
        if self.head not in HEADS:
            raise SpatuneError(f"head {self.head!r} is unknown; use 'l1', 'flow' or 'discrete'")
        check_history(self.history)
        if self.head == "discrete" and self.action_normalisation != "identity":
            raise SpatuneError(
                "the discrete head predicts numbers of classes, which no normalisation may change: "
                "set --policy.action_normalisation=identity"
            )
        if self.use_cached_features and not self.freeze_vlm:
            raise SpatuneError(
                "cached features cannot train the VLM: set either use_cached_features=true or "
                "freeze_vlm=false"
            )
        if self.use_cached_features and self.augment:
            raise SpatuneError(
                "cached features cannot be augmented: set either use_cached_features=true or "
                "augment=true"
            )
        if self.cache_on_device and not self.use_cached_features:
            raise SpatuneError("cache_on_device=true needs use_cached_features=true")
        if any(m is not NormalizationMode.IDENTITY for m in self.normalization_mapping.values()):
            raise SpatuneError(
                "normalization_mapping must stay IDENTITY: the policy normalises by itself; set "
                "state_normalisation and action_normalisation"
            )
        if self.action_temperature < 0 or not 0 <= self.label_smoothing < 1:
            raise SpatuneError(
                f"action_temperature {self.action_temperature} must not be negative, and "
                f"label_smoothing {self.label_smoothing} must be in [0, 1)"
            )
        if not 0 <= self.ema_decay < 1:
            raise SpatuneError(f"ema_decay {self.ema_decay} is not in [0, 1)")

    @property
    def asked(self) -> Reasoning | None:
        """The question that is asked before acting; None for none."""
        if not self.reasoning:
            return None
        return Reasoning(self.reason_question, self.reason_max_new_tokens)

    @property
    def observation_delta_indices(self) -> None:
        """Only the current observation is read."""
        return None

    @property
    def action_delta_indices(self) -> list[int] | None:
        """Rows whose actions make a chunk; None where a column holds the chunk."""
        return list(range(self.chunk_length)) if self.chunk_source == "delta" else None

    @property
    def reward_delta_indices(self) -> None:
        """No reward is read."""
        return None

    def validate_features(self) -> None:
        """Checks that there is a state and an action."""
        if self.robot_state_feature is None or self.action_feature is None:
            raise SpatuneError(f"the data set must have {STATE!r} and 'action'")

    def get_optimizer_preset(self) -> AdamWConfig:
        """AdamW with this configuration's rates."""
        return AdamWConfig(
            lr=self.optimizer_lr,
            weight_decay=self.optimizer_weight_decay,
            grad_clip_norm=self.optimizer_grad_clip_norm,
        )

    def get_scheduler_preset(self) -> Any:
        """Linear warm-up, then a cosine to zero over all training steps."""
        return CosineAnnealingWithWarmupSchedulerConfig(self.scheduler_warmup_steps)
