"""From the VLM's features to the tensors that a policy network reads: `FeatureSpec`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from ..errors import SpatuneError

if TYPE_CHECKING:
    from torch import Tensor

    from ..agent.features import SpatialFeatures
    from ..agent.vlm import SpatialVLM

Pool = Literal["grid", "last", "mean"]

PREFIX = "features."
"""Batches and data sets hold the feature `fine` under `features.fine`."""

EMBEDDED_SOURCES = {
    "fine": "vision.timm_model.blocks.2:grid",
    "coarse": "vision.timm_model.blocks.4:grid",
    "text": "language.-1:last",
}
"""What the embedded policy reads: two stages of the vision tower and the prompt's last token."""


@dataclass(frozen=True)
class FeatureSpec:
    """One tensor that a policy takes from the VLM.

    Attributes:
        name: Name in batches, without the prefix `features.`.
        source: Where it is taken, `language.<layer>` or `vision.<module path>` (`SpatialVLM`).
        pool: `grid` keeps the token grid of each camera; `last` is the last unmasked token of the
            prompt; `mean` is the mean of all unmasked tokens.
        shape: Per sample: (cameras, C, H, W) for `grid`, (D,) otherwise.
    """

    name: str
    source: str
    pool: Pool
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.pool not in get_args(Pool):
            raise SpatuneError(
                f"feature {self.name!r}: pool {self.pool!r} is not one of grid, last, mean"
            )
        if len(self.shape) != (4 if self.pool == "grid" else 1):
            raise SpatuneError(
                f"feature {self.name!r}: shape {self.shape} does not fit pool {self.pool!r}"
            )

    @property
    def key(self) -> str:
        """Key in a batch, `features.<name>`."""
        return PREFIX + self.name

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        return {**asdict(self), "shape": list(self.shape)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureSpec:
        """Inverse of `to_json`."""
        return cls(data["name"], data["source"], data["pool"], tuple(data["shape"]))


def parse_sources(sources: Mapping[str, str]) -> dict[str, tuple[str, Pool]]:
    """Reads `{"fine": "vision.blocks.2:grid"}` into name -> (source, pool).

    Raises:
        SpatuneError: An entry is not of the form `source:pool`.
    """
    parsed: dict[str, tuple[str, Pool]] = {}
    for name, text in sources.items():
        source, _, pool = text.rpartition(":")
        if not source or pool not in get_args(Pool):
            raise SpatuneError(
                f"feature source {name}={text!r}: write it as 'source:pool', for example "
                "'vision.timm_model.blocks.2:grid' or 'language.-1:last'"
            )
        parsed[name] = (source, cast(Pool, pool))
    if not parsed:
        raise SpatuneError("no feature source; give at least one, such as text=language.-1:last")
    return parsed


def extract_features(
    vlm: SpatialVLM,
    images: Sequence[Sequence[np.ndarray]],
    texts: Sequence[str],
    specs: Iterable[FeatureSpec],
    *,
    gradients: bool = False,
) -> dict[str, Tensor]:
    """Features of B samples in one forward pass of the VLM.

    Args:
        vlm: The model.
        images: B lists of uint8 (H, W, 3) RGB arrays, one for each camera.
        texts: B instructions.
        specs: What to take.
        gradients: Keep the graph, to finetune the VLM.

    Returns:
        name -> float32 (B, *shape).

    Raises:
        SpatuneError: A tensor has another shape than its specification says.
    """
    specs = tuple(specs)
    sources = sorted({spec.source for spec in specs})
    encoded = vlm.encode_sources(images, texts, sources, gradients=gradients)
    tensors = {}
    for spec in specs:
        tensor = pool_features(encoded[spec.source], spec.pool).float()
        if tuple(tensor.shape[1:]) != spec.shape:
            raise SpatuneError(
                f"feature {spec.name!r} from {spec.source!r} has shape {tuple(tensor.shape[1:])}, "
                f"but the policy reads {spec.shape}: use the VLM, cameras and image size that it "
                "was trained with"
            )
        tensors[spec.name] = tensor
    return tensors


def pool_features(features: SpatialFeatures, pool: Pool) -> Tensor:
    """Brings encoded tokens (B, T, D) to (B, cameras, D, H, W) or (B, D).

    Raises:
        SpatuneError: `grid` where the cameras' grids differ in size.
    """
    import torch

    tokens, mask = features.tokens, features.mask
    if pool == "grid":
        sizes = {(grid.height, grid.width) for grid in features.grids}
        if len(sizes) != 1:
            raise SpatuneError(
                f"the cameras' token grids differ in size: {sorted(sizes)}; give every camera "
                "images of one size"
            )
        cameras = [features.camera_map(grid.camera) for grid in features.grids]
        return torch.stack(cameras, dim=1)
    if pool == "mean":
        weights = mask.to(tokens.dtype)[..., None]
        return (tokens * weights).sum(1) / weights.sum(1)
    positions = torch.arange(mask.shape[1], device=mask.device)
    last = (mask * positions).argmax(1)
    return tokens[torch.arange(len(tokens), device=tokens.device), last]


def probe_feature_specs(
    vlm: SpatialVLM,
    sources: Mapping[str, str],
    cameras: int,
    image_size: int | tuple[int, int],
) -> tuple[FeatureSpec, ...]:
    """Finds the shapes of features by running the VLM once on black images.

    Args:
        vlm: The model.
        sources: name -> `source:pool`, for example `EMBEDDED_SOURCES`.
        cameras: Images in each sample.
        image_size: Side, or (height, width), in pixels.
    """
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    images = [[np.zeros((*size, 3), np.uint8)] * cameras]
    parsed = parse_sources(sources)
    encoded = vlm.encode_sources(images, [""], sorted({source for source, _ in parsed.values()}))
    specs = []
    for name, (source, pool) in parsed.items():
        shape = tuple(pool_features(encoded[source], pool).shape[1:])
        specs.append(FeatureSpec(name, source, pool, shape))
    return tuple(specs)
