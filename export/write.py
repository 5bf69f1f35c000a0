"""`write_bundle`: from a policy to a bundle."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import torch

from ..errors import SpatuneError
from .bundle import PROMPTS, SPEC, is_bundle, write_manifest
from .config import ExportConfig
from .engines.engine_cache import ENGINES
from .graphs.build import build_graphs
from .onnx_files import OPSET, write_onnx
from .source import load_exportable, policy_sha256
from .stages import policy_stages

DEFAULT_SUITES = ("libero_object", "libero_spatial")
DEFAULT_PRECISIONS = ("fp16", "int8")


def write_bundle(config: ExportConfig) -> Path:
    """Export a policy.

    Returns:
        The bundle's folder.

    Raises:
        SpatuneError: There is no such policy, it cannot be exported, or `out` holds something else.
    """
    out, began = config.out, time.monotonic()
    if out.exists() and not is_bundle(out) and (out.is_file() or any(out.iterdir())):
        raise SpatuneError(f"{out} exists and is no bundle: name another --out")
    policy = load_exportable(config.policy)
    graphs = build_graphs(policy, _instructions(config))
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files: dict[str, dict[str, str]] = {}
    for stage in policy_stages(policy, graphs):
        print(f"{out}: tracing {stage.name}", file=sys.stderr)
        name = f"{stage.name}.fp32.onnx"
        write_onnx(stage.module, stage.inputs, stage.outputs, partial / name)
        files[stage.name] = {"fp32": name}
    policy.spec.save(partial / SPEC)
    rows = {task: row.tolist() for task, row in graphs.prompts.rows.items()}
    (partial / PROMPTS).write_text(json.dumps(rows) + "\n")
    source = {
        "policy": config.policy,
        "sha256": policy_sha256(config.policy),
        "vlm": policy.vlm.model.config.model_type,
        "denoise_steps": graphs.denoise.steps if graphs.denoise else None,
        "opset": OPSET,
        "torch": torch.__version__,
    }
    write_manifest(partial, files, source)
    if (out / ENGINES).is_dir():
        # They are looked up by the digest of their graph, which may be the same.
        (out / ENGINES).rename(partial / ENGINES)
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
    size = sum(path.stat().st_size for path in out.glob("*.onnx")) / 1e6
    print(
        f"{out}: {', '.join(files)} for {len(rows)} instructions, {size:.1f} MB, "
        f"in {time.monotonic() - began:.0f} s"
    )
    return out


def _instructions(config: ExportConfig) -> list[str]:
    suites = config.suite or (() if config.task else DEFAULT_SUITES)
    if not suites:
        return list(config.task)
    from ..envs.libero_suites import libero_task, task_count

    known = [
        libero_task(suite, i).instruction for suite in suites for i in range(task_count(suite))
    ]
    return [*known, *config.task]
