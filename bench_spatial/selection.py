"""`choose`: which samples of a benchmark are asked, and digests of what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from ..errors import SpatuneError
from .sample import Sample


def choose(samples: Sequence[Sample], limit: int | None) -> tuple[Sample, ...]:
    """At most `limit` samples, evenly over the categories, in their canonical order.

    The choice depends on the samples' ids and not on the order of the rows, and a larger limit
    keeps those of a smaller one. The canonical order puts samples with the same pictures together.

    Raises:
        SpatuneError: The limit is below 1.
    """
    if limit is not None and limit < 1:
        raise SpatuneError(f"limit is {limit}; use 1, 2, ...")
    groups: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda sample: _digest(sample.id)):
        groups.setdefault(sample.category, []).append(sample)
    turns = zip_longest(*(groups[name] for name in sorted(groups)))
    drawn = [sample for turn in turns for sample in turn if sample is not None]
    return tuple(sorted(drawn[:limit], key=lambda sample: (sample.scene, sample.id)))


def read_kept_ids(path: Path, known: Iterable[str]) -> frozenset[str]:
    """Ids of a file: a JSON list, or one a line.

    Raises:
        SpatuneError: The file is missing or empty, or names an id that the benchmark lacks.
    """
    if not path.is_file():
        raise SpatuneError(f"{path}: no such file of ids")
    text = path.read_text(encoding="utf-8").strip()
    try:
        data = json.loads(text) if text.startswith("[") else text.split("\n")
    except json.JSONDecodeError as error:
        raise SpatuneError(f"{path} is not a JSON list: {error}") from None
    ids = frozenset(str(name).strip() for name in data if str(name).strip())
    if not ids:
        raise SpatuneError(f"{path} holds no id")
    strange = sorted(ids - set(known))
    if strange:
        raise SpatuneError(
            f"{path}: {len(strange)} ids are not in the benchmark, such as {strange[0]!r}"
        )
    return ids


def samples_sha256(samples: Iterable[Sample]) -> str:
    """Digest of the questions, whatever the order of their rows; pictures are not in it."""
    return _digest("\n".join(sorted(_text(sample) for sample in samples)))


def order_sha256(samples: Iterable[Sample]) -> str:
    """Digest of the ids in the order of the rows."""
    return _digest("\n".join(sample.id for sample in samples))


def ids_sha256(ids: Iterable[str]) -> str:
    """Digest of a set of ids."""
    return _digest("\n".join(sorted(ids)))


def _text(sample: Sample) -> str:
    fields = ("id", "category", "scene", "question", "options", "truth", "form")
    return json.dumps([getattr(sample, name) for name in fields])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
