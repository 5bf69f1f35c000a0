"""`Asker`: a model that answers batches of questions, with pictures or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SpatuneError, first_line

if TYPE_CHECKING:
    from ..agent.vlm import SpatialVLM
    from .media import Images

GREY = 128
GREY_SIDE = 224
"""Side of the grey picture for a model that takes pictures of any size."""


@dataclass(frozen=True)
class Asker:
    """A loaded model.

    Attributes:
        vlm: The model.
        max_new_tokens: Longest answer in tokens.
        blind: Whether it is asked without pictures.
        grey: (height, width) of the one grey picture that a blind model sees because it refuses
            questions without any; None where it takes text alone.
    """

    vlm: SpatialVLM
    max_new_tokens: int
    blind: bool = False
    grey: tuple[int, int] | None = None

    @classmethod
    def of(cls, vlm: SpatialVLM, max_new_tokens: int, blind: bool) -> Asker:
        """An asker; for a blind one, tries whether the model takes text alone."""
        if not blind or _takes_text_alone(vlm):
            return cls(vlm, max_new_tokens, blind)
        return cls(vlm, max_new_tokens, blind, vlm.image_size or (GREY_SIDE, GREY_SIDE))

    @property
    def vision(self) -> str:
        """What the model sees, in words for the receipt."""
        if not self.blind:
            return "pictures"
        if self.grey is None:
            return "no picture: text alone"
        height, width = self.grey
        return f"one grey picture of {height}x{width}: the model does not take text alone"

    def ask(self, pictures: Sequence[Images], texts: Sequence[str]) -> list[str]:
        """Greedy answers of B questions.

        Args:
            pictures: B lists of equally many pictures; not looked at by a blind model.
            texts: B texts.

        Raises:
            SpatuneError: The accelerator's memory is too small.
        """
        import torch

        try:
            if not self.blind:
                return self.vlm.generate(pictures, texts, self.max_new_tokens)
            if self.grey is not None:
                picture = np.full((*self.grey, 3), GREY, np.uint8)
                return self.vlm.generate([[picture]] * len(texts), texts, self.max_new_tokens)
            return generate_from_text(self.vlm, texts, self.max_new_tokens)
        except torch.OutOfMemoryError:
            raise SpatuneError(
                "the accelerator's memory is too small: lower --batch-size, --frames or "
                "--image-size"
            ) from None


def generate_from_text(vlm: SpatialVLM, texts: Sequence[str], max_new_tokens: int) -> list[str]:
    """Greedy continuations of B texts without any picture."""
    import torch

    processor: Any = vlm.processor
    prompts = [vlm.prompt(text, 0) for text in texts]
    inputs = processor(text=prompts, return_tensors="pt", padding=True, padding_side="left")
    inputs = {key: value.to(vlm.device) for key, value in inputs.items()}
    model: Any = vlm.model
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
    new = output[:, inputs["input_ids"].shape[1] :]
    return [
        text.strip() for text in processor.tokenizer.batch_decode(new, skip_special_tokens=True)
    ]


def _takes_text_alone(vlm: SpatialVLM) -> bool:
    try:
        generate_from_text(vlm, ["Answer with one letter."], 1)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        # Each family refuses in its own way: in its processor, its template or its model.
        return False
    return True


def load_vlm(
    name: str, revision: str | None, trust_remote_code: bool, device: str, precision: str
) -> SpatialVLM:
    """The model of a name, a folder, a hub id or 'embedded', on a device.

    Raises:
        SpatuneError: It does not exist, is no VLM, or the device is not there.
    """
    import torch

    from ..agent.vlm import SpatialVLM
    from ..policies.checkpoint import find_vlm

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SpatuneError(f"device {device!r} cannot be used: {first_line(error)}") from None
    return SpatialVLM.from_pretrained(
        find_vlm(name),
        revision=revision,
        trust_remote_code=trust_remote_code,
        device=device,
        dtype=getattr(torch, precision),
    )
