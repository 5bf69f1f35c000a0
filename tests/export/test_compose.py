"""The whole is its stages, joined: the same bits, and the weights once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from spatune.errors import SpatuneError
from spatune.export.bundle import WHOLE, Bundle
from spatune.export.compose import compose
from spatune.export.engines.ort import OrtEngine
from spatune.export.observations import Observations
from spatune.export.runtime import policy_inputs
from spatune.export.staged import run_stages


@pytest.mark.parametrize("kind", ["bundle", "flow_bundle"])
def test_the_whole_gives_what_its_stages_give(
    kind: str, request: pytest.FixtureRequest, observations_file: Path
) -> None:
    bundle = Bundle.load(request.getfixturevalue(kind))
    engines = {stage: OrtEngine(bundle.graph("fp32", stage), threads=1) for stage in bundle.stages}
    runners = {name: (engine.run, tuple(engine.inputs)) for name, engine in engines.items()}
    steps = bundle.manifest["source"]["denoise_steps"]
    for seen, noise in Observations.load(observations_file, bundle.spec).pairs(bundle.spec):
        inputs = policy_inputs(bundle, seen, noise)
        run = run_stages(runners, inputs, steps)
        known = {name: inputs[name] for name in engines[WHOLE].inputs}
        np.testing.assert_allclose(
            engines[WHOLE].run(known)["actions"], run.actions, rtol=0, atol=2e-6
        )
        assert len(run.chunks) == (steps or 0)
    parts = [stage for stage in bundle.stages if stage != WHOLE]
    sizes = [bundle.graph("fp32", stage).stat().st_size for stage in parts]
    # Steps share their weights, so unrolling them adds operators alone.
    assert bundle.graph("fp32").stat().st_size < 1.1 * sum(sizes)


def model(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 18]>\n{text}')


VISION = """vision (float[1, 2] images) => (float[1, 2] seen, float[1, 2] spare)
<float[1] two = {2.0}> { seen = Mul(images, two)  spare = Neg(images) }"""
HEAD = """head (float[1, 2] seen, float[1, 2] state) => (float[1, 2] memory)
<float[1] two = {3.0}> { inner = Mul(seen, two)  memory = Add(inner, state) }"""
DENOISE = """denoise (float[1, 2] memory, float[1, 2] chunk, float[1] time)
=> (float[1, 2] next_chunk, float[1, 2] actions)
{ warm = Add(memory, time)  next_chunk = Add(chunk, warm)  actions = Neg(next_chunk) }"""


def test_names_do_not_clash_and_steps_see_their_time(tmp_path: Path) -> None:
    parts = {"vision": model(VISION), "head": model(HEAD), "denoise": model(DENOISE)}
    whole = compose(parts, 4, ("actions",))
    onnx.checker.check_model(whole, full_check=True)
    assert [value.name for value in whole.graph.input] == ["images", "state", "noise"]
    # What nothing depends on is gone: the spare output, and the actions of all steps but the last.
    assert [node.op_type for node in whole.graph.node].count("Neg") == 1
    onnx.save(whole, str(tmp_path / "whole.onnx"))
    rng = np.random.default_rng(0)
    inputs = {
        name: rng.normal(size=(1, 2)).astype(np.float32) for name in ("images", "state", "noise")
    }
    memory = inputs["images"] * 2 * 3 + inputs["state"]
    expected = -(inputs["noise"] + 4 * memory + 0.25 + 0.5 + 0.75)
    found = OrtEngine(tmp_path / "whole.onnx").run(inputs)["actions"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_nested_graphs_are_refused() -> None:
    nested = model(
        """vision (bool c, float[2] images) => (float[2] actions)
        { actions = If (c) <then_branch = t () => (float[2] a) { a = Neg(images) },
          else_branch = e () => (float[2] b) { b = Abs(images) }> }"""
    )
    with pytest.raises(SpatuneError, match="operator If has a graph inside"):
        compose({"vision": nested}, None, ("actions",))
