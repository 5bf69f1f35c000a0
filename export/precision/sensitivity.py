"""`tolerable_sites`: which products can be quantised, found by measuring each one's effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import SpatuneError
from .calibration import run, session
from .graph import FLOAT, Graph, node
from .libraries import onnx
from .qdq import Fake, Site

SWITCHES = "quantised.switches"
_FEEDS, _SWITCHES = 4, 128
"""Inputs on which products are measured alone, and switches at most: what bounds the time."""


def tolerable_sites(
    graph: Graph,
    sites: Sequence[Site],
    fake: Fake,
    feeds: Sequence[Mapping[str, np.ndarray]],
    tolerance: float,
) -> list[Site]:
    """The sites that together change the outputs by no more than `tolerance`.

    Each is quantised alone, on real inputs, in one graph whose products can be switched. Then sites
    are left out, those first that disturb most for what they compute, until the rest is tolerable.

    Args:
        graph: In fp32; not changed.
        sites: Candidates. Those that share a weight stay together.
        fake: What quantisation does to a site's operands.
        feeds: Calibration inputs.
        tolerance: See `relative_error`.

    Raises:
        SpatuneError: None can be quantised.
    """
    weights = list(dict.fromkeys(site.weight for site in sites))
    if not weights:
        raise SpatuneError(
            "the graph has no product of a shape that can be quantised: use fp16 or bf16"
        )
    chunks = np.array_split(np.arange(len(weights)), min(len(weights), _SWITCHES))
    group = {weights[i]: number for number, chunk in enumerate(chunks) for i in chunk}
    engine = session(_switched(graph, sites, group, fake))
    few = [feeds[i] for i in np.linspace(0, len(feeds) - 1, min(_FEEDS, len(feeds))).astype(int)]

    def outputs(on: np.ndarray, inputs: Sequence[Mapping[str, np.ndarray]]) -> list[np.ndarray]:
        runs = [run(engine, {**feed, SWITCHES: on}) for feed in inputs]
        return [np.stack(values) for values in zip(*runs, strict=True)]

    everything = np.ones(len(chunks), bool)
    exact = outputs(~everything, feeds)
    if relative_error(outputs(everything, feeds), exact) <= tolerance:
        return list(sites)
    exact_few = outputs(~everything, few)
    alone = [outputs(row, few) for row in np.eye(len(chunks), dtype=bool)]
    disturbance = np.array([relative_error(found, exact_few) ** 2 for found in alone])
    macs = np.bincount([group[site.weight] for site in sites], [site.macs for site in sites])
    worst = np.argsort(-disturbance / macs, kind="stable")
    tolerable, intolerable = len(chunks), 0
    while tolerable - intolerable > 1:
        left_out = (tolerable + intolerable) // 2
        on = everything.copy()
        on[worst[:left_out]] = False
        if relative_error(outputs(on, feeds), exact) <= tolerance:
            tolerable = left_out
        else:
            intolerable = left_out
    if tolerable == len(chunks):
        raise SpatuneError(
            f"every product of the graph changes the outputs by more than {tolerance:.0%} of their "
            "spread when it is quantised: use fp16 or bf16"
        )
    return [site for site in sites if group[site.weight] not in worst[:tolerable]]


def relative_error(found: Sequence[np.ndarray], exact: Sequence[np.ndarray]) -> float:
    """Error of outputs over their spread, of each entry of the last axis, as a root mean square.

    Args:
        found: Arrays (inputs, ..., entries).
        exact: The same from the fp32 graph.
    """
    shares: list[float] = []
    for one, other in zip(found, exact, strict=True):
        rows = (-1, other.shape[-1] if other.ndim > 1 else 1)
        one, other = (array.reshape(rows).astype(np.float64) for array in (one, other))
        # What never varies is measured by its size.
        spread = other.var(0)
        spread = np.where(spread > 0, spread, np.square(other).mean(0))
        error = np.square(one - other).mean(0)
        shares += list(error[spread > 0] / spread[spread > 0])
    return float(np.sqrt(np.mean(shares))) if shares else 0.0


def _switched(graph: Graph, sites: Sequence[Site], group: Mapping[str, int], fake: Fake) -> Any:
    """The graph with one more input, bool (switches,): which groups of weights are quantised."""
    graph = Graph(graph.finish())
    by_node = {site.node: site for site in sites}
    count = max(group.values()) + 1
    switches = [graph.fresh(f"{SWITCHES}.one") for _ in range(count)]
    nodes = [
        node("Gather", [SWITCHES, graph.add_constant(f"{SWITCHES}.place", np.array(i))], [name])
        for i, name in enumerate(switches)
    ]
    for each in graph.nodes:
        site = by_node.get(each.name)
        if site is None:
            nodes.append(each)
            continue
        inside: list[Any] = []
        operands = fake(graph, site, inside)
        bodies = {
            "then_branch": [*inside, _copy(graph, each, operands)],
            "else_branch": [_copy(graph, each, ())],
        }
        branches = {name: _branch(name, body) for name, body in bodies.items()}
        nodes.append(node("If", [switches[group[site.weight]]], each.output, **branches))
    graph.nodes = nodes
    model = graph.finish()
    # Those that only branches read.
    present = {tensor.name for tensor in model.graph.initializer}
    constants = graph.constants.items()
    model.graph.initializer.extend(tensor for name, tensor in constants if name not in present)
    kind = onnx.TensorProto.BOOL
    model.graph.input.append(onnx.helper.make_tensor_value_info(SWITCHES, kind, [count]))
    return model


def _copy(graph: Graph, each: Any, operands: Sequence[str]) -> Any:
    copy = onnx.NodeProto()
    copy.CopyFrom(each)
    copy.input[: len(operands)] = operands
    copy.output[0] = graph.fresh(f"{each.output[0]}.branch")
    return copy


def _branch(name: str, nodes: Sequence[Any]) -> Any:
    output = onnx.helper.make_empty_tensor_value_info(nodes[-1].output[0])
    output.type.tensor_type.elem_type = FLOAT
    return onnx.helper.make_graph(nodes, name, [], [output])
