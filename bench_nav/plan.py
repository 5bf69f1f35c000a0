"""`NavPlan`: an evaluation with checked arguments, made before anything heavy is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from ..envs.houses.library import house_names, house_sha256_of
from ..envs.navigation.episode import NavEpisode
from ..envs.navigation.library import stored_episodes
from ..envs.navigation.task import IMAGE_KEY
from ..envs.thor_backends.backend import Backend
from ..envs.thor_backends.unity import unity_status
from ..errors import SpatuneError
from ..evaluation import EngineOptions, EnvFactory, EpisodeKey
from ..evaluation.tasks import parse_tasks
from ..evaluation.video import VideoRequest
from .actors import CheckedActor, check_actor
from .config import EvalNavConfig
from .environment import env_factory, suite_name


@dataclass(frozen=True)
class NavPlan:
    """What will be played, and what decides its results.

    Attributes:
        config: The arguments.
        actor: Who acts.
        backend: `embedded` or `unity`.
        identity: Content of `config.json`.
        keys: The episodes.
        factory: Makes the environments.
        device: Where the policy runs.
        options: How the episodes are played.
        directory: The run directory.
    """

    config: EvalNavConfig
    actor: CheckedActor
    backend: str
    identity: Mapping[str, Any]
    keys: tuple[EpisodeKey, ...]
    factory: EnvFactory
    device: str
    options: EngineOptions
    directory: Path

    @property
    def title(self) -> str:
        """Who acts, on what, and how, in one line."""
        who = self.actor.name + (", blind" if self.actor.control == "blind" else "")
        who += self.actor.reasoning.label
        where = "embedded houses" if self.backend == "embedded" else "AI2-THOR (Unity)"
        return f"{who} on {self.config.task}, {self.config.split} split, {where}"

    def videos(self) -> dict[EpisodeKey, VideoRequest]:
        """What to film: the first episodes of each house."""
        folder = self.directory / "videos"
        return {
            key: VideoRequest(str(folder / f"{_label(key)}.mp4"), (IMAGE_KEY,))
            for key in self.keys
            if key.init_index < self.config.videos
        }


def make_plan(config: EvalNavConfig) -> NavPlan:
    """Check the arguments and work out the episodes.

    Raises:
        SpatuneError: Unknown house, episode or policy, a policy whose conventions are not
            navigation's, or a backend that cannot run; one line that names the fix.
    """
    _check_numbers(config)
    backend = _backend(config)
    actor = check_actor(
        config.policy,
        config.control,
        config.image_size,
        reason_every=config.reason_every,
        reason_anyway=config.reason_anyway,
    )
    names = house_names(config.split)
    houses = parse_tasks(config.houses, len(names), what="house")
    stored = stored_episodes(config.task, config.split)
    for house in houses:
        there = len(stored.get(names[house], ()))
        if not 1 <= config.episodes <= there:
            raise SpatuneError(
                f"episodes = {config.episodes}: house {house} ({names[house]}) has stored "
                f"{config.task} episodes for 1 to {there}"
            )
    device = _device(config)
    mode = config.mode
    if mode == "auto":
        mode = "exact" if device == "cpu" else "batched"
    directory = config.out or _default_directory(config, backend)
    maps = (str(directory / "maps"), config.maps) if config.maps else None
    return NavPlan(
        config=config,
        actor=actor,
        backend=backend,
        identity={
            "benchmark": "nav",
            "policy": actor.name,
            "policy_sha256": actor.sha256,
            "control": actor.control,
            "task": config.task,
            "split": config.split,
            "backend": backend,
            "houses": {names[house]: house_sha256_of(names[house]) for house in houses},
            "episodes": config.episodes,
            "episodes_sha256": _sha256(
                episode for house in houses for episode in stored[names[house]][: config.episodes]
            ),
            "max_steps": config.max_steps,
            "device": device,
            "mode": mode,
            "seed": config.seed,
            **asdict(actor.view),
            **actor.reasoning.identity(),
        },
        keys=tuple(
            EpisodeKey(
                benchmark="nav",
                suite=suite_name(config.task, config.split),
                task_id=house,
                init_index=index,
                policy_seed=config.seed,
            )
            for house in houses
            for index in range(config.episodes)
        ),
        factory=env_factory(actor.view, backend, config.max_steps, maps),
        device=device,
        options=EngineOptions(
            workers=config.workers,
            mode=mode,
            recycle_after=config.recycle_after,
            ray=config.ray,
        ),
        directory=directory,
    )


def _check_numbers(config: EvalNavConfig) -> None:
    for name in ("max_steps", "image_size"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise SpatuneError(f"{name} is {value}; use 1, 2, ...")


def _sha256(episodes: Iterable[NavEpisode]) -> str:
    rows = [episode.to_json() for episode in episodes]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _backend(config: EvalNavConfig) -> Backend:
    if config.backend not in get_args(Backend):
        raise SpatuneError(
            f"no backend {config.backend!r}; choose one of: {', '.join(get_args(Backend))}"
        )
    if config.backend == "embedded":
        return config.backend
    status = unity_status()
    if config.backend == "unity" and not status.available:
        raise SpatuneError(f"backend unity: {'; '.join(status.problems)}")
    if status.available and config.policy == "oracle":
        raise SpatuneError("the oracle knows embedded houses only; use --backend embedded")
    return "unity" if status.available else "embedded"


def _device(config: EvalNavConfig) -> str:
    if config.policy in ("oracle", "random"):
        return "cpu"
    if config.device != "auto":
        return config.device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _label(key: EpisodeKey) -> str:
    return f"{key.suite}-house{key.task_id:02d}-episode{key.init_index:02d}"


def _default_directory(config: EvalNavConfig, backend: str) -> Path:
    name = re.sub(r"[^\w.-]+", "-", config.policy).strip("-.")
    parts = [name, config.task, config.split, backend, f"seed{config.seed}"]
    if config.control != "none":
        parts.insert(1, config.control)
    if config.reason_every is not None:
        parts.append(f"reason{config.reason_every}")
    return Path("runs") / "nav" / "-".join(parts)
