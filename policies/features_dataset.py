"""`spatune features`: what a frozen VLM sees in every frame, computed once.

The result is a LeRobotDataset without images. Its rows hold state and action; features, action
chunks and privileged targets are frame columns (`columns.py`), so that `lerobot-train` reads them
at memory speed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agent.reasoning import SPATIAL_QUESTION, Reasoning
from ..digests import file_sha256, vlm_sha256
from ..envs.spec import Orientation
from ..errors import SpatuneError
from ..progress import Progress
from .checkpoint import find_vlm
from .columns import (
    ANSWERS,
    CHUNK,
    CHUNK_PAD,
    FOLDER,
    MANIFEST,
    PRIVILEGED,
    FrameColumns,
    Manifest,
    column_path,
)
from .conventions import ENV_SPEC
from .default_sources import default_sources
from .digests import dataset_sha256
from .features import FeatureSpec, extract_features, probe_feature_specs
from .frames import Episode, EpisodeReader
from .normalisation import ACTION, STATE

if TYPE_CHECKING:
    from torch import Tensor

    from ..agent.vlm import SpatialVLM

_PROGRESS = "progress.jsonl"


@dataclass(frozen=True)
class FeaturesConfig:
    """Run a frozen VLM over every frame of a LeRobotDataset and store what it computes."""

    dataset: Path
    """Root of the LeRobotDataset to read."""
    vlm: str
    """Folder or hub id of the frozen VLM; `embedded` is the one that comes with the package."""
    out: Path
    """Root of the data set to write; a run that was stopped goes on where it was."""
    sources: tuple[str, ...] = ()
    """Features as `name=source:pool`; the pool is grid, last or mean. By default what suits the
    VLM: a fine and a deeper grid of the vision tower, and the prompt's last token."""
    reason: bool = False
    """Ask the VLM about every frame first, and put its answer behind the task that the features
    are of, as SpatialAgent with reason_every=1 does. A policy that is trained on them knows it."""
    reason_question: str = SPATIAL_QUESTION
    """That question, with {task} where the instruction goes."""
    max_new_tokens: int = 32
    """Longest answer in tokens."""
    orientation: Orientation = "upright"
    """Of the images, where the data set has no meta/env_spec.json that says it."""
    chunk_length: int = 16
    """Actions in a chunk where the data set has no column `action.chunk` of its own."""
    batch_size: int = 64
    """Frames in one call of the VLM."""
    device: str = "cpu"
    """Where the VLM runs."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""
    trust_remote_code: bool = False
    """Run Python code that the VLM's checkpoint carries."""


def build_features(config: FeaturesConfig) -> Path:
    """Writes the derived data set; resumes after the last complete episode.

    Returns:
        The root, `config.out`.

    Raises:
        SpatuneError: The data set has no images, `out` is taken, or a started run there has other
            settings.
    """
    from ..agent.vlm import SpatialVLM

    if config.out.exists():
        raise SpatuneError(f"{config.out} exists already; choose another --out or delete it")
    reader = EpisodeReader(config.dataset, config.orientation)
    if not reader.cameras:
        raise SpatuneError(f"{config.dataset} has no images or videos to compute features from")
    name = find_vlm(config.vlm)
    vlm = SpatialVLM.from_pretrained(name, config.revision, config.trust_remote_code, config.device)
    first = reader.episodes[0]
    height, width = reader.images(first, first.start, first.start + 1, reader.cameras[0]).shape[1:3]
    sources = _parse_pairs(config.sources) if config.sources else default_sources(vlm)
    specs = probe_feature_specs(vlm, sources, len(reader.cameras), (height, width))
    manifest = Manifest(
        frames=reader.dataset.meta.total_frames,
        columns={},
        features=specs,
        vlm=vlm_sha256(name, vlm.revision),
        source=dataset_sha256(config.dataset),
        reasoning=_reasoning(config),
    )
    work = config.out.with_name(config.out.name + ".partial")
    done = _start(work, manifest)
    _encode_episodes(config, reader, vlm, specs, work, done)
    names = write_labels(config.dataset, config.chunk_length, work)
    names += [spec.key for spec in specs]
    finish_dataset(config.dataset, config.out, reader, manifest, names, work)
    return config.out


def _reasoning(config: FeaturesConfig) -> Reasoning | None:
    return Reasoning(config.reason_question, config.max_new_tokens) if config.reason else None


def _parse_pairs(pairs: Sequence[str]) -> dict[str, str]:
    parts = [pair.partition("=") for pair in pairs]
    sources = {name: source for name, _, source in parts}
    if not all(sources.values()) or len(sources) != len(pairs):
        raise SpatuneError(f"sources {' '.join(pairs)}: write each once as name=source:pool")
    return sources


def _start(work: Path, manifest: Manifest) -> set[int]:
    """Prepares the work folder and returns the episodes that are done already."""
    work.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest.to_json(), sort_keys=True)
    identity = hashlib.sha256(text.encode()).hexdigest()
    path = work / _PROGRESS
    lines = _whole_lines(path)
    if not lines:
        _append(path, {"identity": identity})
        return set()
    if lines[0]["identity"] != identity:
        raise SpatuneError(
            f"{work} was started with another data set, VLM or sources, or another question; "
            "delete it to begin anew"
        )
    return {line["episode"] for line in lines[1:]}


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of the progress file, without the one that a kill tore while it was written."""
    text = path.read_text() if path.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _append(path: Path, entry: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _encode_episodes(
    config: FeaturesConfig,
    reader: EpisodeReader,
    vlm: SpatialVLM,
    specs: Sequence[FeatureSpec],
    work: Path,
    done: set[int],
) -> None:
    frames = reader.dataset.meta.total_frames
    tables = {spec: _table(work, spec, frames) for spec in specs}
    encoded = sum(e.stop - e.start for e in reader.episodes if e.index in done)
    reasoning = _reasoning(config)
    blocks = [
        (episode, start, min(start + config.batch_size, episode.stop))
        for episode in reader.episodes
        if episode.index not in done
        for start in range(episode.start, episode.stop, config.batch_size)
    ]
    answers: list[str] = []
    with Progress(frames, "frames", done=encoded) as bar:
        for (episode, start, stop), images in zip(blocks, _images(reader, blocks), strict=True):
            texts = reader.tasks(start, stop)
            if reasoning:
                told = reasoning.ask(vlm, images, texts)
                texts = [reasoning.tell(*pair) for pair in zip(texts, told, strict=True)]
                answers += told
            features = extract_features(vlm, images, texts, specs)
            for spec, table in tables.items():
                table[start:stop] = _half(features[spec.name], spec)
            bar.update(bar.done + stop - start, f"{bar.rate:.0f} frames/s")
            if stop == episode.stop:
                for table in tables.values():
                    table.flush()
                entry = {"answers": answers} if reasoning else {}
                _append(work / _PROGRESS, {"episode": episode.index, **entry})
                answers = []


def _images(
    reader: EpisodeReader, blocks: Sequence[tuple[Episode, int, int]]
) -> Iterator[list[tuple[np.ndarray, ...]]]:
    """Each block's images; the next block is decoded while the VLM works on this one."""

    def read(episode: Episode, start: int, stop: int) -> list[tuple[np.ndarray, ...]]:
        views = [reader.images(episode, start, stop, key) for key in reader.cameras]
        return list(zip(*views, strict=True))

    with ThreadPoolExecutor(1) as pool:
        coming: deque[Future[list[tuple[np.ndarray, ...]]]] = deque()
        for block in blocks:
            coming.append(pool.submit(read, *block))
            if len(coming) == 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _table(work: Path, spec: FeatureSpec, frames: int) -> np.memmap:
    path = column_path(work, spec.key)
    path.parent.mkdir(exist_ok=True)
    mode = "r+" if path.is_file() else "w+"
    return np.lib.format.open_memmap(path, mode, np.float16, (frames, *spec.shape))


def _half(values: Tensor, spec: FeatureSpec) -> np.ndarray:
    half = values.half()
    if not bool(half.isfinite().all()):
        raise SpatuneError(
            f"feature {spec.name!r} has values up to {float(values.abs().max()):.3g}, beyond "
            "float16; take it from another layer, after a normalisation"
        )
    return half.cpu().numpy()


def write_labels(dataset: Path, chunk_length: int, work: Path) -> list[str]:
    """Action chunks, and privileged targets if there are any, as frame columns; their names."""
    source = FrameColumns.open(dataset)
    arrays = {n: source.array(n) for n in source.names if n.startswith(PRIVILEGED)}
    if CHUNK in source.names:
        arrays[CHUNK] = source.array(CHUNK)
        arrays[CHUNK_PAD] = source.array(CHUNK_PAD)
    else:
        episodes = source.array("episode_index").reshape(-1)
        arrays[CHUNK], arrays[CHUNK_PAD] = action_chunks(
            source.array(ACTION), episodes, chunk_length
        )
    for name, array in arrays.items():
        np.save(column_path(work, name), array)
    return list(arrays)


def action_chunks(
    actions: np.ndarray, episodes: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """The next `length` actions at each frame.

    Args:
        actions: (N, A), episodes one after the other.
        episodes: (N,) episode of each frame.
        length: Actions in a chunk (H).

    Returns:
        Chunks (N, H, A), where the last action of an episode repeats beyond its end, and bool
        (N, H), true for those repeats.
    """
    frames = np.arange(len(actions))
    last = np.searchsorted(episodes, episodes, side="right") - 1
    wanted = frames[:, None] + np.arange(length)
    padded = wanted > last[:, None]
    return actions[np.minimum(wanted, last[:, None])], padded


def finish_dataset(
    dataset: Path,
    out: Path,
    reader: EpisodeReader,
    manifest: Manifest,
    names: list[str],
    work: Path,
) -> None:
    """Completes the work folder to a data set and gives it its name at the very end."""
    rows = work / "rows"
    _write_rows(reader, rows)
    for notes in (dataset / "meta").glob("*.json"):
        if not (rows / "meta" / notes.name).exists():
            shutil.copyfile(notes, rows / "meta" / notes.name)
    # The images are gone, so what they looked like is written down here.
    (rows / ENV_SPEC).write_text(json.dumps(reader.conventions.to_json(), indent=1) + "\n")
    digests = {name: file_sha256(column_path(work, name)) for name in names}
    complete = replace(manifest, columns=digests)
    if manifest.reasoning:
        _write_answers(work)
    (work / FOLDER / MANIFEST).write_text(json.dumps(complete.to_json(), indent=1) + "\n")
    for part in ("meta", "data"):
        shutil.rmtree(work / part, ignore_errors=True)
        (rows / part).rename(work / part)
    shutil.rmtree(rows)
    # Until this line a killed run starts again from its progress file.
    work.rename(out)
    (out / _PROGRESS).unlink(missing_ok=True)


def _write_answers(work: Path) -> None:
    entries = sorted(_whole_lines(work / _PROGRESS)[1:], key=lambda entry: entry["episode"])
    answers = [json.dumps(answer) for entry in entries for answer in entry["answers"]]
    (work / FOLDER / ANSWERS).write_text("\n".join(answers) + "\n")


def _write_rows(reader: EpisodeReader, root: Path) -> None:
    from lerobot.datasets import LeRobotDataset

    shutil.rmtree(root, ignore_errors=True)
    source = reader.dataset.meta
    keys = (STATE, ACTION)
    for key in keys:
        if key not in source.features:
            raise SpatuneError(f"{reader.root} has no {key!r}; a policy cannot learn from it")
    if not source.camera_keys and not any(name.startswith(PRIVILEGED) for name in source.features):
        # Rows that hold nothing but state and action are what is wanted already.
        for part in ("meta", "data"):
            shutil.copytree(reader.root / part, root / part)
        return
    columns = FrameColumns.open(reader.root)
    arrays = {key: columns.array(key) for key in keys}
    dataset = LeRobotDataset.create(
        f"local/{root.name}",
        fps=source.fps,
        features={key: dict(source.features[key]) for key in keys},
        root=root,
        robot_type=source.robot_type,
        use_videos=False,
    )
    for episode in reader.episodes:
        tasks = reader.tasks(episode.start, episode.stop)
        for frame, task in zip(range(episode.start, episode.stop), tasks, strict=True):
            dataset.add_frame({**{key: arrays[key][frame] for key in keys}, "task": task})
        dataset.save_episode()
    dataset.finalize()
