"""`write_onnx`: a module as an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import SpatuneError
from .model_file import LARGE, load_model, save_model
from .quiet import quiet

OPSET = 18
"""Opset 23 would emit fused attention, which parsers take and TensorRT fails to build."""


def write_onnx(
    module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> None:
    """Trace a module with its inputs' shapes fixed, and write it.

    Inputs that change nothing are left out, and so is what the exporter notes down of every
    operator: stack traces with this machine's folders, which no file that travels should have.

    Args:
        module: In evaluation mode.
        inputs: Example arguments by name, in the order of `forward`.
        outputs: Names of what it returns.
        path: File to write.

    Raises:
        SpatuneError: The exporter's packages are missing.
    """
    try:
        import onnxscript  # noqa: F401  (torch's exporter needs it)
    except ImportError as error:
        raise SpatuneError(f"{error.name} is not installed: pip install 'spatune[onnx]'") from error
    with torch.no_grad(), quiet():
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(path),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            external_data=sum(w.nbytes for w in module.state_dict().values()) > LARGE,
            verbose=False,
        )
    model = load_model(path)
    used = {name for node in model.graph.node for name in node.input}
    unused = [value for value in model.graph.input if value.name not in used]
    for value in unused:
        model.graph.input.remove(value)
    for noted in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del noted.metadata_props[:]
    save_model(model, path)
