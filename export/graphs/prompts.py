"""`Prompts`: the token rows of the instructions that a policy is exported for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ...errors import SpatuneError

if TYPE_CHECKING:
    from ...agent.vlm import SpatialVLM


@dataclass(frozen=True)
class Prompts:
    """Instructions as rows of one length: a robot that knows its tasks needs no tokenizer.

    Attributes:
        length: L, tokens of a row.
        image_places: Positions of the image tokens, the same in every row.
        positions: Rotary positions, int64 (1, L), or (3, 1, L) where time, row and column differ.
        rows: Instruction -> int64 (2, L): token ids, and 1 for tokens that are no padding.
    """

    length: int
    image_places: tuple[int, ...]
    positions: Tensor
    rows: Mapping[str, np.ndarray]

    @classmethod
    def of_tasks(
        cls, vlm: SpatialVLM, tasks: Sequence[str], cameras: int, height: int, width: int
    ) -> Prompts:
        """Tokenise instructions as `SpatialVLM` does.

        Args:
            vlm: The VLM.
            tasks: Instructions.
            cameras: Images in front of each.
            height: Rows of the images, pixels.
            width: Columns.

        Raises:
            SpatuneError: No instruction.
        """
        if not tasks:
            raise SpatuneError("no instruction to export for; give at least one task")
        tasks = tuple(dict.fromkeys(tasks))
        black = [np.zeros((height, width, 3), np.uint8)] * cameras
        inputs = vlm.inputs([black] * len(tasks), tasks)
        ids, mask = (inputs[key].cpu().numpy() for key in ("input_ids", "attention_mask"))
        places = {tuple(np.flatnonzero(row == vlm.image_token).tolist()) for row in ids}
        if len(places) != 1:
            raise SpatuneError("the image tokens lie at unequal places in the prompts")
        rows = {task: np.stack([ids[i], mask[i]]).astype(np.int64) for i, task in enumerate(tasks)}
        return cls(ids.shape[1], places.pop(), _positions(vlm, inputs), rows)

    def row(self, task: str) -> np.ndarray:
        """Token ids and mask of an instruction, int64 (2, L).

        Raises:
            SpatuneError: The policy was not exported for it.
        """
        if task not in self.rows:
            known = "; ".join(list(self.rows)[:3])
            raise SpatuneError(
                f"instruction {task!r} is not among the {len(self.rows)} that were exported "
                f"({known}, ...): export again with it"
            )
        return self.rows[task]


def _positions(vlm: SpatialVLM, inputs: Mapping[str, Tensor]) -> Tensor:
    """Positions depend on where the images are, which is the same in every prompt."""
    if "image_grid_thw" not in inputs:
        return torch.arange(inputs["input_ids"].shape[1])[None]
    model: Any = vlm.model.base_model
    longest = int(inputs["attention_mask"].sum(1).argmax())
    one = {key: inputs[key][longest : longest + 1] for key in ("input_ids", "mm_token_type_ids")}
    cameras = len(inputs["image_grid_thw"]) // len(inputs["input_ids"])
    grid = inputs["image_grid_thw"][:cameras]
    return model.get_rope_index(**one, image_grid_thw=grid)[0].cpu()
