"""`RowCollator`: batches of training rows, padded or packed, with pictures as uint8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import SpatuneError
from .encode import IGNORED, EncodedRow, RowEncoder
from .pictures import PictureCache
from .row import TrainingRow

if TYPE_CHECKING:
    from torch import Tensor

PICTURES = "pictures"
"""Key of a batch: pictures of all samples in the order of their placeholders, uint8. One tensor
(N, 3, H, W) where all have one size, else a list of (3, H, W)."""
PICTURE_COUNTS = "picture_counts"
"""Key of a batch: int64 (B,), pictures of each sample, in the same order."""


class RowCollator:
    """Turns places in a list of rows into a batch; runs in the processes that load data.

    Pixels stay uint8: resizing and normalising them is left to the device (`DevicePictures`).

    Args:
        rows: All rows.
        encoder: Of the checkpoint.
        pad_token: Id that fills rows up.
        packing: Put several samples into one row of at most this many tokens, each of which sees
            itself alone; 0 gives each sample a row. A sample must fit into one.
        longest: Most tokens that a sample may have; 0 for any number.
        megabytes: Memory for decoded pictures.
    """

    def __init__(
        self,
        rows: Sequence[TrainingRow],
        encoder: RowEncoder,
        pad_token: int,
        *,
        packing: int = 0,
        longest: int = 0,
        megabytes: int = 512,
    ) -> None:
        self._rows, self._encoder, self._pad = rows, encoder, pad_token
        self._packing, self._longest = packing, longest
        self._pixels = PictureCache(megabytes)

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch of the rows at `item["row"]`.

        Returns:
            `input_ids`, `labels` (R, L); `attention_mask` (R, L) of padded batches, `position_ids`
            of packed ones; `PICTURES` and `PICTURE_COUNTS`.

        Raises:
            SpatuneError: A picture cannot be read, or a sample is too long.
        """
        samples = [self._sample(int(item["row"])) for item in items]
        bins = _first_fit([len(s.ids) for s, _ in samples], self._packing)
        order = [place for members in bins for place in members]
        batch = self._packed(samples, bins) if self._packing else self._padded(samples)
        pictures = [pixels for place in order for pixels in samples[place][1]]
        if pictures:
            batch[PICTURES] = _stacked(pictures)
        batch[PICTURE_COUNTS] = _torch().tensor([len(samples[place][1]) for place in order])
        return batch

    def _sample(self, place: int) -> tuple[EncodedRow, list[np.ndarray]]:
        row = self._rows[place]
        pixels = [self._pixels[picture] for picture in row.pictures]
        sizes = [(p.shape[0], p.shape[1]) for p in pixels]
        encoded = self._encoder.encode(row, sizes)
        if self._longest and len(encoded.ids) > self._longest:
            raise SpatuneError(
                f"row {row.id} has {len(encoded.ids)} tokens; raise --max-length, or show fewer or "
                "smaller pictures"
            )
        if self._packing and len(encoded.ids) > self._packing:
            raise SpatuneError(
                f"row {row.id} has {len(encoded.ids)} tokens, which do not fit into a row of "
                f"--packing {self._packing}; raise it"
            )
        return encoded, pixels

    def _padded(self, samples: Sequence[tuple[EncodedRow, Any]]) -> dict[str, Any]:
        torch = _torch()
        length = max(len(sample.ids) for sample, _ in samples)
        ids = torch.full((len(samples), length), self._pad)
        labels = torch.full((len(samples), length), IGNORED)
        mask = torch.zeros((len(samples), length), dtype=torch.int64)
        for number, (sample, _) in enumerate(samples):
            size = len(sample.ids)
            ids[number, :size] = torch.tensor(sample.ids)
            labels[number, :size] = torch.tensor(sample.labels)
            mask[number, :size] = 1
        return {"input_ids": ids, "labels": labels, "attention_mask": mask}

    def _packed(
        self, samples: Sequence[tuple[EncodedRow, list[np.ndarray]]], bins: list[list[int]]
    ) -> dict[str, Any]:
        """Positions start again with each sample, by which transformers keeps them apart."""
        torch = _torch()
        length = max(sum(len(samples[place][0].ids) for place in members) for members in bins)
        ids = torch.full((len(bins), length), self._pad)
        labels = torch.full((len(bins), length), IGNORED)
        starts = torch.zeros((len(bins), length), dtype=torch.int64)
        for number, members in enumerate(bins):
            begin = 0
            for place in members:
                sample = samples[place][0]
                end = begin + len(sample.ids)
                ids[number, begin:end] = torch.tensor(sample.ids)
                labels[number, begin:end] = torch.tensor(sample.labels)
                # The first token of a sample would be predicted from the sample before it.
                labels[number, begin] = IGNORED
                starts[number, begin:end] = begin
                begin = end
            starts[number, begin:] = begin
        positions = torch.arange(length) - starts
        return {"input_ids": ids, "labels": labels, "position_ids": positions}


def _first_fit(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Members of each row, by first fit in order of decreasing length; one each without a limit."""
    if not limit:
        return [[place] for place in range(len(lengths))]
    bins: list[list[int]] = []
    filled: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        for number, used in enumerate(filled):
            if used + lengths[place] <= limit:
                bins[number].append(place)
                filled[number] += lengths[place]
                break
        else:
            bins.append([place])
            filled.append(lengths[place])
    return bins


def _stacked(pictures: Sequence[np.ndarray]) -> Tensor | list[Tensor]:
    torch = _torch()
    if len({pixels.shape for pixels in pictures}) == 1:
        stacked = torch.from_numpy(np.stack(pictures))
        return stacked.permute(0, 3, 1, 2).contiguous()
    return [torch.from_numpy(pixels.copy()).permute(2, 0, 1).contiguous() for pixels in pictures]


def _torch() -> Any:
    import torch

    return torch
