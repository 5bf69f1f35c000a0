"""How the exported policy's time grows: batch, cameras, denoising steps, length of the chunk.

The policies have the embedded one's VLM and features, a flow head (or, for 0 steps, the L1 head)
and random weights; how long a graph of fixed shape takes does not depend on them. One axis is
changed at a time, on ONNX Runtime in fp32 with all cores:

    python benchmarks/export_axes.py

Output goes to `benchmarks/results/export_axes.json`.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from spatune.export.compose import compose
from spatune.export.engines.ort import OrtEngine
from spatune.export.graphs.build import build_graphs
from spatune.export.latency.timing import measure
from spatune.export.machine import describe_machine, export_versions
from spatune.export.onnx_files import write_onnx
from spatune.export.stages import policy_stages
from spatune.policies.loading import load_policy
from spatune.policies.network import SpatuneNetwork
from spatune.policies.rollout import SpatuneRollout
from spatune.policies.vlm_features import VlmFeatures, VlmSource

RESULTS = Path(__file__).parent / "results" / "export_axes.json"
TASK = "pick the alphabet soup and place it in the basket"
BASE = {"batch": 1, "cameras": 2, "steps": 10, "chunk": 16}
AXES = {"batch": (1, 2, 4, 8), "cameras": (1, 2, 3), "steps": (0, 1, 4, 10), "chunk": (8, 16, 50)}


def varied(policy: SpatuneRollout, cameras: int, steps: int, chunk: int) -> SpatuneRollout:
    """The policy with another number of cameras, steps and actions, and random weights."""
    spec, config = policy.spec, policy.network.config
    first = spec.cameras[0]
    spec = replace(
        spec,
        cameras=tuple(replace(first, key=f"{first.key}{i}") for i in range(cameras)),
        chunk_length=chunk,
    )
    features = tuple(
        replace(f, shape=(cameras, *f.shape[1:])) if f.pool == "grid" else f
        for f in config.features
    )
    config = replace(
        config,
        features=features,
        head="flow" if steps else "l1",
        flow_steps=max(1, steps),
        chunk_length=chunk,
    )
    network = SpatuneNetwork(config).eval()
    encoder = VlmFeatures(VlmSource(""), policy.vlm)
    return SpatuneRollout(spec, policy.scaling, network, encoder)


def milliseconds(policy: SpatuneRollout, batch: int) -> float:
    """Median time of the whole graph."""
    import onnx

    graphs = build_graphs(policy, [TASK])
    parts = {}
    with tempfile.TemporaryDirectory() as folder:
        for stage in policy_stages(policy, graphs, batch):
            if stage.name == "policy":
                continue
            path = Path(folder) / f"{stage.name}.onnx"
            write_onnx(stage.module, stage.inputs, stage.outputs, path)
            parts[stage.name] = onnx.load(str(path))
        steps = graphs.denoise.steps if graphs.denoise else None
        path = Path(folder) / "policy.onnx"
        onnx.save(compose(parts, steps, ("actions",)), str(path))
        engine = OrtEngine(path)
    inputs = {n: np.ones(s.shape, s.dtype) for n, s in engine.inputs.items()}
    timing, _ = measure(
        lambda: engine.run(inputs), iterations=200, seconds=10, deadline_ms=float("inf")
    )
    return timing.p50


def main() -> None:
    """Measure along every axis, print and write."""
    policy = load_policy("embedded")
    assert isinstance(policy, SpatuneRollout)
    torch.manual_seed(0)
    found: dict[str, dict[int, float]] = {}
    for axis, values in AXES.items():
        found[axis] = {}
        for value in values:
            where = {**BASE, axis: value}
            chosen = varied(policy, where["cameras"], where["steps"], where["chunk"])
            found[axis][value] = milliseconds(chosen, where["batch"])
            print(f"{axis:8} {value:3}: {found[axis][value]:8.2f} ms", flush=True)
    record = {
        "base": BASE,
        "p50_ms": found,
        "machine": describe_machine(),
        "versions": export_versions(),
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
