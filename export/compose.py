"""`compose`: the graphs of the stages as one graph of the whole policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SpatuneError
from .staged import DENOISE

if TYPE_CHECKING:
    from onnx import AttributeProto, ModelProto, NodeProto, ValueInfoProto


def compose(
    stages: Mapping[str, ModelProto], denoise_steps: int | None, outputs: Iterable[str]
) -> ModelProto:
    """Join stages by the names of their inputs and outputs; the denoising stage is unrolled.

    The steps share their weights. What no output depends on is left out.

    Args:
        stages: Stage -> its graph, in the order in which they run, of one opset.
        denoise_steps: Euler steps of a flow policy, else None.
        outputs: What the whole gives.

    Returns:
        A graph whose inputs are those that no stage gives.

    Raises:
        SpatuneError: A stage has nested graphs.
    """
    import onnx

    first = next(iter(stages.values()))
    inputs: dict[str, ValueInfoProto] = {}
    known: dict[str, str] = {}
    nodes: list[NodeProto] = []
    weights: dict[str, onnx.TensorProto] = {}
    for stage, model in stages.items():
        steps = (denoise_steps or 1) if stage == DENOISE else 1
        for step in range(steps):
            if stage == DENOISE:
                _feed_step(known, weights, inputs, model, step, steps)
            names = {tensor.name: f"{stage}.{tensor.name}" for tensor in model.graph.initializer}
            for value in model.graph.input:
                if value.name not in known:
                    inputs[value.name] = value
                names[value.name] = known.setdefault(value.name, value.name)
            own = f"{stage}.{step}." if steps > 1 else f"{stage}."
            nodes += [_renamed(node, names, own) for node in model.graph.node]
            known |= {value.name: names[value.name] for value in model.graph.output}
        for tensor in model.graph.initializer:
            copy = onnx.TensorProto()
            copy.CopyFrom(tensor)
            copy.name = f"{stage}.{tensor.name}"
            weights[copy.name] = copy
    wanted = {name: known[name] for name in outputs}
    nodes = _needed(nodes, set(wanted.values()))
    used = {name for node in nodes for name in node.input}
    nodes += [onnx.helper.make_node("Identity", [inner], [name]) for name, inner in wanted.items()]
    types = {value.name: value for model in stages.values() for value in model.graph.output}
    graph = onnx.helper.make_graph(
        nodes,
        "policy",
        [value for name, value in inputs.items() if name in used],
        [types[name] for name in wanted],
        [tensor for name, tensor in weights.items() if name in used],
    )
    return onnx.helper.make_model(
        graph, opset_imports=first.opset_import, ir_version=first.ir_version
    )


def _feed_step(
    known: dict[str, str],
    weights: dict,
    inputs: dict[str, ValueInfoProto],
    model: ModelProto,
    step: int,
    steps: int,
) -> None:
    """The chunk of the step before, at first the noise, and the time as a constant."""
    import onnx

    if step == 0:
        given = {value.name: value for value in model.graph.input}
        noise = onnx.ValueInfoProto()
        noise.CopyFrom(given["chunk"])
        noise.name = "noise"
        inputs["noise"] = noise
        known["chunk"] = known["noise"] = "noise"
    else:
        known["chunk"] = known["next_chunk"]
    known["time"] = f"{DENOISE}.{step}.time"
    (batch,) = (
        v.type.tensor_type.shape.dim[0].dim_value for v in model.graph.input if v.name == "time"
    )
    time = np.full(batch, step / steps, np.float32)
    weights[known["time"]] = onnx.numpy_helper.from_array(time, known["time"])


def _renamed(node: NodeProto, names: dict[str, str], own: str) -> NodeProto:
    import onnx

    if any(_nested(attribute) for attribute in node.attribute):
        raise SpatuneError(f"the operator {node.op_type} has a graph inside: it cannot be joined")
    for name in node.output:
        if name:
            names[name] = f"{own}{name}"
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{own}{node.name}" if node.name else ""
    copy.input[:] = [names[name] if name else "" for name in node.input]
    copy.output[:] = [names[name] if name else "" for name in node.output]
    return copy


def _nested(attribute: AttributeProto) -> bool:
    return attribute.HasField("g") or bool(attribute.graphs)


def _needed(nodes: list[NodeProto], wanted: set[str]) -> list[NodeProto]:
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]
