"""`write_bundle`: from a policy to a bundle."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from ..errors import SpatuneError
from ..policies.rollout import SpatuneRollout
from ..progress import Progress
from .bundle import MANIFEST, PROMPTS, SPEC, WHOLE, Bundle, is_bundle, write_manifest
from .compose import compose
from .config import ExportConfig
from .engines.engine_cache import ENGINES
from .engines.ort import OrtEngine
from .graphs.build import PolicyGraphs, build_graphs
from .model_file import load_model, save_model
from .observations import INIT_STATE, OBSERVATIONS, Observations, calibration_episodes
from .onnx_files import OPSET, write_onnx
from .precision.convert import NEEDS_CALIBRATION, PRECISIONS, convert
from .runtime import policy_inputs
from .source import load_exportable, policy_sha256
from .staged import run_stages
from .stages import Stage, policy_stages

DEFAULT_SUITES = ("libero_object", "libero_spatial")
DEFAULT_PRECISIONS = ("fp16", "int8")
CALIBRATED = (*NEEDS_CALIBRATION, "fp16")
"""fp16 as well: what leaves its range is seen on real inputs alone."""
Feeds = Mapping[str, Sequence[Mapping[str, np.ndarray]]]
"""Stage -> inputs of it by name, one for each observation."""


def write_bundle(config: ExportConfig) -> Path:
    """Export a policy.

    Returns:
        The bundle's folder.

    Raises:
        SpatuneError: There is no such policy, it cannot be exported, a precision is unknown, or
            `out` holds something else.
    """
    out, began = config.out, time.monotonic()
    precisions = _precisions(config)
    if out.exists() and not is_bundle(out) and (out.is_file() or any(out.iterdir())):
        raise SpatuneError(f"{out} exists and is no bundle: name another --out")
    policy = load_exportable(config.policy)
    graphs = build_graphs(policy, _instructions(config))
    stages = policy_stages(policy, graphs)
    source = _source(config, policy, graphs)
    seen = None
    if set(precisions) & set(CALIBRATED):
        seen = _calibration(config, policy, source)
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with Progress(len(stages) * (1 + len(precisions)), "export") as progress:
        files = _trace(partial, stages, source["denoise_steps"], progress)
        policy.spec.save(partial / SPEC)
        rows = {task: row.tolist() for task, row in graphs.prompts.rows.items()}
        (partial / PROMPTS).write_text(json.dumps(rows) + "\n")
        write_manifest(partial, files, source)
        feeds: Feeds = {stage: () for stage in files}
        if seen is not None:
            feeds = _calibration_feeds(seen, Bundle.load(partial))
        for stage, names in files.items():
            for precision in precisions:
                progress.update(progress.done, f"{stage} in {precision}")
                name = f"{stage}.{precision}.onnx"
                convert(partial / names["fp32"], partial / name, precision, feeds[stage])
                names[precision] = name
                progress.update(progress.done + 1, name)
    write_manifest(partial, files, source)
    _replace(out, partial, source)
    print(f"{out}: {len(rows)} instructions, in {time.monotonic() - began:.0f} s")
    for precision in ("fp32", *precisions):
        sizes = [(out / names[precision]).stat().st_size / 1e6 for names in files.values()]
        print(f"  {precision}: {sizes[0]:.1f} MB, and {sum(sizes[1:]):.1f} MB stage by stage")
    return out


def _precisions(config: ExportConfig) -> tuple[str, ...]:
    wanted = dict.fromkeys(config.precision or DEFAULT_PRECISIONS)
    for precision in wanted:
        if precision not in PRECISIONS:
            raise SpatuneError(
                f"precision {precision!r} is unknown; use one of {', '.join(PRECISIONS)}"
            )
    return tuple(precision for precision in wanted if precision != "fp32")


def _suites(config: ExportConfig) -> tuple[str, ...]:
    return config.suite or (() if config.task else DEFAULT_SUITES)


def _instructions(config: ExportConfig) -> list[str]:
    suites = _suites(config)
    if not suites:
        return list(config.task)
    from ..envs.libero_suites import libero_task, task_count

    known = [
        libero_task(suite, i).instruction for suite in suites for i in range(task_count(suite))
    ]
    return [*known, *config.task]


def _source(config: ExportConfig, policy: SpatuneRollout, graphs: PolicyGraphs) -> dict:
    return {
        "policy": config.policy,
        "sha256": policy_sha256(config.policy),
        "vlm": policy.vlm.model.config.model_type,
        "denoise_steps": graphs.denoise.steps if graphs.denoise else None,
        "suites": list(_suites(config)),
        "opset": OPSET,
        "torch": torch.__version__,
    }


def _trace(
    folder: Path, stages: Sequence[Stage], denoise_steps: int | None, progress: Progress
) -> dict[str, dict[str, str]]:
    """Write every part in fp32, and the whole, which is the parts joined."""
    files = {stage.name: {"fp32": f"{stage.name}.fp32.onnx"} for stage in stages}
    for stage in stages:
        if stage.name != WHOLE:
            progress.update(progress.done, f"tracing {stage.name}")
            write_onnx(
                stage.module, stage.inputs, stage.outputs, folder / files[stage.name]["fp32"]
            )
            progress.update(progress.done + 1, f"traced {stage.name}")
    paths = {stage: folder / names["fp32"] for stage, names in files.items()}
    whole = paths.pop(WHOLE)
    parts = {stage: load_model(path) for stage, path in paths.items()}
    save_model(compose(parts, denoise_steps, ("actions",)), whole)
    progress.update(progress.done + 1, "joined the stages")
    return files


def _calibration(config: ExportConfig, policy: SpatuneRollout, source: dict) -> Observations:
    if config.calibration:
        if not config.calibration.is_file():
            raise SpatuneError(
                f"{config.calibration} is no file: leave --calibration out to play LIBERO"
            )
        return Observations.load(config.calibration, policy.spec)
    kept = config.out / OBSERVATIONS / "calibration.npz"
    if kept.is_file() and _saw_the_same(config.out, source):
        return Observations.load(kept, policy.spec)
    suites = _suites(config)
    if not suites:
        raise SpatuneError(
            "fp16, int8, fp8 and nvfp4 are calibrated on what the policy sees, and no LIBERO suite "
            "is exported: give --calibration FILE, --suite NAME, or --precision fp32"
        )
    episodes = calibration_episodes(suites)
    print(f"calibration: playing {len(episodes)} episodes of LIBERO", file=sys.stderr)
    return Observations.collect(policy, policy.spec, episodes, INIT_STATE)


def _calibration_feeds(observations: Observations, bundle: Bundle) -> Feeds:
    """Inputs of every stage, from real observations; they are kept beside the graphs."""
    observations.save(bundle.folder / OBSERVATIONS / "calibration.npz")
    # One thread: the scales, and so the files, must not depend on the number of cores.
    engines = {stage: OrtEngine(bundle.graph("fp32", stage), threads=1) for stage in bundle.stages}
    runners = {name: (engine.run, tuple(engine.inputs)) for name, engine in engines.items()}
    feeds: dict[str, list[Mapping[str, np.ndarray]]] = {stage: [] for stage in bundle.stages}
    for seen, noise in observations.pairs(bundle.spec):
        inputs = policy_inputs(bundle, seen, noise)
        run = run_stages(runners, inputs, bundle.manifest["source"]["denoise_steps"])
        for stage, fed in {WHOLE: inputs, **run.fed}.items():
            feeds[stage].append({name: fed[name] for name in engines[stage].inputs})
    return feeds


def _saw_the_same(out: Path, source: dict) -> bool:
    """Whether an older bundle's observations are of this policy, in these suites."""
    if not is_bundle(out):
        return False
    try:
        before = json.loads((out / MANIFEST).read_text())["source"]
    except (ValueError, KeyError):
        return False
    return all(before.get(name) == source[name] for name in ("sha256", "suites"))


def _replace(out: Path, partial: Path, source: dict) -> None:
    """Put a complete bundle in the place of an older one."""
    # Engines are looked up by the digest of their graph, which may be the same.
    kept = [ENGINES, OBSERVATIONS] if _saw_the_same(out, source) else [ENGINES]
    for path in [path for folder in kept for path in out.glob(f"{folder}/*")]:
        target = partial / path.relative_to(out)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
