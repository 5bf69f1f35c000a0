"""`write_onnx`: a module as an ONNX file."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import SpatuneError
from .model_file import LARGE, load_model, save_model

OPSET = 18
"""Opset 23 would emit fused attention, which parsers take and TensorRT fails to build."""


def write_onnx(
    module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> tuple[str, ...]:
    """Trace a module with its inputs' shapes fixed, and write it.

    Args:
        module: In evaluation mode.
        inputs: Example arguments by name, in the order of `forward`.
        outputs: Names of what it returns.
        path: File to write.

    Returns:
        Names of the inputs that the graph has: those that change nothing are left out.

    Raises:
        SpatuneError: The exporter's packages are missing.
    """
    try:
        import onnxscript  # noqa: F401  (torch's exporter needs it)
    except ImportError as error:
        raise SpatuneError(f"{error.name} is not installed: pip install 'spatune[onnx]'") from error
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    silence = io.StringIO()
    try:
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(silence),
            contextlib.redirect_stderr(silence),
        ):
            warnings.simplefilter("ignore")
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
    finally:
        logger.setLevel(level)
    model = load_model(path)
    used = {name for node in model.graph.node for name in node.input}
    unused = [value for value in model.graph.input if value.name not in used]
    for value in unused:
        model.graph.input.remove(value)
    save_model(model, path)
    return tuple(value.name for value in model.graph.input)
