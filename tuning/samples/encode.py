"""`RowEncoder`: a training row as token ids and labels of a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import SpatuneError
from .row import TrainingRow

if TYPE_CHECKING:
    from transformers import ProcessorMixin

IGNORED = -100
"""Label of a token that is not learnt."""
_PROBE_ANSWER = "0"
# Both would cut a picture into tiles, which `SpatialVLM` does not do either.
_TILING = ("do_image_splitting", "crop_to_patches")

Size = tuple[int, int]


@dataclass(frozen=True)
class EncodedRow:
    """Tokens of one sample.

    Attributes:
        ids: Of prompt and answer, picture tokens included.
        prompt_length: How many of them are the prompt.
    """

    ids: tuple[int, ...]
    prompt_length: int

    @property
    def labels(self) -> tuple[int, ...]:
        """The ids with the prompt's replaced by `IGNORED`."""
        return (IGNORED,) * self.prompt_length + self.ids[self.prompt_length :]


class RowEncoder:
    """Encodes rows as the checkpoint's own chat template and processor do, without pixels.

    How many tokens a picture of some size becomes is learnt from the processor once a size, so
    that ten thousand prompts cost ten thousand tokenisations and not as many picture passes.

    Args:
        processor: Of the checkpoint.
        system: Text of a system turn; empty for none.
    """

    def __init__(self, processor: ProcessorMixin, system: str = "") -> None:
        self.processor: Any = processor
        self._system = system
        image_processor = self.processor.image_processor
        self.picture_options = {
            option: False for option in _TILING if hasattr(image_processor, option)
        }
        self._expansions: dict[tuple[Size, bool], tuple[int, tuple[int, ...]]] = {}
        self._end = self._answer_end()

    def prompt(self, row: TrainingRow) -> str:
        """The chat template's text up to the answer, one placeholder a picture."""
        return self._template(row.parts)

    def encode(self, row: TrainingRow, sizes: Sequence[Size]) -> EncodedRow:
        """Token ids of a row whose pictures have these (height, width)."""
        prompt = self.prompt_ids(row, sizes)
        answer = self._tokens(row.answer + self._end)
        return EncodedRow((*prompt, *answer), len(prompt))

    def prompt_ids(self, row: TrainingRow, sizes: Sequence[Size]) -> tuple[int, ...]:
        """Token ids up to the answer.

        Raises:
            SpatuneError: The text itself holds the placeholder of a picture.
        """
        ids = self._tokens(self.prompt(row), special=True)
        expansions = [self._expansion(size, len(sizes) > 1) for size in sizes]
        if not expansions:
            return tuple(ids)
        placeholder = expansions[0][0]
        if ids.count(placeholder) != len(expansions):
            raise SpatuneError(
                f"row {row.id}: its text holds a picture's placeholder; remove it from the text"
            )
        full: list[int] = []
        left = iter(expansions)
        for token in ids:
            full += next(left)[1] if token == placeholder else (token,)
        return tuple(full)

    def _template(self, parts: Sequence[str | None], answer: str | None = None) -> str:
        content = [
            {"type": "image"} if part is None else {"type": "text", "text": part} for part in parts
        ]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if self._system:
            system = [{"type": "text", "text": self._system}]
            messages.insert(0, {"role": "system", "content": system})
        if answer is not None:
            reply = [{"type": "text", "text": answer}]
            messages.append({"role": "assistant", "content": reply})
        return self.processor.apply_chat_template(messages, add_generation_prompt=answer is None)

    def _answer_end(self) -> str:
        """What the template puts behind an answer, without the line break that separates turns."""
        parts = ("a",)
        prompt, whole = self._template(parts), self._template(parts, _PROBE_ANSWER)
        if not whole.startswith(prompt + _PROBE_ANSWER):
            # Templates that prepare reasoning write another prompt; the turn's end is its token.
            return self.processor.tokenizer.eos_token
        # A template that ends no turn leaves it to the trainer.
        end = whole[len(prompt) + len(_PROBE_ANSWER) :].rstrip()
        return end or self.processor.tokenizer.eos_token

    def _tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; `special` adds what the tokenizer puts around a whole prompt."""
        return self.processor.tokenizer(text, add_special_tokens=special)["input_ids"]

    def _expansion(self, size: Size, several: bool) -> tuple[int, tuple[int, ...]]:
        """Placeholder token in the template's text, and the ids that it becomes.

        A picture alone may be cut into tiles where pictures in company are not (LLaVA-OneVision).
        """
        key = (size, several)
        if key not in self._expansions:
            count = 1 + several
            # The text between two pictures keeps their tokens apart.
            parts = ("a", *(None, "a") * count)
            text = self._template(parts)
            short = self._tokens(text, special=True)
            outputs = self.processor(
                text=[text],
                images=[[np.zeros((*size, 3), np.uint8)] * count],
                return_tensors="np",
                images_kwargs=self.picture_options,
            )
            long = outputs["input_ids"][0].tolist()
            if short == long:
                # A picture that is a single token, its placeholder.
                first = short.index(self.processor.image_token_id)
            else:
                pairs = enumerate(zip(short, long, strict=False))
                first = next(i for i, (a, b) in pairs if a != b)
            while short[first - 1] == short[first] or long[first - 1] == long[first]:
                first -= 1
            length = (len(long) - len(short)) // count + 1
            self._expansions[key] = (short[first], tuple(long[first : first + length]))
        return self._expansions[key]
