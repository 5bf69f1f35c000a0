"""`graph_costs`: what an ONNX graph of fixed shapes computes and moves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import SpatuneError, first_line
from .operators import (
    FLOATS,
    MOVES,
    PER_INPUT,
    PER_OUTPUT,
    PRODUCTS,
    VIEWS,
    contracted,
    element_types,
)

_SHAPE_TENSOR = 1024
_PARTIAL = {"Gather", "GatherElements", "GatherND", "Slice", "Split"}
_THROUGH = VIEWS | {"Expand", "Slice", "Split", "Transpose"}


@dataclass(frozen=True)
class NodeCosts:
    """One node.

    Attributes:
        name: Of the node, or of its first output.
        op: Its operator.
        precision: In which its products are computed; of its first output for other operators.
        products: FLOP of matrix products and convolutions.
        elementwise: Other floating-point operations.
        weights: Bytes of constants that it reads, as they are stored.
        moved: Bytes of activations that it reads and writes when nothing is fused.
    """

    name: str
    op: str
    precision: str
    products: int
    elementwise: int
    weights: int
    moved: int


@dataclass(frozen=True)
class GraphCosts:
    """A whole graph.

    Attributes:
        nodes: Its nodes; what depends on constants alone is computed beforehand and left out.
        weights: Bytes of constants, each counted once however often it is used. Of a table with
            rows chosen at run time, the rows read.
        io: Bytes of the graph's inputs and outputs.
        uncounted: Operators of which the operations are not known and count as none.
    """

    nodes: tuple[NodeCosts, ...]
    weights: int
    io: int
    uncounted: tuple[str, ...]

    @cached_property
    def products(self) -> Mapping[str, int]:
        """FLOP of matrix products by precision; a multiply-accumulate is 2."""
        counts: Counter[str] = Counter()
        for node in self.nodes:
            if node.products:
                counts[node.precision] += node.products
        return dict(counts)

    @property
    def elementwise(self) -> int:
        """Other floating-point operations."""
        return sum(node.elementwise for node in self.nodes)

    @property
    def flop(self) -> int:
        """All operations."""
        return sum(self.products.values()) + self.elementwise

    @property
    def least_bytes(self) -> int:
        """Bytes that every engine must move: weights, inputs and outputs."""
        return self.weights + self.io

    @property
    def unfused_bytes(self) -> int:
        """Bytes moved when every node reads and writes its activations in memory."""
        return max(self.least_bytes, self.weights + sum(node.moved for node in self.nodes))


def graph_costs(path: Path) -> GraphCosts:
    """Count the operations and bytes of an ONNX file from its shapes alone.

    A product between DequantizeLinear nodes counts in the precision before them, a constant in the
    type in which it is stored: a QDQ graph of int8 weights reads 1 byte a weight.

    Raises:
        SpatuneError: onnx is missing, the file is no ONNX graph, a dimension is not fixed, or the
            graph has branches or loops.
    """
    return _Counting(path, _load(path)).result()


def _load(path: Path) -> Any:
    try:
        import onnx
        import onnx.inliner
    except ImportError as error:
        raise SpatuneError("onnx is not installed: pip install 'spatune[onnx]'") from error
    if not path.is_file():
        raise SpatuneError(f"{path} is missing: name an ONNX file, as `spatune export` writes it")
    try:
        model = onnx.load(str(path), load_external_data=False)
        for tensor in model.graph.initializer:
            # Shape inference reads shapes from small tensors; weights would only cost memory.
            if math.prod(tensor.dims) > _SHAPE_TENSOR:
                tensor.ClearField("raw_data")
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        return onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception as error:  # protobuf's own error class is no public name
        raise SpatuneError(
            f"{path} is no ONNX graph that can be read: {first_line(error)}"
        ) from error


class _Counting:
    """One pass over a graph."""

    def __init__(self, path: Path, graph: Any) -> None:
        from onnx import TensorProto

        self._path, self._graph = path, graph
        self._bits, self._names = element_types(TensorProto)
        self._values: dict[str, tuple[int, tuple[int, ...] | None]] = {}
        for value in (*graph.input, *graph.value_info, *graph.output):
            self._values[value.name] = _shape(value)
        for tensor in graph.initializer:
            self._values[tensor.name] = tensor.data_type, tuple(tensor.dims)
        self._makers = {name: node for node in graph.node for name in node.output}
        # A constant -> the stored constants that it is computed from.
        self._sources = {tensor.name: {tensor.name} for tensor in graph.initializer}
        self._read: Counter[str] = Counter()
        self._uncounted: set[str] = set()

    def result(self) -> GraphCosts:
        inputs = [value.name for value in self._graph.input if value.name not in self._sources]
        for name in inputs:
            self._elements(name)
        nodes = [costs for node in self._graph.node if (costs := self._node(node))]
        outputs = [value.name for value in self._graph.output]
        weights = sum(self._stored_bytes(name, count) for name, count in self._read.items())
        io = sum(map(self._bytes, (*inputs, *outputs)))
        return GraphCosts(tuple(nodes), weights, io, tuple(sorted(self._uncounted)))

    def _node(self, node: Any) -> NodeCosts | None:
        inputs = [name for name in node.input if name]
        outputs = [name for name in node.output if name]
        if any(attribute.HasField("g") for attribute in node.attribute):
            raise SpatuneError(
                f"{self._path}: {node.op_type} {node.name!r} branches or loops, so that its costs "
                "are not fixed: export without control flow"
            )
        if node.op_type == "Constant":
            self._sources[outputs[0]] = {outputs[0]}
            return None
        if node.op_type in ("Shape", "Size"):
            self._sources[outputs[0]] = set()
            return None
        if all(name in self._sources for name in inputs):
            found = set().union(*(self._sources[name] for name in inputs))
            self._sources.update(dict.fromkeys(outputs, found))
            return None
        if node.op_type in VIEWS:
            return None
        weights, moved = 0, 0
        for name in dict.fromkeys(inputs):
            count = self._elements(name)
            if node.op_type in _PARTIAL:
                count = min(count, sum(map(self._elements, outputs)))
            if name not in self._sources:
                moved += self._bytes(self._stored(name), count)
            for source in self._sources.get(name, ()):
                self._read[source] += count
                weights += self._stored_bytes(source, count)
        if node.op_type == "DequantizeLinear":
            # Its reader takes the narrow type: no engine writes the wide one.
            moved = 0
        else:
            moved += sum(map(self._bytes, outputs))
        products, elementwise = self._operations(node, inputs, outputs)
        precision = self._product_precision(node) if products else self._precision(outputs[0])
        name = node.name or outputs[0]
        return NodeCosts(name, node.op_type, precision, products, elementwise, weights, moved)

    def _operations(self, node: Any, inputs: list[str], outputs: list[str]) -> tuple[int, int]:
        op, written = node.op_type, self._elements(outputs[0])
        if op in PRODUCTS and (op != "Einsum" or len(inputs) == 2):
            biased = len(inputs) > 2 and op in ("Conv", "ConvTranspose", "Gemm")
            return 2 * self._multiplications(node), written if biased else 0
        if op in MOVES or FLOATS.isdisjoint(map(self._precision, (*inputs, outputs[0]))):
            return 0, 0
        if op in PER_OUTPUT:
            return 0, written
        if op in PER_INPUT:
            return 0, PER_INPUT[op] * self._elements(inputs[0])
        self._uncounted.add(op)
        return 0, 0

    def _multiplications(self, node: Any) -> int:
        from onnx import helper

        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        first, second = self._operands(node)
        a, b, written = self._dims(first), self._dims(second), self._elements(node.output[0])
        if node.op_type == "Einsum":
            return written * contracted(values["equation"].decode(), a, b)
        if node.op_type == "ConvTranspose":
            return math.prod(a) * math.prod(b[1:])
        if "Conv" in node.op_type:
            # A filter spans the channels of its own group only.
            return written * math.prod(b[1:])
        return written * a[0 if values.get("transA") else -1]

    def _product_precision(self, node: Any) -> str:
        first, second = (self._before_dequantize(name) for name in self._operands(node))
        narrow = {first, second} - FLOATS
        if len(narrow) == 1 and first != second:
            # Narrow weights with wide activations are widened before the product.
            return ({first, second} & FLOATS).pop()
        order = ("fp64", "fp32", "bf16", "fp16", "int8", "fp8")
        return next((name for name in order if name in (first, second)), first)

    def _operands(self, node: Any) -> tuple[str, str]:
        return node.input[0], node.input[3 if node.op_type.startswith("QLinear") else 1]

    def _before_dequantize(self, name: str) -> str:
        origin = name
        while (maker := self._makers.get(origin)) is not None and maker.op_type in _THROUGH:
            origin = maker.input[0]
        if maker is not None and maker.op_type == "DequantizeLinear":
            return self._precision(maker.input[0])
        return self._precision(name)

    def _stored(self, name: str) -> str:
        """The tensor in memory behind views and DequantizeLinear."""
        while (maker := self._makers.get(name)) is not None:
            if maker.op_type not in VIEWS | {"DequantizeLinear"}:
                break
            name = maker.input[0]
        return name

    def _stored_bytes(self, source: str, count: int) -> int:
        return self._bytes(source, min(count, self._elements(source)))

    def _bytes(self, name: str, elements: int | None = None) -> int:
        count = self._elements(name) if elements is None else elements
        return math.ceil(count * self._bits.get(self._values[name][0], 32) / 8)

    def _elements(self, name: str) -> int:
        return math.prod(self._dims(name))

    def _precision(self, name: str) -> str:
        return self._names.get(self._values.get(name, (0, None))[0], "other")

    def _dims(self, name: str) -> tuple[int, ...]:
        dims = self._values.get(name, (0, None))[1]
        if dims is None:
            maker = self._makers.get(name)
            of = f"output {name!r} of {maker.op_type}" if maker is not None else f"input {name!r}"
            raise SpatuneError(
                f"{self._path}: {of} has no fixed shape that onnx infers: export with every "
                "dimension fixed, in operators of the ONNX standard"
            )
        return dims


def _shape(value: Any) -> tuple[int, tuple[int, ...] | None]:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return tensor.elem_type, None
    dims = tensor.shape.dim
    fixed = all(dim.HasField("dim_value") for dim in dims)
    return tensor.elem_type, tuple(dim.dim_value for dim in dims) if fixed else None
