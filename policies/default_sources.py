"""What a policy reads from a VLM unless it is told otherwise: `default_sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import SpatuneError
from .features import EMBEDDED_SOURCES

if TYPE_CHECKING:
    from torch import nn

    from ..agent.vlm import SpatialVLM

_TEXT = "language.-1:last"


def default_sources(vlm: SpatialVLM) -> dict[str, str]:
    """A fine and a coarse grid of the vision tower and the prompt's last token, by architecture.

    A timm EfficientNet (FastVLM) gives `EMBEDDED_SOURCES`: two of its stages. Any transformer gives
    its patch grid twice or its patch grid and what the language model sees: `fine` is the output
    of the layer in the middle, where places are still sharp; `coarse` is the merger's output where
    the tower has one (the Qwen-VL families, a grid half as fine), and else that of the last layer.

    Returns:
        name -> `source:pool`, as `spatune features --sources` and `--policy.feature_sources` take
        them.

    Raises:
        SpatuneError: The tower is built in another way.
    """
    from torch import nn

    from ..agent.sources import vision_tower

    tower = vision_tower(vlm.model)
    modules = dict(tower.named_modules())
    if "timm_model.blocks" in modules:
        return dict(EMBEDDED_SOURCES)
    stacks = {
        path: module
        for path, module in modules.items()
        # A timm tower's lists are stages of falling resolution, of which nothing is known here; a
        # list of mergers projects what single layers give.
        if isinstance(module, nn.ModuleList)
        and not path.startswith("timm_model")
        and "merger" not in path
    }
    path = max(stacks, key=lambda path: _parameters(stacks[path]), default=None)
    if path is None:
        raise SpatuneError(
            f"no features are known by default for the vision tower {type(tower).__name__}; name "
            "them: --sources fine=vision.<module path>:grid text=language.-1:last"
        )
    depth = len(stacks[path])
    deep = "merger" if "merger" in modules else f"{path}.{depth - 1}"
    return {
        "fine": f"vision.{path}.{(depth - 1) // 2}:grid",
        "coarse": f"vision.{deep}:grid",
        "text": _TEXT,
    }


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
