"""`write_report`: figures as JSON and as a page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_report(folder: Path, name: str, found: Mapping[str, Any], page: str) -> list[Path]:
    """Write `<name>.json` and `<name>.md`.

    Returns:
        Both files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data, text = folder / f"{name}.json", folder / f"{name}.md"
    data.write_text(json.dumps(found, indent=1) + "\n")
    text.write_text(page)
    return [data, text]
