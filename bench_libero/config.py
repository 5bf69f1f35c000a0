"""`EvalLiberoConfig`: the arguments of `spatune eval libero`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..envs.spec import Orientation
from .foreign import Conventions
from .protocol import ProtocolName

Control = Literal["none", "blind", "random", "zero"]


@dataclass(frozen=True)
class EvalLiberoConfig:
    """Score a policy on a LIBERO suite.

    The run directory holds config.json, episodes.jsonl and report.json. A run that was stopped or
    killed goes on when the same command is given again; finished episodes are never repeated.
    """

    policy: str = "embedded"
    """Policy to score: 'embedded', a folder or hub id of ours or of any LeRobot policy (act, pi0,
    smolvla, ...), a bundle of `spatune export`, or ws://host:port of an openpi server."""

    conventions: Conventions | None = None
    """What a LeRobot or openpi policy was trained on: lerobot (default; images turned by 180
    degrees, world frame, published sentences), or spatune (data of `spatune demos`)."""

    orientation: Orientation | None = None
    """Orientation of such a policy's images, where it differs from that: rot180 or upright."""

    cameras: str | None = None
    """A LeRobot policy's names of agent and wrist view, if not image,image2: camera1,camera2."""

    execute_steps: int | None = None
    """Actions of a chunk that a LeRobot or openpi policy executes before the next replan; by
    default its n_action_steps, or 5 for openpi."""

    engine: str | None = None
    """What runs a bundle: ort-cpu (default), ort-cuda, ort-tensorrt, tensorrt, tensorrt-rtx,
    torch-eager, torch-compile or aotinductor. CPU engines run on one thread, so that results do not
    depend on the number of cores."""

    precision: str = "fp32"
    """Precision of a bundle's graph, one that was exported."""

    suite: str = "libero_object"
    """LIBERO suite, for example libero_spatial, libero_90 or libero_goal_swap (LIBERO-PRO)."""

    tasks: str = "all"
    """Tasks of the suite: 'all', or ids and ranges such as '0,3,5-7'."""

    episodes: int | None = None
    """Episodes a task, from init state 0 on; the protocol's number of trials by default."""

    protocol: ProtocolName = "paired"
    """Trials and step budgets: paired and openvla 50 trials; lerobot 10; groot 20 and 720 steps."""

    perturb: str = "none"
    """Changes of the scenes: none, camera:M, light:M, texture:M, start:M (magnitude M up to 2; 1 is
    a full level), pro:lan, pro:object, pro:swap, pro:task (LIBERO-PRO). All in a list such as
    none,camera:1,pro:swap play the same episodes; none is what the others are compared with."""

    control: Control = "none"
    """Who acts: none is the policy itself, blind the policy with black images, random uniform
    actions, zero no motion with an open gripper. All play the same episodes."""

    reason_every: int | None = None
    """Every k-th replan asks the policy's VLM where the object is and puts the answer behind the
    task (0 never). By default as the policy was trained: 1 with reasoning, 0 without."""

    reason_anyway: bool = False
    """Allow a --reason-every that the policy was not trained with."""

    workers: int = 2
    """Worker processes, each with one simulator (about 2 GB of memory)."""

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

    max_batch: int = 8
    """Most samples in one policy call of the batched mode."""

    max_wait_ms: float = 5.0
    """Longest wait for more samples in the batched mode, in milliseconds."""

    seed: int = 0
    """Seed of the policy's noise."""

    out: Path | None = None
    """Run directory; by default runs/libero/<policy>-<suite>-<protocol>-<control>-seed<seed>."""

    videos: int = 0
    """Save an mp4 of the first N episodes of each task (agent view); slower, same results."""

    image_size: int | None = None
    """Pixels of the square camera images; by default the size that the policy was trained with."""


@dataclass(frozen=True)
class DemoConfig:
    """Watch the embedded policy act in real LIBERO, beside blind, random and zero-action controls.

    Plays a few episodes of libero_object and libero_spatial, prints the success table, and saves a
    video and a contact sheet. What an earlier call has played is kept and not played again.
    """

    policy: str = "embedded"
    """Policy to show: 'embedded', a folder, or a hub id."""

    workers: int = 2
    """Worker processes, each with one simulator (about 2 GB of memory)."""

    seed: int = 0
    """Seed of the policy's noise."""

    out: Path = Path("runs/demo")
    """Folder of records, video and contact sheet."""

    fresh: bool = False
    """Forget what an earlier call has played."""
