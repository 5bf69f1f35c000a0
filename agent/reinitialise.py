"""A VLM of the same shape that has learned nothing: `reinitialise`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from ..errors import SpatuneError
from .quiet import quiet_progress

Vision = Literal["fresh", "imagenet", "keep"]


def reinitialise(
    folder: str | Path, out: str | Path, *, seed: int = 0, vision: Vision = "fresh"
) -> Path:
    """Writes a checkpoint with the tokenizer and configuration of another and random weights.

    It is the control of an ablation: what its features are worth, no training explains.

    Args:
        folder: Checkpoint to imitate.
        out: Folder to write; must not exist.
        seed: Of the weights.
        vision: Weights of the vision tower: `fresh` random ones, `imagenet` those that
            `build_fastvlm` starts from (an EfficientNet-Lite0 only), `keep` those of `folder`.

    Returns:
        `out` as a path.

    Raises:
        SpatuneError: `out` exists, there is no checkpoint, or ImageNet weights are asked of another
            tower.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    from .sources import vision_tower
    from .tiny import fresh_backbone, load_lite0_weights
    from .vlm import SpatialVLM

    out = Path(out)
    if out.exists():
        raise SpatuneError(f"{out} exists already; choose another folder or delete it")
    given = SpatialVLM.from_pretrained(folder)
    with quiet_progress(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForImageTextToText.from_config(given.model.config)
        tower: Any = vision_tower(model)
        backbone = getattr(tower, "timm_model", None)
        if vision == "keep":
            tower.load_state_dict(vision_tower(given.model).state_dict())
        elif backbone is not None:
            # transformers draws a timm tower so that its signal vanishes (`build_fastvlm`).
            backbone.load_state_dict(fresh_backbone(tower.config.architecture))
    if vision == "imagenet":
        if backbone is None:
            raise SpatuneError(
                f"{folder} has no EfficientNet-Lite0 in its vision tower {type(tower).__name__}; "
                "use vision='fresh' or 'keep'"
            )
        load_lite0_weights(backbone)
    model.generation_config = given.model.generation_config
    SpatialVLM(model, given.processor).save_pretrained(out)
    return out
