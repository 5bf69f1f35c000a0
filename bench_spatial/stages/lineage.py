"""`read_lineage`: how a checkpoint was tuned, stage after stage, from what the stages wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...digests import TUNING_FILE
from ...errors import SpatuneError


def read_lineage(checkpoint: str) -> tuple[dict[str, Any], ...]:
    """What the stages of tuning say of themselves, the last first.

    Each stage's `tuning.json` holds its data's digests, and in `base` the identity of the
    checkpoint that it began with and that one's own record.

    Args:
        checkpoint: Folder or hub id.

    Returns:
        A record a stage, whose `base` holds no record any more; empty for a hub id and for a
        checkpoint that no stage has written.

    Raises:
        SpatuneError: The file is no JSON object.
    """
    file = Path(checkpoint) / TUNING_FILE
    chain: list[dict[str, Any]] = []
    record: Any = _read(file) if file.is_file() else None
    while isinstance(record, dict):
        base = record.get("base")
        before = None
        if isinstance(base, dict):
            before = base.get("tuning")
            base = {name: value for name, value in base.items() if name != "tuning"}
        chain.append({**record, "base": base})
        record = before
    return tuple(chain)


def step_text(step: dict[str, Any]) -> str:
    """A stage of tuning in one line: its name, minutes, and the digests of data and base."""
    words = [f"stage {step.get('stage', '?')}"]
    minutes = step.get("minutes")
    if isinstance(minutes, int | float):
        words.append(f"{minutes:.1f} minutes")
    data = step.get("data")
    for entry in data if isinstance(data, list) else []:
        if isinstance(entry, dict):
            rows, name = entry.get("rows", "?"), entry.get("name", "?")
            words.append(f"{rows} rows of {name} (sha256 `{entry.get('sha256', '?')}`)")
    base = step.get("base")
    if isinstance(base, dict) and base.get("sha256"):
        words.append(f"from the checkpoint `{base['sha256']}`")
    return ", ".join(words)


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        data = None
    if not isinstance(data, dict):
        raise SpatuneError(
            f"{file} is not a JSON object; restore it from the tuning run, or remove it"
        )
    return data
