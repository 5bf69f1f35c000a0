"""Batches hold every sample once, and packed samples see themselves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spatune.agent.tiny_families import TINY_ARCHITECTURES
from spatune.agent.vlm import SpatialVLM
from spatune.errors import SpatuneError
from spatune.tuning.samples.collate import PICTURE_COUNTS, PICTURES, RowCollator, _first_fit
from spatune.tuning.samples.device_pictures import DevicePictures
from spatune.tuning.samples.encode import IGNORED, RowEncoder
from spatune.tuning.samples.pictures import ArrayFrame
from spatune.tuning.samples.row import TrainingRow

from ..llava_files import write_pictures

QUESTIONS = ("What is left of the mug?", "Which colour is it?", "Red?", "Is the plate blue?")
ANSWERS = ("a plate", "red", "It is red, and the plate is left of the mug.", "0.25 m")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingRow]:
    """With one, two, no and three pictures of one size."""
    file = tmp_path_factory.mktemp("pictures") / "seen.npy"
    write_pictures(file, 6)
    shown = ((0,), (1, 2), (), (3, 4, 5))
    return [
        TrainingRow(
            f"q{place}",
            tuple(ArrayFrame(file, number) for number in each),
            (*(None,) * len(each), QUESTIONS[place]),
            ANSWERS[place],
        )
        for place, each in enumerate(shown)
    ]


def collator(vlm: SpatialVLM, rows: Sequence[TrainingRow], **options: int) -> RowCollator:
    pad: Any = vlm.processor.tokenizer.pad_token_id  # pyright: ignore[reportAttributeAccessIssue]
    return RowCollator(rows, RowEncoder(vlm.processor), pad, **options)


def inputs(vlm: SpatialVLM, batch: dict[str, Any]) -> dict[str, Any]:
    return DevicePictures(vlm.model, RowEncoder(vlm.processor))(batch)


def items(rows: Sequence[TrainingRow]) -> list[dict[str, int]]:
    return [{"row": place} for place in range(len(rows))]


def tokens(vlm: SpatialVLM, rows: Sequence[TrainingRow]) -> list[int]:
    """Length of each row."""
    encoder = RowEncoder(vlm.processor)
    return [len(encoder.encode(row, [(64, 64)] * len(row.pictures)).ids) for row in rows]


def loss(vlm: SpatialVLM, batch: dict[str, Any]) -> float:
    """Sum over the tokens to learn."""
    given = inputs(vlm, batch)
    labels = given.pop("labels")
    with torch.no_grad():
        logits = vlm.model(**given, use_cache=False).logits.float()
    total = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return float(total)


@given(lengths=st.lists(st.integers(1, 100), min_size=1, max_size=40), slack=st.integers(0, 300))
def test_packing_holds_every_sample_once_and_no_row_is_too_long(
    lengths: list[int], slack: int
) -> None:
    limit = max(lengths) + slack
    bins = _first_fit(lengths, limit)
    assert sorted(place for members in bins for place in members) == list(range(len(lengths)))
    filled = [sum(lengths[place] for place in members) for members in bins]
    assert max(filled) <= limit
    # First fit leaves no two rows that would fit into one.
    assert len(bins) == 1 or sum(sorted(filled)[:2]) > limit


def test_without_packing_each_sample_is_a_row(
    rows: list[TrainingRow], tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm("qwen3_vl")
    batch = collator(vlm, rows)(items(rows))
    encoder = RowEncoder(vlm.processor)
    for number, row in enumerate(rows):
        encoded = encoder.encode(row, [(64, 64)] * len(row.pictures))
        kept = batch["attention_mask"][number].bool()
        assert tuple(batch["input_ids"][number][kept].tolist()) == encoded.ids
        assert tuple(batch["labels"][number][kept].tolist()) == encoded.labels
        assert (batch["labels"][number][~kept] == IGNORED).all()
    assert batch[PICTURE_COUNTS].tolist() == [1, 2, 0, 3]
    assert batch[PICTURES].shape == (6, 3, 64, 64) and batch[PICTURES].dtype == torch.uint8


def test_pictures_stand_in_the_order_of_the_packed_samples(
    rows: list[TrainingRow], tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm("fastvlm")
    limit = max(lengths := tokens(vlm, rows)) + 8
    batch = collator(vlm, rows, packing=limit)(items(rows))
    assert batch["input_ids"].shape[1] <= limit
    expected = np.load(rows[0].pictures[0].file)  # pyright: ignore[reportAttributeAccessIssue]
    order = [place for members in _first_fit(lengths, limit) for place in members]
    assert order != [0, 1, 2, 3]
    shown = [expected[p.place] for place in order for p in rows[place].pictures]  # pyright: ignore
    assert batch[PICTURE_COUNTS].tolist() == [len(rows[place].pictures) for place in order]
    np.testing.assert_array_equal(batch[PICTURES].permute(0, 2, 3, 1), np.stack(shown))


@pytest.mark.parametrize("family", ["fastvlm", "qwen3_vl", "qwen2_5_vl"])
def test_the_packed_loss_is_the_padded_loss(
    family: str, rows: list[TrainingRow], tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm(family)
    alone = sum(loss(vlm, collator(vlm, rows)([item])) for item in items(rows))
    padded = collator(vlm, rows)(items(rows))
    assert loss(vlm, padded) == pytest.approx(alone, abs=1e-4)
    learnt = (padded["labels"] != IGNORED).sum()
    lengths = tokens(vlm, rows)
    # All in one row, and in rows of which one has padding behind two samples.
    for limit in (sum(lengths), max(lengths) + min(lengths)):
        packed = collator(vlm, rows, packing=limit)(items(rows))
        assert loss(vlm, packed) == pytest.approx(alone, abs=1e-4)
        assert (packed["labels"] != IGNORED).sum() == learnt


def test_packed_pictures_of_several_sizes_give_the_same_loss(
    tmp_path: Path, tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    write_pictures(tmp_path / "square.npy", 2, (64, 64))
    write_pictures(tmp_path / "wide.npy", 2, (48, 112))
    rows = [
        TrainingRow("q", (ArrayFrame(tmp_path / f"{name}.npy", place),), (None, "?"), "red")
        for place in range(2)
        for name in ("square", "wide")
    ]
    vlm = tiny_vlm("qwen2_5_vl")
    batch = collator(vlm, rows, packing=4096)(items(rows))
    assert isinstance(batch[PICTURES], list)
    alone = sum(loss(vlm, collator(vlm, rows)([item])) for item in items(rows))
    assert loss(vlm, batch) == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("family", TINY_ARCHITECTURES)
def test_pictures_are_processed_as_the_vlm_does(
    family: str, rows: list[TrainingRow], tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm(family)
    row = rows[1]
    given = inputs(vlm, collator(vlm, rows)([{"row": 1}]))
    array = np.load(row.pictures[0].file)  # pyright: ignore[reportAttributeAccessIssue]
    asked = vlm.inputs([[array[1], array[2]]], [QUESTIONS[1]])
    length = asked["input_ids"].shape[1]
    for key, wanted in asked.items():
        got = given[key][:, :length] if wanted.shape[1:] == (length,) else given[key]
        torch.testing.assert_close(got.to(wanted.dtype), wanted, msg=f"{key} differs")
    text = inputs(vlm, collator(vlm, rows)(items(rows)))
    labels = text.pop("labels")
    assert vlm.model(**text).logits.shape[:2] == labels.shape


def test_samples_that_are_too_long_are_named(
    rows: list[TrainingRow], tiny_vlm: Callable[[str], SpatialVLM]
) -> None:
    vlm = tiny_vlm("fastvlm")
    with pytest.raises(SpatuneError, match=r"row q3 has \d+ tokens; raise --max-length"):
        collator(vlm, rows, longest=20)([{"row": 3}])
    with pytest.raises(
        SpatuneError, match=r"row q3 .* do not fit into a row of --packing 20; raise"
    ):
        collator(vlm, rows, packing=20)([{"row": 3}])
