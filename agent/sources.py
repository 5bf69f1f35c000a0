"""Where in a VLM the features are taken: a language layer or a stage of the vision tower.

A source is a string. `language.<k>` is entry k of the language model's hidden states (0 is the
embedded prompt, -1 the last, normalised one). `vision.<module path>` is the output of a module of
the vision tower, brought into row order, whatever order the tower works in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ..errors import SpatuneError
from .features import Grid, SpatialFeatures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn
    from transformers import PreTrainedModel

LAST_LAYER = "language.-1"
# Class token and register tokens a vision tower may put before its patches.
MAX_PREFIX_TOKENS = 8


@dataclass(frozen=True)
class LanguageSource:
    """Entry `layer` of the hidden states of the language model."""

    layer: int


@dataclass(frozen=True)
class VisionSource:
    """Output of the module `path` of the vision tower."""

    path: str


Source = LanguageSource | VisionSource


class LanguageNotNeeded(Exception):
    """Ends a forward pass at the language model when only vision sources were asked for."""


def parse_source(source: str, model: PreTrainedModel) -> Source:
    """Reads a source string and checks it against the model.

    Raises:
        SpatuneError: The form is unknown, or the layer or the module does not exist.
    """
    kind, _, rest = source.partition(".")
    if kind == "language":
        layers = model.config.get_text_config().num_hidden_layers
        try:
            layer = int(rest)
        except ValueError:
            raise SpatuneError(
                f"source {source!r}: {rest!r} is not a layer number; use 'language.-1'"
            ) from None
        if not -layers - 1 <= layer <= layers:
            raise SpatuneError(
                f"source {source!r}: the language model has hidden states 0..{layers} (or -1)"
            )
        return LanguageSource(layer)
    if kind == "vision":
        tower = vision_tower(model)
        if rest not in dict(tower.named_modules()) or not rest:
            raise SpatuneError(
                f"source {source!r}: the vision tower {type(tower).__name__} has no module "
                f"{rest!r}; try one of {', '.join(_examples(tower))}"
            )
        return VisionSource(rest)
    raise SpatuneError(
        f"source {source!r} is unknown; use 'language.<layer>' or 'vision.<module path>'"
    )


def vision_tower(model: PreTrainedModel) -> nn.Module:
    """The module that turns pixels into features.

    Raises:
        SpatuneError: The model has none under a name that transformers uses.
    """
    tower = model.get_encoder(modality="image")
    if tower is model or tower is model.base_model:
        raise SpatuneError(
            f"{type(model).__name__} shows no vision tower; use a transformers "
            "image-text-to-text class"
        )
    return tower


def image_token(model: PreTrainedModel) -> int:
    """Id of the placeholder token of an image."""
    config: Any = model.config
    token = getattr(config, "image_token_id", None)
    return int(token if token is not None else config.image_token_index)


def _examples(tower: nn.Module) -> list[str]:
    names = [name for name, _ in tower.named_modules() if name.rsplit(".", 1)[-1].isdigit()]
    return names[:6] or [name for name, _ in tower.named_modules() if name][:6]


@contextmanager
def capture(
    model: PreTrainedModel, sources: Iterable[Source]
) -> Iterator[dict[VisionSource, Tensor]]:
    """Collects vision outputs during one forward pass; skips the language model if it can.

    The pass ends with `LanguageNotNeeded` when no language source is among `sources`; this context
    manager swallows it.
    """
    sources = tuple(sources)
    outputs: dict[VisionSource, Tensor] = {}
    with ExitStack() as stack:
        for source in sources:
            if isinstance(source, VisionSource):
                module = vision_tower(model).get_submodule(source.path)
                handle = module.register_forward_hook(_keep(outputs, source))
                stack.callback(handle.remove)
        if not any(isinstance(source, LanguageSource) for source in sources):
            handle = model.get_decoder().register_forward_pre_hook(_end_pass)
            stack.callback(handle.remove)
        try:
            yield outputs
        except LanguageNotNeeded:
            pass


def _end_pass(module: nn.Module, args: tuple[Any, ...]) -> None:
    raise LanguageNotNeeded


def _keep(outputs: dict[VisionSource, Tensor], source: VisionSource):
    def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        value = output[0] if not isinstance(output, torch.Tensor) else output
        if not isinstance(value, torch.Tensor):
            raise SpatuneError(f"module {source.path!r} does not return a tensor; hook another one")
        if source in outputs:
            value = torch.cat([outputs[source], value])
        outputs[source] = value

    return hook


def language_grids(
    inputs: Mapping[str, Tensor], cameras: int, *, image_token: int, view_tokens: int | None
) -> tuple[Grid, ...]:
    """Where each camera's image tokens lie in the prompt.

    Args:
        inputs: The model's inputs, images first in every prompt, padded on the right.
        cameras: Images in each sample.
        image_token: Id of the placeholder token.
        view_tokens: Tokens of one whole view where the prompt has more for an image (tiles, line
            ends); the whole view comes first.

    Raises:
        SpatuneError: The samples' images lie at unequal places, or not on a grid.
    """
    is_image = inputs["input_ids"] == image_token
    if not bool((is_image == is_image[:1]).all()):
        raise SpatuneError(
            "the image tokens lie at unequal places in the samples of the batch; "
            "encode images of one size together, and put them before the text"
        )
    places = is_image[0].nonzero().flatten().tolist()
    sizes = _packed_sizes(inputs, len(is_image), cameras)
    grids = []
    if sizes is not None:
        patches = sum(height * width for height, width in sizes)
        merge = _merge_size(patches, len(places))
        sizes = [(height // merge, width // merge) for height, width in sizes]
        counts = [height * width for height, width in sizes]
    else:
        counts = [len(places) // cameras] * cameras
    if sum(counts) != len(places):
        raise SpatuneError(f"{len(places)} image tokens do not divide among {cameras} cameras")
    first = 0
    for camera, count in enumerate(counts):
        if sizes is not None:
            height, width = sizes[camera]
        else:
            view = min(count, view_tokens or count)
            height, width, prefix = grid_shape(view, _pixel_shape(inputs))
            if prefix:
                raise SpatuneError(f"{view} image tokens of a camera do not form a grid")
        start = places[first]
        if places[first + height * width - 1] != start + height * width - 1:
            raise SpatuneError("the image tokens of a camera are interrupted; turn tiling off")
        grids.append(Grid(camera, start, height, width))
        first += count
    return tuple(grids)


def vision_features(
    output: Tensor,
    source: VisionSource,
    tower: nn.Module,
    inputs: Mapping[str, Tensor],
    batch: int,
    cameras: int,
) -> SpatialFeatures:
    """Turns a hooked output into tokens in row order, cameras one after the other.

    Accepts maps (N, C, H, W), token sequences (N, T, D) with up to 8 class or register tokens in
    front (dropped), and packed patches (T, D) of the Qwen family.

    Raises:
        SpatuneError: The output is not a grid per image.
    """
    sizes = _packed_sizes(inputs, batch, cameras)
    if sizes is not None:
        grid_thw = inputs["image_grid_thw"]
        per_image, shapes = _unpack(output, source, tower, grid_thw, sizes * batch)
        tokens = torch.stack(
            [torch.cat(per_image[i : i + cameras]) for i in range(0, batch * cameras, cameras)]
        )
        return _assemble(tokens, shapes[:cameras])
    if output.ndim == 4:
        height, width = output.shape[-2:]
        maps = output.flatten(2).transpose(1, 2)
    elif output.ndim == 3:
        height, width, prefix = grid_shape(output.shape[1], _pixel_shape(inputs))
        maps = output[:, prefix:]
    else:
        raise SpatuneError(
            f"module {source.path!r} returns shape {tuple(output.shape)}, which is neither a map "
            "nor tokens; hook another one"
        )
    if len(maps) % (batch * cameras):
        raise SpatuneError(
            f"module {source.path!r} returns {len(maps)} views for {batch * cameras} images"
        )
    views = len(maps) // (batch * cameras)
    if views > 1 and len(inputs.get("image_sizes", maps[:1]).unique(dim=0)) > 1:
        raise SpatuneError("the samples' images differ in size; encode one size together")
    # Where an image is also cut into tiles (LLaVA), its whole view comes first.
    maps = maps[::views]
    tokens = maps.reshape(batch, cameras * height * width, -1)
    return _assemble(tokens, [(height, width)] * cameras)


def _assemble(tokens: Tensor, shapes: Sequence[tuple[int, int]]) -> SpatialFeatures:
    grids, start = [], 0
    for camera, (height, width) in enumerate(shapes):
        grids.append(Grid(camera, start, height, width))
        start += height * width
    mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
    return SpatialFeatures(tokens, mask, tuple(grids))


def grid_shape(count: int, pixels: tuple[int, int]) -> tuple[int, int, int]:
    """Rows, columns and leading extra tokens of `count` tokens over an image of `pixels` (H, W).

    The grid keeps the aspect ratio of the image exactly.

    Raises:
        SpatuneError: No grid fits.

    >>> grid_shape(64, (128, 128))
    (8, 8, 0)
    >>> grid_shape(129, (96, 192))
    (8, 16, 1)
    """
    height, width = pixels
    for prefix in range(min(MAX_PREFIX_TOKENS, count - 1) + 1):
        area = count - prefix
        rows = round((area * height / width) ** 0.5)
        if rows and area % rows == 0 and rows * width == area // rows * height:
            return rows, area // rows, prefix
    raise SpatuneError(f"{count} tokens do not form a grid over an image of {height}x{width}")


def _pixel_shape(inputs: Mapping[str, Tensor]) -> tuple[int, int]:
    height, width = inputs["pixel_values"].shape[-2:]
    return int(height), int(width)


def _packed_sizes(
    inputs: Mapping[str, Tensor], batch: int, cameras: int
) -> list[tuple[int, int]] | None:
    """Patch rows and columns of each camera, for the packed images of the Qwen family, else None.

    Raises:
        SpatuneError: They differ between the samples.
    """
    if "image_grid_thw" not in inputs:
        return None
    sizes = [(int(h), int(w)) for _, h, w in inputs["image_grid_thw"].tolist()]
    if sizes != sizes[:cameras] * batch:
        raise SpatuneError("the samples' images differ in size; encode one size together")
    return sizes[:cameras]


def _merge_size(patches: int, tokens: int) -> int:
    merge = round((patches / max(tokens, 1)) ** 0.5)
    if tokens * merge**2 != patches:
        raise SpatuneError(f"{patches} patches do not merge into {tokens} tokens")
    return merge


def _unpack(
    output: Tensor,
    source: VisionSource,
    tower: nn.Module,
    grid_thw: Tensor,
    sizes: Sequence[tuple[int, int]],
) -> tuple[list[Tensor], list[tuple[int, int]]]:
    """Packed patches -> per image tokens in row order, and the grid shapes."""
    tokens = output.reshape(-1, output.shape[-1])
    config: Any = tower.config
    merge = int(config.spatial_merge_size)
    merged = _merge_size(sum(h * w for h, w in sizes), len(tokens)) == merge
    block = 1 if merged else merge**2
    if hasattr(config, "fullatt_block_indexes") and not source.path.startswith("patch_embed"):
        from transformers.vision_utils import get_vision_window_index

        # Qwen2.5-VL sorts merge blocks by attention window before its first layer.
        order, _ = get_vision_window_index(grid_thw, merge, config.window_size, config.patch_size)
        blocks = tokens.unflatten(0, (-1, block))
        tokens = blocks[torch.argsort(order).to(tokens.device)].flatten(0, 1)
    images, shapes, first = [], [], 0
    for height, width in sizes:
        rows, columns = height // merge, width // merge
        part = tokens[first : first + rows * columns * block]
        first += rows * columns * block
        if merged:
            images.append(part)
            shapes.append((rows, columns))
        else:
            part = part.unflatten(0, (rows, columns, merge, merge)).transpose(1, 2)
            images.append(part.flatten(0, 3))
            shapes.append((height, width))
    return images, shapes
