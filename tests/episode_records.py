"""Episode records by hand, for the tests of everything that reads them."""

from __future__ import annotations

from dataclasses import replace

from spatune.evaluation import EpisodeKey, EpisodeRecord


def episode_record(
    task: int,
    init: int,
    solved: int | None,
    *,
    suite: str = "libero_object",
    limit: int = 280,
    **changes,
) -> EpisodeRecord:
    """An episode that was solved after so many steps, or (None) was not."""
    record = EpisodeRecord(
        key=EpisodeKey("libero", suite, task, init),
        control="none",
        success=solved is not None,
        steps=limit if solved is None else solved,
        max_steps=limit,
        first_success_step=solved,
        return_=float(solved is not None),
        wall_seconds=1.0,
        error=None,
        message=None,
        action_digest="a",
        state_digest="b",
        instruction=f"task {task}",
        mode="exact",
        backend="numpy",
        versions={"numpy": "2"},
    )
    return replace(record, **changes)
