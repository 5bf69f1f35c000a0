"""Weights too large for a graph's file lie beside it, and belong to the graph's digest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from spatune.errors import SpatuneError
from spatune.export import model_file
from spatune.export.bundle import Bundle, write_manifest
from spatune.export.config import ExportConfig
from spatune.export.model_file import load_model, save_model
from spatune.export.observations import Observations
from spatune.export.runtime import RobotPolicy
from spatune.export.write import write_bundle


def test_a_bundle_with_large_weights(
    untrained_policy: Path,
    bundle: Path,
    observations_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("model_file", "onnx_files"):
        monkeypatch.setattr(f"spatune.export.{module}.LARGE", 100_000)
    tasks = tuple(Bundle.load(bundle).prompts)
    config = ExportConfig(
        tmp_path / "large",
        str(untrained_policy),
        ("fp16",),
        task=tasks,
        calibration=observations_file,
    )
    large = write_bundle(config)
    graph = Bundle.load(large).graph("fp32")
    assert graph.stat().st_size < 2_000_000 < graph.with_name(f"{graph.name}.data").stat().st_size
    spec = Bundle.load(large).spec
    seen, noise = next(Observations.load(observations_file, spec).pairs(spec))
    one, other = (RobotPolicy.load(b).predict_action_chunk(seen, noise) for b in (bundle, large))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    # Other weights under the same graph are another graph to the cache of engines.
    copy = Path(shutil.copytree(large, tmp_path / "copy"))
    data = copy / f"{graph.name}.data"
    data.write_bytes(data.read_bytes()[::-1])
    with pytest.raises(SpatuneError, match="is not what was exported"):
        Bundle.load(copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    write_manifest(copy, manifest["graphs"], manifest["source"])
    other_weights = Bundle.load(copy)
    assert other_weights.sha256(other_weights.graph("fp32")) != Bundle.load(large).sha256(graph)


def test_files_that_are_no_graphs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(SpatuneError, match=r"a.onnx cannot be read as ONNX"):
        load_model(path)
    broken = onnx.parser.parse_model(
        '<ir_version: 9, opset_import: ["" : 18]> g (float[2] a) => (float[2] c) { c = Neg(b) }'
    )
    with pytest.raises(SpatuneError, match="not valid ONNX"):
        save_model(broken, path)
    assert path.read_bytes() == b"no graph" and len(list(tmp_path.iterdir())) == 1
    assert model_file.LARGE < 2**31
