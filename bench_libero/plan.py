"""`EvalPlan`: an evaluation with checked arguments, made before anything heavy is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..agent.chunk_policy import ChunkPolicy
from ..envs.libero_perturbations import Perturbation
from ..envs.libero_suites import init_states, libero_task, task_count
from ..errors import SpatuneError
from ..evaluation import EngineOptions, EnvFactory, EpisodeKey
from ..evaluation.tasks import parse_tasks
from ..evaluation.video import VideoRequest
from ..export.loading import GPU_ENGINES
from ..policies.reasoned import ReasoningChoice
from .actors import CheckedPolicy, check_policy, make_actor, needs_policy
from .config import EvalLiberoConfig
from .environment import AGENT_VIEW, LiberoView, env_factory
from .foreign import ForeignOptions
from .perturbations import parse_perturbations
from .protocol import PROTOCOLS


@dataclass(frozen=True)
class EvalPlan:
    """What will be played, and what decides its results.

    Attributes:
        config: The arguments.
        policy: The policy, or None for a control that needs none.
        identity: Content of `config.json`.
        keys: The episodes.
        perturbations: Changes of the scenes under which they are played, as asked for.
        factory: Makes the environments.
        device: Where the policy runs.
        options: How the episodes are played, `exact` or `batched` included.
        directory: The run directory.
    """

    config: EvalLiberoConfig
    policy: CheckedPolicy | None
    identity: Mapping[str, Any]
    keys: tuple[EpisodeKey, ...]
    perturbations: tuple[str, ...]
    factory: EnvFactory
    device: str
    options: EngineOptions
    directory: Path

    @property
    def title(self) -> str:
        """Who acts, on what, and how, in one line."""
        who = self.policy.name if self.policy else "no policy"
        changed = "" if self.baseline == "none" else f" with {self.baseline}"
        if self.policy:
            who += self.policy.reasoning.label
        return (
            f"{who} on {self.config.suite}{changed}, control {self.config.control}, "
            f"protocol {self.config.protocol}, {self.options.mode} mode"
        )

    @property
    def baseline(self) -> str:
        """The perturbation whose episodes the tables of tasks show: `none` if it is played."""
        return "none" if "none" in self.perturbations else self.perturbations[0]

    def load_actor(self) -> ChunkPolicy:
        """Load what acts."""
        return make_actor(self.config.control, self._load)

    def videos(self) -> dict[EpisodeKey, VideoRequest]:
        """What to film: the first episodes of each task."""
        folder = self.directory / "videos"
        return {
            key: VideoRequest(str(folder / f"{video_name(key)}.mp4"), (AGENT_VIEW,))
            for key in self.keys
            if key.init_index < self.config.videos
        }

    def _load(self) -> ChunkPolicy:
        assert self.policy is not None, "needs_policy says which controls load weights"
        return self.policy.load(self.device)


def make_plan(config: EvalLiberoConfig) -> EvalPlan:
    """Check the arguments and work out the episodes.

    Raises:
        SpatuneError: Unknown suite, task, episode or policy, or a policy whose conventions are not
            LIBERO's; one line that names the fix.
    """
    protocol = PROTOCOLS[config.protocol]
    tasks = parse_tasks(config.tasks, task_count(config.suite))
    episodes = protocol.trials if config.episodes is None else config.episodes
    perturbations = parse_perturbations(config.perturb, config.suite)
    for name in perturbations:
        _check_episodes(Perturbation.parse(name).suite_of(config.suite), tasks, episodes)
    policy, view = None, LiberoView.of_size(config.image_size)
    if needs_policy(config.control):
        policy = check_policy(
            config.policy,
            config.image_size,
            engine=config.engine,
            precision=config.precision,
            options=ForeignOptions.of_words(
                config.conventions, config.orientation, config.cameras, config.execute_steps
            ),
            reason_every=config.reason_every,
            reason_anyway=config.reason_anyway,
        )
        view = policy.view
    else:
        ReasoningChoice.refuse(f"control {config.control}", config.reason_every, None)
    device = _device(config.device, policy)
    mode = config.mode
    if mode == "auto":
        mode = "exact" if device == "cpu" else "batched"
    options = EngineOptions(
        workers=config.workers,
        mode=mode,
        max_batch=config.max_batch,
        max_wait_ms=config.max_wait_ms,
        recycle_after=config.recycle_after,
        ray=config.ray,
    )
    identity = {
        "benchmark": "libero",
        "policy": policy.name if policy else None,
        "policy_sha256": policy.sha256 if policy else None,
        "control": config.control,
        "suite": config.suite,
        "tasks": list(tasks),
        "episodes": episodes,
        "protocol": config.protocol,
        "device": device,
        "mode": mode,
        "seed": config.seed,
        **asdict(view),
        **({} if perturbations == ("none",) else {"perturb": list(perturbations)}),
        **_engine(policy),
        **_foreign(policy),
        **(policy.reasoning.identity() if policy else {}),
    }
    factory = env_factory(protocol, view)
    return EvalPlan(
        config=config,
        policy=policy,
        identity=identity,
        keys=protocol.keys(config.suite, tasks, episodes, config.seed, perturbations),
        perturbations=perturbations,
        factory=policy.dressed(factory) if policy else factory,
        device=device,
        options=options,
        directory=config.out or _default_directory(config),
    )


def video_name(key: EpisodeKey) -> str:
    """File name of an episode's film, without its ending."""
    changed = "" if key.perturbation == "none" else f"-{key.perturbation}"
    return f"{key.suite}-task{key.task_id:02d}-init{key.init_index:02d}{changed}"


def _check_episodes(suite: str, tasks: tuple[int, ...], episodes: int) -> None:
    for task in tasks:
        libero_task(suite, task)
        stored = len(init_states(suite, task))
        if not 1 <= episodes <= stored:
            raise SpatuneError(
                f"episodes = {episodes}: {suite} task {task} has init states for 1 to {stored} "
                "episodes"
            )


def _engine(policy: CheckedPolicy | None) -> dict[str, str]:
    if policy is None or policy.engine is None:
        return {}
    return {"engine": policy.engine, "precision": policy.precision}


def _foreign(policy: CheckedPolicy | None) -> dict[str, Any]:
    if policy is None or policy.spec is None:
        return {}
    cameras = policy.options.cameras
    return {
        "conventions": policy.options.conventions or "lerobot",
        "execute_steps": policy.spec.execute_steps,
        "cameras": list(cameras) if cameras else None,
    }


def _device(asked: str, policy: CheckedPolicy | None) -> str:
    if policy is None or policy.is_remote:
        return "cpu"
    if policy.engine is not None:
        return "cuda" if policy.engine in GPU_ENGINES else "cpu"
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _default_directory(config: EvalLiberoConfig) -> Path:
    name = config.policy if needs_policy(config.control) else "control"
    if config.engine:
        name = f"{name}-{config.engine}-{config.precision}"
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    parts = [name, config.suite, config.protocol, config.control, f"seed{config.seed}"]
    if config.reason_every is not None:
        parts.append(f"reason{config.reason_every}")
    if config.perturb != "none":
        parts.append(re.sub(r"[^\w.]+", "_", config.perturb))
    return Path("runs") / "libero" / "-".join(parts)
