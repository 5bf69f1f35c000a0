"""`read_house`: a house from ProcTHOR's JSON, schema 0.0.1 or 1.0.0."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import SpatuneError, first_line
from .check import check_house
from .fields import Field
from .house import House
from .records import RecordReader


def read_house(source: Mapping[str, Any] | str | Path, *, check: bool = True) -> House:
    """Read a house and validate every field that it uses.

    Numbers are rounded to six decimals. Schema 0.0.1 is what the generator of the `procthor` wheel
    makes, 1.0.0 is that of ProcTHOR-10K and AI2-THOR 5. Without `metadata.schema` the fields tell.

    Args:
        source: The JSON object, or a `.json` or `.json.gz` file with it.
        check: Whether the geometry must be one that can be simulated (see `check_house`).

    Raises:
        SpatuneError: The file cannot be read, a field is missing or wrong (the message names its
            path, for example `house.walls[3].polygon[2].x`), or the geometry is impossible.
    """
    if isinstance(source, Mapping):
        return _read(source, check)
    path = Path(source)
    try:
        return _read(_load(path), check)
    except SpatuneError as error:
        raise SpatuneError(f"{path}: {error}") from None


def _load(path: Path) -> Any:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        raise SpatuneError("no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise SpatuneError(f"cannot be read: {first_line(error)}") from None
    except (ValueError, RecursionError) as error:
        raise SpatuneError(f"not JSON: {first_line(error)}") from None


def _read(source: Any, check: bool) -> House:
    root = Field(source, "house")
    procedural, metadata = root["proceduralParameters"], root["metadata"]
    reader = RecordReader(upgraded=_is_upgraded(procedural, metadata))
    # In this order, because walls name rooms, and openings name both.
    rooms = tuple(reader.room(record) for record in root["rooms"].items())
    walls = reader.walls(root["walls"])
    house = House(
        rooms=rooms,
        walls=walls,
        doors=tuple(reader.opening(record) for record in root["doors"].items()),
        windows=tuple(reader.opening(record) for record in root["windows"].items()),
        objects=tuple(reader.object(record) for record in root["objects"].items()),
        lights=tuple(reader.light(record) for record in procedural["lights"].items()),
        ceiling_material=reader.material(procedural, "ceilingMaterial", "ceilingColor"),
        skybox=procedural["skyboxId"].text(),
        agent=reader.agent(metadata),
        room_spec=metadata.text_or_empty("roomSpecId"),
    )
    if check:
        check_house(house)
    return house


def _is_upgraded(procedural: Field, metadata: Field) -> bool:
    """Whether the schema is 1.0.0 rather than 0.0.1."""
    schema = metadata.maybe("schema")
    if schema is not None:
        return schema.choice("0.0.1", "1.0.0") == "1.0.0"
    return isinstance(procedural["ceilingMaterial"].value, Mapping)
