"""`claim_folder`: one folder of unfinished work, one configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import SpatuneError


def claim_folder(folder: Path, config: Mapping[str, Any]) -> None:
    """Make a work folder for a configuration, or check that it belongs to this one.

    Args:
        folder: Where unfinished work is kept.
        config: Settings that decide the work's result.

    Raises:
        SpatuneError: It holds work of another configuration.
    """
    text = json.dumps(config, indent=2, default=str)
    file = folder / "config.json"
    if file.exists() and file.read_text() != text:
        raise SpatuneError(
            f"{folder} holds work of another configuration; use its settings again or remove it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
