"""From images and text to a model's input tensors, with the prompt's tokens kept between calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import SpatuneError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor
    from transformers import ProcessorMixin

    Images = Sequence[NDArray[np.uint8]]

MAX_CACHED_PROMPTS = 4096


class InputBuilder:
    """Runs a checkpoint's own processor, the text half only once for each prompt.

    The prompt of a robot repeats at every step, and its image placeholders depend on the images'
    sizes alone, so tokens are cached by (text, image sizes); pixels are processed at every call.
    Tiling is off: an image gives one view, hence one grid.

    Methods:
        prompt: The chat template's text for images followed by `text`.
        build: Input tensors of a batch.
    """

    def __init__(self, processor: ProcessorMixin) -> None:
        self.processor: Any = processor
        self._prompts: dict[Any, dict[str, Tensor]] = {}
        self._image_keys: tuple[str, ...] = ()
        image_processor = self.processor.image_processor
        # Both would cut an image into tiles, each with its own grid.
        self._image_options = {
            option: False
            for option in ("do_image_splitting", "crop_to_patches")
            if hasattr(image_processor, option)
        }

    def prompt(self, text: str, cameras: int) -> str:
        """The conversation up to the assistant's turn: `cameras` images, then `text`."""
        content = [{"type": "image"}] * cameras + [{"type": "text", "text": text}]
        return self.processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )

    def build(
        self, images: Sequence[Images], texts: Sequence[str], *, padding_side: str = "right"
    ) -> dict[str, Tensor]:
        """Model inputs of B samples.

        Args:
            images: B lists of C uint8 (H, W, 3) RGB arrays, the same C in every sample.
            texts: B texts, without the template.
            padding_side: `right` to encode, `left` to generate.

        Raises:
            SpatuneError: Unequal numbers of samples or cameras, or an image of a wrong type.
        """
        check_images(images, texts)
        rows = [self._tokens(i, text) for i, text in zip(images, texts, strict=True)]
        inputs = _pad(rows, self.processor.tokenizer.pad_token_id, padding_side)
        nested = [[np.ascontiguousarray(image) for image in sample] for sample in images]
        pixels = self.processor.image_processor(nested, return_tensors="pt", **self._image_options)
        inputs.update({key: pixels[key] for key in self._image_keys})
        return inputs

    def _tokens(self, images: Images, text: str) -> dict[str, Tensor]:
        key = (text, tuple(image.shape[:2] for image in images))
        if key not in self._prompts:
            if len(self._prompts) >= MAX_CACHED_PROMPTS:
                self._prompts.clear()
            outputs = self.processor(
                text=[self.prompt(text, len(images))],
                images=[[np.ascontiguousarray(image) for image in images]],
                return_tensors="pt",
                images_kwargs=self._image_options,
            )
            shape = outputs["input_ids"].shape
            self._prompts[key] = {k: v for k, v in outputs.items() if v.shape == shape}
            self._image_keys = tuple(k for k, v in outputs.items() if v.shape != shape)
        return self._prompts[key]


def check_images(images: Sequence[Images], texts: Sequence[str]) -> None:
    """Raises `SpatuneError` unless there are B >= 1 samples of C >= 1 uint8 RGB images each."""
    if not images or len(images) != len(texts):
        raise SpatuneError(
            f"{len(images)} samples of images for {len(texts)} texts; give one list of images "
            "and one text a sample"
        )
    cameras = len(images[0])
    for index, sample in enumerate(images):
        if len(sample) != cameras or not cameras:
            raise SpatuneError(
                f"sample {index} has {len(sample)} images and sample 0 has {cameras}; give every "
                "sample the same number of cameras, at least one"
            )
        for image in sample:
            if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
                kind = getattr(image, "dtype", type(image).__name__)
                raise SpatuneError(f"image of {kind}; give uint8 arrays of shape (H, W, 3)")
            if image.ndim != 3 or image.shape[2] != 3:
                raise SpatuneError(f"image of shape {image.shape}; give RGB of shape (H, W, 3)")


def _pad(rows: Sequence[dict[str, Tensor]], pad_token: int, side: str) -> dict[str, Tensor]:
    length = max(row["input_ids"].shape[1] for row in rows)
    inputs = {}
    for key in rows[0]:
        padded = []
        for row in rows:
            extra = length - row[key].shape[1]
            padding = (extra, 0) if side == "left" else (0, extra)
            value = pad_token if key == "input_ids" else 0
            padded.append(torch.nn.functional.pad(row[key], padding, value=value))
        inputs[key] = torch.cat(padded)
    return inputs
