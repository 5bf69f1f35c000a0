"""`DevicePictures`: the pictures of a batch as a model's inputs, processed where the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...agent.sources import image_token
from .collate import PICTURE_COUNTS, PICTURES

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from .encode import RowEncoder


class DevicePictures:
    """Resizes and normalises a batch's pictures with the checkpoint's own image processor.

    Args:
        model: The model; its `get_rope_index` gives the positions of packed rows, if it has one.
        encoder: Of the checkpoint.
    """

    def __init__(self, model: PreTrainedModel, encoder: RowEncoder) -> None:
        self._processor: Any = encoder.processor
        self._options = encoder.picture_options
        base: Any = model.base_model
        self._mrope: Any = getattr(base, "get_rope_index", None)
        self._token_types = "mm_token_type_ids" in getattr(self._processor, "model_input_names", ())
        self._image_token = image_token(model)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The model's inputs of a batch of `RowCollator` that lies on the model's device."""
        inputs = {k: v for k, v in batch.items() if k not in (PICTURES, PICTURE_COUNTS)}
        ids = inputs["input_ids"]
        if PICTURES in batch:
            inputs |= self._pixels(batch[PICTURES], batch[PICTURE_COUNTS].tolist(), ids.device)
        if self._token_types:
            inputs["mm_token_type_ids"] = (ids == self._image_token).int()
        if "position_ids" in inputs and self._mrope is not None:
            inputs["position_ids"] = self._positions(inputs)
        return inputs

    def _pixels(self, pictures: Any, counts: list[int], device: Any) -> dict[str, Any]:
        nested, begin = [], 0
        for count in counts:
            if count:
                nested.append(list(pictures[begin : begin + count]))
            begin += count
        outputs = self._processor.image_processor(
            nested, return_tensors="pt", device=device, **self._options
        )
        return {key: value for key, value in outputs.items() if hasattr(value, "shape")}

    def _positions(self, inputs: dict[str, Any]) -> Any:
        """(4, R, L): plain positions, by which samples are told apart, and the model's three."""
        import torch

        plain = inputs["position_ids"]
        rows, length = plain.shape
        positions = plain.expand(3, rows, length).clone()
        sizes: Any = inputs.get("image_grid_thw")
        merge = int(self._processor.image_processor.merge_size) ** 2
        used = 0
        for row in range(rows):
            starts = (plain[row] == 0).nonzero().flatten().tolist()
            for begin, end in zip(starts, [*starts[1:], length], strict=True):
                ids = inputs["input_ids"][row : row + 1, begin:end]
                tokens = int((ids == self._image_token).sum())
                first = used
                while tokens > 0:
                    tokens -= int(sizes[used].prod()) // merge
                    used += 1
                part, _ = self._mrope(
                    input_ids=ids,
                    mm_token_type_ids=(ids == self._image_token).int(),
                    image_grid_thw=sizes[first:used] if used > first else None,
                    attention_mask=torch.ones_like(ids),
                )
                positions[:, row, begin:end] = part[:, 0]
        return torch.cat([plain[None], positions])
