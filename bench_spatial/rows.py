"""`read_rows`: rows of a benchmark from parquet, JSON or JSON lines, checked field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import SpatuneError, first_line
from .sample import Sample

ROW_SUFFIXES = (".jsonl", ".json", ".parquet")

Row = Mapping[str, Any]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of one file, or of all row files of one kind in a folder in the order of their names.

    Raises:
        SpatuneError: Nothing is there, kinds are mixed, or a file is not of its kind; the line
            names the file.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in ROW_SUFFIXES)
        kinds = sorted({file.suffix for file in files})
        if len(kinds) != 1:
            held = f"files of several kinds ({', '.join(kinds)})" if kinds else "no row file"
            raise SpatuneError(f"{path} holds {held}; give one .parquet, .json or .jsonl file")
        return [row for file in files for row in read_rows(file)]
    if not path.is_file():
        raise SpatuneError(f"{path}: no such file; give --data the benchmark's file or folder")
    readers = {".jsonl": _json_lines, ".json": _json_list, ".parquet": _parquet}
    if path.suffix not in readers:
        raise SpatuneError(f"{path}: give a .parquet, .json or .jsonl file")
    rows = readers[path.suffix](path)
    if not rows:
        raise SpatuneError(f"{path} holds no row")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise SpatuneError(f"{path}: row {number} is not an object with named fields")
    return rows


def text_field(row: Row, name: str, where: str) -> str:
    """A field that must be text or a number, as text without spaces around it.

    Args:
        row: The row.
        name: Name of the field.
        where: File and row, for the message.

    Raises:
        SpatuneError: It is missing, empty, or something else.
    """
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        kind = "missing" if value is None else f"a {type(value).__name__}, not text"
        raise SpatuneError(f"{where}: field {name!r} is {kind}")
    text = str(value).strip()
    if not text:
        raise SpatuneError(f"{where}: field {name!r} is empty")
    return text


def list_field(row: Row, name: str, where: str) -> list[Any]:
    """A field that must be a list with something in it.

    Raises:
        SpatuneError: It is missing, empty, or something else.
    """
    value = row.get(name)
    if not isinstance(value, list) or not value:
        kind = "missing" if value is None else "not a list with entries"
        raise SpatuneError(f"{where}: field {name!r} is {kind}")
    return value


def check_unique(samples: Iterable[Sample], path: Path) -> tuple[Sample, ...]:
    """The samples, if no two have one id.

    Raises:
        SpatuneError: Two have.
    """
    held: dict[str, int] = {}
    checked = tuple(samples)
    for number, sample in enumerate(checked, 1):
        first = held.setdefault(sample.id, number)
        if first != number:
            raise SpatuneError(f"{path}: rows {first} and {number} both have the id {sample.id!r}")
    return checked


def _json_lines(path: Path) -> list[Any]:
    rows = []
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise SpatuneError(f"{path}: line {number} is not JSON: {error}") from None
    return rows


def _json_list(path: Path) -> list[Any]:
    try:
        data = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise SpatuneError(f"{path} is not JSON: {error}") from None
    if not isinstance(data, list):
        raise SpatuneError(f"{path}: a {type(data).__name__}, not a list of rows")
    return data


def _parquet(path: Path) -> list[Any]:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        return parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise SpatuneError(f"{path} is not a readable parquet file: {first_line(error)}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SpatuneError(f"{path} is not UTF-8 text") from None
