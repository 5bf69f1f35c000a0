"""`play_pending`: go on with a run directory, and load what acts only where something is left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from ..agent.chunk_policy import ChunkPolicy
from .engine import EngineOptions, Lane, run_lanes
from .environment import EnvFactory
from .episode_progress import EpisodeProgress
from .keys import EpisodeKey
from .store import EpisodeStore
from .video import VideoRequest
from .worker_use import WorkerUse


def play_pending(
    store: EpisodeStore,
    keys: tuple[EpisodeKey, ...],
    load: Callable[[], ChunkPolicy],
    factory: EnvFactory,
    options: EngineOptions,
    *,
    control: str = "none",
    videos: Mapping[EpisodeKey, VideoRequest] | None = None,
) -> tuple[WorkerUse, ...]:
    """Play the episodes that a run directory lacks, with progress, and put its records in order.

    Args:
        store: The run directory.
        keys: The episodes of the run.
        load: Gives what acts; not called where every episode is there.
        factory: Makes the environments.
        options: How the episodes are played.
        control: Name of the control that acts, or `none`.
        videos: What to film, by key.

    Returns:
        As `run_lanes`; empty where nothing was left to play.
    """
    done = len(keys) - len(store.pending(keys))
    if done:
        there = f"{done} of {len(keys)} episodes are there already"
        print(f"{store.directory}: {there}", file=sys.stderr)
    if done == len(keys):
        store.finalise()
        return ()
    lane = Lane(control, load(), store, keys, videos or {})
    successes = sum(bool(record.success) for record in store.records)
    with EpisodeProgress(len(keys), done, successes) as progress:
        return run_lanes([lane], factory, options, progress)
