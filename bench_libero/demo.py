"""`run_demo`: a policy in real LIBERO within two minutes, beside its controls."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from PIL import Image
from rich.console import Console

from ..envs.spec import LIBERO_CONTROL_HZ
from ..errors import SpatuneError
from ..evaluation import (
    EngineOptions,
    EpisodeProgress,
    EpisodeRecord,
    EpisodeStore,
    Lane,
    Report,
    Summary,
    run_lanes,
    summarise,
)
from ..evaluation.summary import final_records
from ..evaluation.table import comparison_table
from ..evaluation.versions import installed_versions
from ..evaluation.video import VideoRequest, VideoWriter, read_video
from .actors import CheckedPolicy, check_policy, make_actor, needs_policy
from .config import Control, DemoConfig
from .environment import AGENT_VIEW, WRIST_VIEW, env_factory
from .pictures import Film, contact_sheet, tile_films
from .plan import video_name
from .scenes import EPISODES, PROTOCOL, SCENES, demo_keys

FOLDERS: Mapping[Control, str] = {
    "none": "policy",
    "blind": "blind",
    "random": "random",
    "zero": "zero",
}
"""Run directory below the demonstration's folder, by who acts."""

FILMS, VIDEO, SHEET = "videos", "demo.mp4", "contact_sheet.png"
FILM_STRIDE, FILM_SPEED = 4, 2.0


@dataclass(frozen=True)
class DemoResult:
    """What the demonstration left.

    Attributes:
        summaries: Success, by who acted.
        video: The filmed episodes side by side, mp4.
        sheet: The filmed episodes as one picture, png.
        played: Episodes that this call played; the others were there.
    """

    summaries: Mapping[Control, Summary]
    video: Path
    sheet: Path
    played: int


def run_demo(config: DemoConfig) -> DemoResult:
    """Play what is not yet played; print the table; write video and contact sheet.

    Raises:
        SpatuneError: There is no such policy, or it does not fit LIBERO.
    """
    began = time.monotonic()
    policy = check_policy(config.policy)
    if config.fresh:
        _forget(config.out)
    with ExitStack() as stack:
        stores: dict[Control, EpisodeStore] = {
            control: stack.enter_context(_open_store(config, policy, control))
            for control in EPISODES
        }
        played = _play(config, policy, stores)
        summaries: dict[Control, Summary] = {
            control: _report(store, control, config.seed) for control, store in stores.items()
        }
        records = final_records(stores["none"].records)
    result = DemoResult(summaries, config.out / VIDEO, config.out / SHEET, played)
    _draw(config.out / FILMS, list(records.values()), result)
    _print(config, result, time.monotonic() - began)
    return result


def _open_store(config: DemoConfig, policy: CheckedPolicy, control: Control) -> EpisodeStore:
    identity = {
        "benchmark": "libero",
        "policy": policy.name if needs_policy(control) else None,
        "policy_sha256": policy.sha256 if needs_policy(control) else None,
        "control": control,
        "scenes": {suite: list(tasks) for suite, tasks in SCENES.items()},
        "episodes": EPISODES[control],
        "protocol": PROTOCOL.name,
        "mode": "exact",
        "seed": config.seed,
        **asdict(policy.view),
    }
    try:
        return EpisodeStore(config.out / FOLDERS[control], identity)
    except SpatuneError as error:
        raise SpatuneError(f"{error}, or give --fresh") from error


def _play(config: DemoConfig, policy: CheckedPolicy, stores: Mapping[Control, EpisodeStore]) -> int:
    """Play what is pending and return how many episodes that was."""
    keys = {control: demo_keys(control, config.seed) for control in stores}
    total = sum(map(len, keys.values()))
    left = sum(len(store.pending(keys[control])) for control, store in stores.items())
    if left < total:
        print(
            f"{config.out}: {total - left} of {total} episodes are there from an earlier call; "
            "--fresh plays them again",
            file=sys.stderr,
        )
    if left == 0:
        return 0
    load = cache(lambda: policy.load("cpu"))
    films = {
        key: VideoRequest(
            str(config.out / FILMS / f"{video_name(key)}.mp4"),
            (AGENT_VIEW, WRIST_VIEW),
            stride=FILM_STRIDE,
            speed=FILM_SPEED,
        )
        for key in keys["none"]
        if key.init_index == 0
    }
    lanes = [
        Lane(
            control=control,
            policy=make_actor(control, load),
            store=store,
            keys=keys[control],
            videos=films if control == "none" else {},
        )
        for control, store in stores.items()
    ]
    solved = sum(bool(record.success) for store in stores.values() for record in store.records)
    options = EngineOptions(workers=config.workers)
    with EpisodeProgress(total, total - left, solved) as progress:
        factory = policy.dressed(env_factory(PROTOCOL, policy.view))
        run_lanes(lanes, factory, options, progress)
    return left


def _report(store: EpisodeStore, control: Control, seed: int) -> Summary:
    summary = summarise(store.records, demo_keys(control, seed), control)
    Report(store.directory, store.config, summary, installed_versions()).write()
    return summary


def _draw(folder: Path, records: list[EpisodeRecord], result: DemoResult) -> None:
    """Make the video and the contact sheet of all filmed episodes."""
    if not result.played and result.video.exists() and result.sheet.exists():
        return
    films = []
    for record in records:
        path = folder / f"{video_name(record.key)}.mp4"
        if path.exists() and not record.is_error:
            label = f"{record.key.suite} {record.key.task_id}: {record.instruction}"
            films.append(Film(label, bool(record.success), read_video(path)))
    if not films:
        return
    Image.fromarray(contact_sheet(films)).save(result.sheet)
    writer = VideoWriter(result.video, LIBERO_CONTROL_HZ / FILM_STRIDE * FILM_SPEED)
    for frame in tile_films(films):
        writer.add(frame)
    writer.close()


def _print(config: DemoConfig, result: DemoResult, seconds: float) -> None:
    names = {"none": "policy", "blind": "blind policy"}
    rows = [
        (names.get(control, f"{control} actions"), summary)
        for control, summary in result.summaries.items()
    ]
    scenes = " and ".join(f"{suite} {', '.join(map(str, t))}" for suite, t in SCENES.items())
    title = f"{config.policy} on LIBERO, tasks {scenes}; protocol {PROTOCOL.name}, exact mode"
    console = Console(highlight=False)
    console.print(comparison_table(rows, title))
    for name, path in (("video", result.video), ("contact sheet", result.sheet)):
        if path.exists():
            console.print(f"{name}: {path}", soft_wrap=True)
    console.print(f"{result.played} episodes played in {seconds:.0f} s")


def _forget(folder: Path) -> None:
    """Delete what a demonstration wrote, and nothing else."""
    for name in (*FOLDERS.values(), FILMS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (VIDEO, SHEET):
        (folder / name).unlink(missing_ok=True)
