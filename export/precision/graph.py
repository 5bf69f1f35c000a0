"""`Graph`: an ONNX graph under change, with its tensors by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...errors import SpatuneError, first_line
from .libraries import onnx

FLOAT = onnx.TensorProto.FLOAT
FLOAT16 = onnx.TensorProto.FLOAT16
BFLOAT16 = onnx.TensorProto.BFLOAT16


class Graph:
    """A copy of a model, in which constants are initializers and every node has its own name.

    Methods:
        value: A constant as an array.
        add_constant: Put a constant in.
        declare: State the type of a tensor that a foreign operator makes.
        fresh: A name that no tensor has.
        consumers: Who reads which tensor.
        retype: Infer types and shapes again.
        finish: The changed model.

    Args:
        model: Of fixed shapes.

    Attributes:
        nodes: In topological order; change them in place, or assign a new list.
        constants: Initializers by name.
        types: Element type (`onnx.TensorProto`) of every tensor that is known.
        shapes: Shape of every tensor that is known.
        inputs: Names of the graph's inputs.
        outputs: Names of the graph's outputs.
        declared: What is known of tensors that foreign operators make.

    Raises:
        SpatuneError: Its types cannot be inferred, or it has branches or loops.
    """

    def __init__(self, model: Any) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(onnx.inliner.inline_local_functions(model))
        graph = self.model.graph
        self.constants: dict[str, Any] = {tensor.name: tensor for tensor in graph.initializer}
        self.nodes: list[Any] = []
        names: set[str] = set()
        for index, node in enumerate(graph.node):
            if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
                raise SpatuneError(
                    f"node {node.name} ({node.op_type}) has a branch or a loop: export a graph "
                    "without control flow"
                )
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                tensor = onnx.TensorProto()
                tensor.CopyFrom(node.attribute[0].t)
                tensor.name = node.output[0]
                self.constants[tensor.name] = tensor
                continue
            if not node.name or node.name in names:
                node.name = f"{node.name or node.op_type}.{index}"
            names.add(node.name)
            # The exporter leaves stack traces there: a megabyte of someone's folder names.
            del node.metadata_props[:]
            self.nodes.append(node)
        self.inputs = [value.name for value in graph.input if value.name not in self.constants]
        self.outputs = [value.name for value in graph.output]
        self._taken = {name for node in self.nodes for name in (*node.input, *node.output)}
        self._taken.update(self.constants, self.inputs)
        foreign = {
            name
            for node in self.nodes
            if node.domain not in ("", "ai.onnx")
            for name in node.output
        }
        self.declared = {value.name: value for value in graph.value_info if value.name in foreign}
        self.types: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.retype()

    @property
    def opset(self) -> int:
        """Version of the standard operators."""
        return next(o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx"))

    def value(self, name: str) -> np.ndarray:
        """A constant as an array."""
        return onnx.numpy_helper.to_array(self.constants[name])

    def add_constant(self, name: str, array: np.ndarray) -> str:
        """Put a constant in, under a fresh name that begins with `name`, and return that name."""
        name = self.fresh(name)
        tensor = onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        self.constants[name] = tensor
        self.types[name], self.shapes[name] = tensor.data_type, tuple(tensor.dims)
        return name

    def declare(self, name: str, kind: int, shape: Sequence[int]) -> None:
        """State the type and shape of a tensor that a foreign operator makes."""
        self.declared[name] = onnx.helper.make_tensor_value_info(name, kind, shape)

    def fresh(self, name: str) -> str:
        """`name`, or `name` with a number behind it if a tensor has it."""
        candidate, number = name, 1
        while candidate in self._taken:
            candidate, number = f"{name}.{number}", number + 1
        self._taken.add(candidate)
        return candidate

    def is_float(self, name: str) -> bool:
        """Whether a tensor is fp32."""
        return self.types.get(name) == FLOAT

    def consumers(self) -> dict[str, list[Any]]:
        """Nodes that read each tensor; a graph output without a reader is not in it."""
        found: dict[str, list[Any]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(filter(None, node.input)):
                found.setdefault(name, []).append(node)
        return found

    def retype(self) -> None:
        """Infer the types and shapes of all tensors."""
        model = self.finish()
        try:
            inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        except Exception as error:
            raise SpatuneError(
                f"types of the graph cannot be inferred ({first_line(error)}): export again"
            ) from error
        graph = inferred.graph
        self.types, self.shapes = {}, {}
        for value in (*graph.value_info, *graph.input, *graph.output):
            self.types[value.name] = value.type.tensor_type.elem_type
            dims = value.type.tensor_type.shape.dim
            self.shapes[value.name] = tuple(dim.dim_value for dim in dims)
        for name, tensor in self.constants.items():
            self.types[name], self.shapes[name] = tensor.data_type, tuple(tensor.dims)

    def finish(self) -> Any:
        """The model with the present nodes, and with those constants that one of them reads."""
        graph = self.model.graph
        used = {name for node in self.nodes for name in node.input} | set(self.outputs)
        model = onnx.ModelProto()
        for field in ("ir_version", "producer_name", "producer_version"):
            setattr(model, field, getattr(self.model, field))
        model.opset_import.extend(self.model.opset_import)
        model.metadata_props.extend(self.model.metadata_props)
        model.graph.name = graph.name
        model.graph.input.extend(value for value in graph.input if value.name in self.inputs)
        model.graph.output.extend(graph.output)
        model.graph.value_info.extend(self.declared.values())
        model.graph.node.extend(self.nodes)
        taken: set[str] = set()
        for each in model.graph.node:
            if each.name in taken:
                each.name = f"{each.name}.{len(taken)}"
            taken.add(each.name)
        model.graph.initializer.extend(t for name, t in self.constants.items() if name in used)
        return model


def node(operator: str, inputs: Iterable[str], outputs: Sequence[str], **attributes: Any) -> Any:
    """An ONNX node that is named after its first output."""
    name = f"{operator}.{outputs[0]}"
    return onnx.helper.make_node(operator, list(inputs), list(outputs), name=name, **attributes)


def attribute(node: Any, name: str, default: Any) -> Any:
    """A node's attribute, or `default`."""
    for candidate in node.attribute:
        if candidate.name == name:
            return onnx.helper.get_attribute_value(candidate)
    return default


def raise_opset(model: Any, opset: int) -> Any:
    """The model with operators of at least that version, and the oldest file format for them."""
    present = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    if present < opset:
        model = onnx.version_converter.convert_version(model, opset)
    raised = onnx.ModelProto()
    raised.CopyFrom(model)
    needed = onnx.helper.find_min_ir_version_for(model.opset_import, ignore_unknown=True)
    raised.ir_version = max(model.ir_version, needed)
    return raised
