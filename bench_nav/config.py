"""`EvalNavConfig`: the arguments of `spatune eval nav`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..envs.houses.assets import Split
from ..envs.navigation.task import MAX_STEPS, NavTask
from ..envs.thor_backends.backend import Backend

Control = Literal["none", "blind"]


@dataclass(frozen=True)
class EvalNavConfig:
    """Score a policy on ObjectNav, PointNav or RoomVisit: success, SPL, SoftSPL, SEL.

    The run directory holds config.json, episodes.jsonl and report.json. A run that was stopped or
    killed goes on when the same command is given again; finished episodes are never repeated.
    """

    policy: str = "embedded-nav"
    """Who acts: 'embedded-nav', a policy folder, a hub id, 'oracle' (the expert, which knows the
    house; embedded backend only) or 'random' (uniform over the six actions)."""

    task: NavTask = "pointnav"
    """objectnav: find an object of a type. pointnav: go to a place. roomvisit: enter every room."""

    backend: Backend = "auto"
    """embedded: houses in MuJoCo, anywhere. unity: AI2-THOR's build. auto: Unity where it can run.
    Results of the embedded backend are not comparable with AI2-THOR leaderboards."""

    split: Split = "test"
    """Which houses and stored episodes: val or test."""

    houses: str = "all"
    """Houses of the split: 'all', or numbers and ranges such as '0,3,5-7' in order of size."""

    episodes: int = 10
    """Episodes a house, from stored episode 0 on."""

    control: Control = "none"
    """none is the policy itself, blind the policy with black images, on the same episodes."""

    reason_every: int | None = None
    """Every k-th replan asks the policy's VLM where the object is and puts the answer behind the
    task (0 never). By default as the policy was trained: 1 with reasoning, 0 without."""

    reason_anyway: bool = False
    """Allow a --reason-every that the policy was not trained with."""

    max_steps: int = MAX_STEPS
    """Actions after which an episode is given up."""

    workers: int = 2
    """Worker processes, each with one simulator (about 0.3 GB of memory)."""

    ray: str | None = None
    """Address of a Ray cluster whose nodes play the episodes, or 'local' to start Ray here. The
    policy stays in this process; the results are the same."""

    recycle_after: int = 0
    """Episodes after which a fresh process takes a worker's place; 0 for never."""

    device: str = "auto"
    """Where the policy runs: cpu, cuda, cuda:N; auto takes a GPU when torch sees one."""

    mode: Literal["auto", "exact", "batched"] = "auto"
    """exact: one sample a policy call, the same results on any number of workers. batched: for
    GPUs. auto: exact on a CPU, batched on a GPU."""

    seed: int = 0
    """Seed of the policy's noise and of random actions."""

    image_size: int | None = None
    """Pixels of the square images; by default the size that the policy was trained with, or 224."""

    out: Path | None = None
    """Run directory; by default runs/nav/<policy>-<task>-<split>-<backend>-seed<seed>."""

    videos: int = 0
    """Save an mp4 of the first N episodes of each house; slower, same results."""

    maps: int = 0
    """Save a top-down map with the path of the first N episodes of each house."""
