"""How fast full-size policies act on a GPU: Qwen VLMs with random weights and a flow head.

Weights are random because speed does not depend on them; the VLM computes in bf16, the head in
fp32, from two 224 x 224 uint8 images to a chunk of 16 actions in 10 denoising steps. Each engine is
built in this process, one after the other; one that the machine lacks is recorded with its reason.

    python benchmarks/export_gpu.py qwen3-vl-2b            # or qwen3-vl-4b, qwen2.5-vl-3b
    python benchmarks/export_gpu.py tiny cpu               # a rehearsal without a GPU

Output goes to `benchmarks/results/export_gpu-<size>.json`; a rehearsal writes nothing.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _random_vlm import random_vlm

from spatune.envs.spec import LIBERO_ACTION_LAYOUT, LIBERO_STATE_LAYOUTS, CameraSpec
from spatune.errors import SpatuneError
from spatune.export.compile.tensorrt import EngineBuilder
from spatune.export.compose import compose
from spatune.export.engines.engine import Engine
from spatune.export.engines.ort import OrtEngine
from spatune.export.engines.tensorrt import TensorRTEngine
from spatune.export.engines.tensorrt_module import find_tensorrt
from spatune.export.floor.chips import find_chip
from spatune.export.floor.roofline import floor_ms
from spatune.export.graphs.build import build_graphs
from spatune.export.latency.timing import measure
from spatune.export.machine import describe_machine, export_versions
from spatune.export.model_file import load_model, save_model
from spatune.export.onnx_files import write_onnx
from spatune.export.stages import Stage, policy_stages
from spatune.export.torch_engine import TorchEngine, compile_package
from spatune.policies.features import probe_feature_specs
from spatune.policies.network import NetworkConfig, SpatuneNetwork
from spatune.policies.normalisation import ACTION, STATE, Statistics
from spatune.policies.rollout import SpatuneRollout
from spatune.policies.scaling import PolicyScaling
from spatune.policies.spec import PolicySpec
from spatune.policies.vlm_features import VlmFeatures, VlmSource

RESULTS = Path(__file__).parent / "results"
TASK = "pick the alphabet soup and place it in the basket"
STEPS, CHUNK = 10, 16


def random_policy(name: str, folder: Path) -> SpatuneRollout:
    """A policy of the size, on the CPU, where it is traced; engines bring it to the device."""
    side = 128 if name == "tiny" else 224
    vlm = random_vlm(name, folder, corpus=(TASK,), side=side, dtype=torch.bfloat16)
    deep = vlm.model.config.get_text_config().num_hidden_layers
    sources = {"seen": f"language.{deep // 2}:grid", "text": "language.-1:last"}
    features = probe_feature_specs(vlm, sources, 2, side)
    network = NetworkConfig(
        features, head="flow", chunk_length=CHUNK, flow_steps=STEPS, flow_width=512, flow_layers=6
    )
    eight, seven = (0.0,) * 8, (0.0,) * 7
    statistics = Statistics(
        {
            STATE: {"mean": eight, "std": (1.0,) * 8},
            ACTION: {"mean": seven, "std": (1.0,) * 7},
        }
    )
    spec = PolicySpec(
        cameras=tuple(CameraSpec(f"observation.images.{i}", str(i), side, side) for i in range(2)),
        resize="exact",
        state_layout=LIBERO_STATE_LAYOUTS["base"],
        action_layout=LIBERO_ACTION_LAYOUT,
        gripper_convention="-1 open, +1 close",
        action_low=(-1.0,) * 7,
        action_high=(1.0,) * 7,
        state_normalisation="mean_std",
        action_normalisation="mean_std",
        statistics_sha256=statistics.sha256,
        chunk_length=CHUNK,
        execute_steps=8,
        control_hz=20.0,
    )
    scaling, encoder = PolicyScaling(spec, statistics), VlmFeatures(VlmSource(""), vlm)
    return SpatuneRollout(spec, scaling, SpatuneNetwork(network), encoder)


def engines(stages: tuple[Stage, ...], graph: Path, device: str) -> dict[str, Callable[[], Engine]]:
    """What builds each engine of the whole policy."""
    whole, package = stages[0], graph.with_suffix(".pt2")

    def inductor() -> Engine:
        compile_package(whole, "fp32", device, package)
        return TorchEngine(whole, "aotinductor", device=device, package=package)

    def tensorrt() -> Engine:
        trt = find_tensorrt("tensorrt-rtx")
        return TensorRTEngine(trt, EngineBuilder(trt).build(graph, sms=None), "tensorrt-rtx")

    ort = "ort-cuda" if device == "cuda" else "ort-cpu"
    return {
        "torch eager": lambda: TorchEngine(whole, "torch-eager", device=device),
        "torch.compile, CUDA graphs": lambda: TorchEngine(whole, "torch-compile", device=device),
        "AOTInductor": inductor,
        ort: lambda: OrtEngine(graph, ort),
        "TensorRT-RTX": tensorrt,
    }


def main() -> None:
    """Build, measure, print and write."""
    name = sys.argv[1] if len(sys.argv) > 1 else "qwen3-vl-2b"
    device = sys.argv[2] if len(sys.argv) > 2 else "cuda"
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        policy = random_policy(name, Path(folder) / "vlm")
        graphs = build_graphs(policy, [TASK])
        stages = policy_stages(policy, graphs)
        graph = Path(folder) / "policy.onnx"
        parts = {}
        for stage in stages[1:]:
            path = Path(folder) / f"{stage.name}.onnx"
            write_onnx(stage.module, stage.inputs, stage.outputs, path)
            parts[stage.name] = load_model(path)
        save_model(compose(parts, STEPS, ("actions",)), graph)
        parts.clear()
        rng = np.random.default_rng(0)
        for label, build in engines(stages, graph, device).items():
            began = time.monotonic()
            try:
                engine = build()
                inputs = {
                    key: np.ones(s.shape, s.dtype)
                    if s.dtype.kind in "iu"
                    else rng.normal(size=s.shape).astype(s.dtype)
                    for key, s in engine.inputs.items()
                }
                built = time.monotonic() - began
                timing, _ = measure(
                    lambda engine=engine, inputs=inputs: engine.run(inputs),
                    iterations=500,
                    seconds=20 if device == "cuda" else 2,
                    deadline_ms=400,
                )
                found[label] = {**timing.to_json(), "build_s": built}
                print(f"{timing.p50:9.2f} p50 {timing.p99:9.2f} p99 ms  {label}", flush=True)
                del engine
            except SpatuneError as error:
                found[label] = {"missing": str(error)}
                print(f"{'-':>9}                     {label}: {error}", flush=True)
            gc.collect()
            if device == "cuda":
                torch.cuda.empty_cache()
        bounds = {}
        for chip in ("h100", "h200"):
            bounds[chip] = floor_ms(graph, find_chip(chip))
            print(f"{bounds[chip]:9.2f} floor on {chip}")
    if device == "cuda":
        record = {
            "size": name,
            "engines": found,
            "floor_ms": bounds,
            "machine": describe_machine(),
            "versions": export_versions(),
        }
        path = RESULTS / f"export_gpu-{name}.json"
        path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
