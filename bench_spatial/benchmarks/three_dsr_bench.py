"""`ThreeDSRBench`: 3DSRBench (arXiv 2412.07825), 3D relations on single pictures."""

from __future__ import annotations

import base64
import binascii
import csv
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar

from ...errors import SpatuneError
from ..benchmark import Scored, Variant
from ..rows import Row, text_field
from ..sample import Sample
from ..scores.extraction import strict_choice
from .letter_benchmark import ANSWER_BY_LETTER, LetterBenchmark, truth_letter
from .row_benchmark import row_media

PROTOCOLS = ("vanilla", "flip", "circular", "flip-circular")
"""A question counts as right if it is right: as it stands; in the mirrored picture too; in every
order of its options; in both pictures in every order."""

TYPES = ("height", "location", "orientation", "multi_object")
"""What categories begin with."""

_NAME = re.compile(r"(?P<base>.+?)(?P<flip>-flip)?(?:-(?P<turn>\d))?")
_PATH = re.compile(r"[^\n]{1,300}\.(?:png|jpe?g|webp|bmp)", re.IGNORECASE)


class ThreeDSRBench(LetterBenchmark):
    """Rows {qid, question, A, B, C?, D?, answer, category, image}.

    `--data` is the published .tsv (pictures in base64), or a .csv, .jsonl, .json or .parquet. The
    `qid` says which rows belong together: `abc` or `abc-0` as it stands, `abc-1` with another order
    of the options, `abc-flip` and `abc-flip-1` in the mirrored picture. Where the file holds one
    order only, the run's mode `circular` asks the others; the totals then hold for it.
    """

    name = "3dsrbench"
    title = "3DSRBench"
    variants: ClassVar[tuple[Variant, ...]] = tuple(
        Variant(
            protocol,
            prompt="letters",
            extractor="robust",
            scoring=protocol,
            summary=f"The total `overall` is that of the {protocol} protocol.",
        )
        for protocol in reversed(PROTOCOLS)
    )

    def rows(self, data: Path) -> Sequence[Row]:
        """Rows of a table, or of the files that every benchmark reads.

        Raises:
            SpatuneError: As in `Benchmark.load`.
        """
        return _table(data) if data.suffix in (".tsv", ".csv") else super().rows(data)

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; `extra` says to which question and protocol it belongs."""
        name = text_field(row, "qid", where)
        match = _NAME.fullmatch(name)
        assert match is not None
        options = tuple(
            text_field(row, letter, where)
            for letter in "ABCD"
            if letter in "AB" or str(row.get(letter) or "").strip()
        )
        media, skip = row_media(_decoded(row, where), ("image",), where, folder)
        return Sample(
            id=name,
            benchmark=self.name,
            category=text_field(row, "category", where),
            scene=match["base"],
            question=text_field(row, "question", where),
            options=options,
            truth=truth_letter(text_field(row, "answer", where), options, where),
            form="choice",
            media=media,
            extra={"flipped": bool(match["flip"]), "turned": (match["turn"] or "0") != "0"},
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Question, options and the wish for a letter, a line each."""
        return "\n".join([sample.question, *sample.lettered, ANSWER_BY_LETTER])

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The first word, if it is a letter."""
        return strict_choice(raw, sample.letters)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """All four protocols, and the variant's for each type of question.

        A protocol is None where the rows that it adds are not among the samples.
        """
        totals: dict[str, float | None] = {"overall": _protocol(scored, variant.scoring)}
        totals |= {name: _protocol(scored, name) for name in PROTOCOLS}
        for kind in TYPES:
            own = [one for one in scored if one.sample.category.startswith(kind)]
            totals[kind] = _protocol(own, variant.scoring)
        return totals


def _protocol(scored: Sequence[Scored], name: str) -> float | None:
    """Share of the questions that are right in all rows that the protocol asks."""
    flips, turns = name.startswith("flip"), name.endswith("circular")
    rows = [
        one
        for one in scored
        if (flips or not one.sample.extra["flipped"]) and (turns or not one.sample.extra["turned"])
    ]
    added = (("flipped", flips), ("turned", turns))
    if any(asked and not any(one.sample.extra[key] for one in rows) for key, asked in added):
        return None
    right: dict[str, float] = {}
    for one in rows:
        base = one.sample.scene
        right[base] = min(right.get(base, 1.0), one.score or 0.0)
    # A resample of the bootstrap holds all rows of a question several times.
    copies = Counter(one.sample.id for one in rows)
    weights = {one.sample.scene: copies[one.sample.id] for one in rows}
    return fmean(right.values(), [weights[base] for base in right]) if right else None


def _decoded(row: Row, where: str) -> Row:
    """The row with a picture in base64 as bytes."""
    image = row.get("image")
    if not isinstance(image, str) or _PATH.fullmatch(image.strip()):
        return row
    try:
        return {**row, "image": base64.b64decode(image, validate=True)}
    except (binascii.Error, ValueError):
        raise SpatuneError(f"{where}: field 'image' is neither base64 nor a path") from None


def _table(path: Path) -> list[dict[str, Any]]:
    """Rows of a .tsv or .csv with a head line."""
    if not path.is_file():
        raise SpatuneError(f"{path}: no such file; give --data the benchmark's file")
    # Pictures make fields longer than the csv module allows by default.
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    if not rows:
        raise SpatuneError(f"{path} holds no row")
    return rows
