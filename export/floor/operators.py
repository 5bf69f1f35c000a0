"""What ONNX's operators compute and its element types weigh: tables behind `graph_costs`."""

from __future__ import annotations

import math
import re
from typing import Any

VIEWS = {"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}
"""They rename elements, and cost nothing."""

PRODUCTS = {
    *("Conv", "ConvInteger", "ConvTranspose", "Einsum", "Gemm", "MatMul", "MatMulInteger"),
    *("QLinearConv", "QLinearMatMul"),
}
"""What matrix units compute."""

MOVES = {
    *("Cast", "CastLike", "Concat", "DepthToSpace", "DequantizeLinear", "DynamicQuantizeLinear"),
    *("Expand", "Gather", "GatherElements", "GatherND", "OneHot", "Pad", "QuantizeLinear"),
    *("Range", "ScatterElements", "ScatterND", "Slice", "SpaceToDepth", "Split", "Tile"),
    *("Transpose", "Trilu"),
}
"""They copy or convert, and compute nothing."""

PER_OUTPUT = {
    *("Abs", "Add", "And", "Atan", "Ceil", "Celu", "Clip", "Cos", "Div", "Elu", "Equal", "Erf"),
    *("Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "LeakyRelu"),
    *("Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or"),
    *("PRelu", "Pow", "Reciprocal", "Relu", "Resize", "Round", "Selu", "Sigmoid", "Sign", "Sin"),
    *("Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh", "Where", "Xor"),
}
"""One operation for each element that they write."""

PER_INPUT = {
    **dict.fromkeys(("ArgMax", "ArgMin", "AveragePool", "CumSum", "GlobalAveragePool"), 1),
    **dict.fromkeys(("GlobalMaxPool", "MaxPool", "ReduceL1", "ReduceMax", "ReduceMean"), 1),
    **dict.fromkeys(("ReduceMin", "ReduceProd", "ReduceSum"), 1),
    **dict.fromkeys(("BatchNormalization", "ReduceL2", "ReduceSumSquare"), 2),
    "RMSNormalization": 4,
    **dict.fromkeys(("LogSoftmax", "Softmax"), 5),
    **dict.fromkeys(("GroupNormalization", "InstanceNormalization", "LayerNormalization"), 7),
}
"""Operations for each element that they read: a softmax takes the largest, subtracts, raises, adds
up and divides."""

FLOATS = {"fp64", "fp32", "fp16", "bf16"}
"""Precisions in which anything but products is computed."""

_BITS = {"DOUBLE": 64, "BOOL": 8}
# Later entries win: FLOAT16 starts with FLOAT.
_PRECISIONS = {
    **{"FLOAT": "fp32", "DOUBLE": "fp64", "FLOAT16": "fp16", "BFLOAT16": "bf16"},
    **{"FLOAT8": "fp8", "FLOAT4": "fp4", "INT8": "int8", "UINT8": "int8"},
    **{"INT4": "int4", "UINT4": "int4"},
}


def element_types(proto: Any) -> tuple[dict[int, int], dict[int, str]]:
    """Bits and precision of ONNX's element types."""
    bits: dict[int, int] = {}
    names: dict[int, str] = {}
    for name, number in proto.DataType.items():
        digits = re.search(r"\d+", name)
        bits[number] = int(digits[0]) if digits else _BITS.get(name, 32)
        for start, precision in _PRECISIONS.items():
            if name.startswith(start):
                names[number] = precision
    return bits, names


def contracted(equation: str, *shapes: tuple[int, ...]) -> int:
    """Product of the dimensions that an einsum sums over."""
    terms, arrow, result = equation.replace(" ", "").partition("->")
    if not arrow:
        result = "".join(label for label in terms if terms.count(label) == 1)
    sizes: dict[str, int] = {}
    for term, shape in zip(terms.split(","), shapes, strict=True):
        left, _, right = term.partition("...")
        sizes.update(zip(left, shape, strict=False))
        sizes.update(zip(reversed(right), reversed(shape), strict=False))
    return math.prod(size for label, size in sizes.items() if label not in result)
