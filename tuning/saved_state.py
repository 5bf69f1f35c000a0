"""`last_state`: where a killed run of a Hugging Face trainer goes on."""

from __future__ import annotations

from pathlib import Path


def last_state(work: Path) -> Path | None:
    """The last saved state that is whole: its progress is written last.

    Args:
        work: The trainer's output folder.
    """
    states = [file.parent for file in work.glob("checkpoint-*/trainer_state.json")]
    return max(states, key=lambda state: int(state.name.rpartition("-")[2]), default=None)
