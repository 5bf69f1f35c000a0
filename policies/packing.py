"""From a training checkpoint to a policy folder that is small and complete: `pack_policy`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import SpatuneError
from .checkpoint import (
    EMBEDDED,
    VLM_FOLDER,
    WEIGHTS_FILE,
    find_checkpoint,
    find_vlm,
    write_conventions,
)


@dataclass(frozen=True)
class PackConfig:
    """Make one small policy folder of a training checkpoint and its VLM."""

    checkpoint: Path
    """A `pretrained_model` folder that lerobot-train wrote."""
    out: Path
    """Folder to write; must not exist."""
    vlm: Path | None = None
    """Folder of the VLM to put in; it must be the one that made the policy's features. None takes
    the one that the checkpoint names. `embedded` is the one that comes with the package, which is
    only named and not copied."""
    half: bool = True
    """Store the policy's parameters in float16, and those of a VLM that was trained with it."""


def pack_policy(config: PackConfig) -> Path:
    """Writes a policy folder with the weights that act, and the VLM as it is or by its name.

    The running mean of the weights replaces the trained ones; what only training needs is left
    out.

    Returns:
        The folder, `config.out`.

    Raises:
        SpatuneError: `out` exists, or the VLM is another one.
    """
    from safetensors.torch import save_file

    from ..digests import vlm_sha256
    from .modeling_spatune import SpatunePolicy
    from .processor_spatune import make_spatune_pre_post_processors

    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another folder or delete it")
    policy = SpatunePolicy.from_pretrained(find_checkpoint(config.checkpoint))
    settings = policy.config
    named = str(config.vlm or settings.vlm)
    vlm = Path(find_vlm(named))
    if not (vlm / "config.json").is_file():
        raise SpatuneError(f"VLM {vlm} is not a folder with config.json; name it with --vlm")
    if settings.features_vlm and vlm_sha256(vlm) != settings.features_vlm:
        raise SpatuneError(
            f"VLM {vlm} is not the one that made the policy's features "
            f"({settings.features_vlm[:12]}); name that one with --vlm"
        )
    own = config.checkpoint / VLM_FOLDER
    if own.is_dir() and vlm_sha256(own) != vlm_sha256(vlm):
        raise SpatuneError(
            f"{config.checkpoint} was trained together with its own VLM, and {vlm} is another one: "
            "leave --vlm out"
        )
    network = policy.ema or policy.network
    # Buffers are running statistics of the features: small, and variances need the range.
    halved = {name for name, _ in network.named_parameters()} if config.half else set()
    state = {
        f"network.{name}": (value.half() if name in halved else value).contiguous()
        for name, value in network.state_dict().items()
    }
    settings.ema_decay = 0.0
    settings.use_cached_features = False
    settings.cache_on_device = False
    settings.augment = False
    settings.freeze_vlm = True
    settings.pretrained_path = None
    settings.vlm = EMBEDDED if named == EMBEDDED else VLM_FOLDER
    config.out.mkdir(parents=True)
    if named != EMBEDDED:
        packed = config.out / VLM_FOLDER
        if config.half and own.is_dir():
            _write_half(vlm, packed)
        else:
            shutil.copytree(vlm, packed)
        settings.features_vlm = settings.features_vlm or vlm_sha256(packed)
    settings.features_vlm = settings.features_vlm or vlm_sha256(vlm)
    settings._save_pretrained(config.out)
    save_file(state, config.out / WEIGHTS_FILE)
    write_conventions(config.out, policy.spec, policy.statistics)
    for pipeline in make_spatune_pre_post_processors(settings):
        pipeline.save_pretrained(config.out)
    return config.out


def _write_half(source: Path, target: Path) -> None:
    """The VLM that was trained with the policy, in half precision."""
    from ..agent.vlm import SpatialVLM

    vlm = SpatialVLM.from_pretrained(source)
    vlm.model.half()
    vlm.save_pretrained(target)
