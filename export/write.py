"""`write_bundle`: from a policy to a bundle."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch

from ..errors import SpatuneError
from ..policies.rollout import SpatuneRollout
from ..progress import Progress
from .bundle import PROMPTS, SPEC, WHOLE, Bundle, is_bundle, write_manifest
from .config import ExportConfig
from .engines.engine_cache import ENGINES
from .engines.ort import OrtEngine
from .graphs.build import build_graphs
from .observations import CALIBRATION, OBSERVATIONS, Observations
from .onnx_files import OPSET, write_onnx
from .precision.convert import NEEDS_CALIBRATION, PRECISIONS, convert
from .runtime import policy_inputs
from .source import load_exportable, policy_sha256
from .staged import run_stages
from .stages import policy_stages

DEFAULT_SUITES = ("libero_object", "libero_spatial")
DEFAULT_PRECISIONS = ("fp16", "int8")


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
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files: dict[str, dict[str, str]] = {}
    stages = policy_stages(policy, graphs)
    with Progress(len(stages) * (1 + len(precisions)), "export") as progress:
        for stage in stages:
            name = f"{stage.name}.fp32.onnx"
            progress.update(progress.done, f"tracing {stage.name}")
            write_onnx(stage.module, stage.inputs, stage.outputs, partial / name)
            files[stage.name] = {"fp32": name}
            progress.update(progress.done + 1, f"traced {stage.name}")
        policy.spec.save(partial / SPEC)
        rows = {task: row.tolist() for task, row in graphs.prompts.rows.items()}
        (partial / PROMPTS).write_text(json.dumps(rows) + "\n")
        steps = graphs.denoise.steps if graphs.denoise else None
        source = {
            "policy": config.policy,
            "sha256": policy_sha256(config.policy),
            "vlm": policy.vlm.model.config.model_type,
            "denoise_steps": steps,
            "opset": OPSET,
            "torch": torch.__version__,
        }
        write_manifest(partial, files, source)
        feeds: dict[str, list[dict[str, np.ndarray]]] = {stage.name: [] for stage in stages}
        if set(precisions) & set(NEEDS_CALIBRATION):
            progress.update(progress.done, "what the policy sees, for calibration")
            feeds = _calibration_feeds(config, policy, partial, out)
        for stage in files:
            for precision in precisions:
                progress.update(progress.done, f"{stage} in {precision}")
                name = f"{stage}.{precision}.onnx"
                convert(partial / files[stage]["fp32"], partial / name, precision, feeds[stage])
                files[stage][precision] = name
                progress.update(progress.done + 1, f"{stage} in {precision}")
    write_manifest(partial, files, source)
    for kept in (ENGINES, OBSERVATIONS):
        # Engines are looked up by the digest of their graph, which may be the same.
        if (out / kept).is_dir() and not (partial / kept).exists():
            (out / kept).rename(partial / kept)
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
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


def _calibration_feeds(
    config: ExportConfig, policy: SpatuneRollout, partial: Path, out: Path
) -> dict[str, list[dict[str, np.ndarray]]]:
    bundle = Bundle.load(partial)
    kept = out / OBSERVATIONS / "calibration.npz"
    path = config.calibration or kept
    if path.is_file():
        observations = Observations.load(path, bundle.spec)
    elif config.calibration:
        raise SpatuneError(f"{path} is no file: leave --calibration out to play LIBERO")
    else:
        observations = Observations.collect(policy, bundle.spec, CALIBRATION, 40)
        kept = partial / OBSERVATIONS / "calibration.npz"
        observations.save(kept)
    engines = {stage: OrtEngine(bundle.graph("fp32", stage)) for stage in bundle.stages}
    runners = {name: (engine.run, tuple(engine.inputs)) for name, engine in engines.items()}
    feeds: dict[str, list[dict[str, np.ndarray]]] = {stage: [] for stage in bundle.stages}
    for seen, noise in observations.pairs(bundle.spec):
        inputs = policy_inputs(bundle, seen, noise)
        feeds[WHOLE].append({name: inputs[name] for name in engines[WHOLE].inputs})
        run = run_stages(runners, inputs, bundle.manifest["source"]["denoise_steps"])
        for stage, fed in run.fed.items():
            feeds[stage].append({name: fed[name] for name in engines[stage].inputs})
    return feeds


def _instructions(config: ExportConfig) -> list[str]:
    suites = config.suite or (() if config.task else DEFAULT_SUITES)
    if not suites:
        return list(config.task)
    from ..envs.libero_suites import libero_task, task_count

    known = [
        libero_task(suite, i).instruction for suite in suites for i in range(task_count(suite))
    ]
    return [*known, *config.task]
