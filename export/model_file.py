"""`load_model` and `save_model`: ONNX files of any size, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpatuneError, first_line

if TYPE_CHECKING:
    from onnx import ModelProto

LARGE = 1_800_000_000
"""Bytes of weights beyond which they lie in a file beside the graph: protobuf ends at 2 GiB."""


def load_model(path: Path) -> ModelProto:
    """Read a graph with its weights.

    Raises:
        SpatuneError: The file cannot be read as ONNX, or onnx is not installed.
    """
    onnx = _onnx()
    try:
        return onnx.load(str(path))
    except Exception as error:
        raise SpatuneError(
            f"{path} cannot be read as ONNX ({first_line(error)}): export again"
        ) from error


def save_model(model: ModelProto, path: Path) -> None:
    """Check a graph, infer its shapes, and write it; an older file stays until this is complete.

    Weights of more than `LARGE` bytes go to `<name>.data` beside it.

    Raises:
        SpatuneError: The graph is not valid ONNX, or the file cannot be written.
    """
    onnx = _onnx()
    partial = path.with_name(path.name + ".partial")
    try:
        if _weight_bytes(model) <= LARGE:
            onnx.checker.check_model(model, full_check=True)
            onnx.save(onnx.shape_inference.infer_shapes(model), str(partial))
        else:
            data = f"{path.name}.data"
            path.with_name(data).unlink(missing_ok=True)
            onnx.save(model, str(partial), save_as_external_data=True, location=data)
            onnx.checker.check_model(str(partial))
            onnx.shape_inference.infer_shapes_path(str(partial))
        os.replace(partial, path)
    except OSError as error:
        raise SpatuneError(
            f"{path} cannot be written ({error}): free space, or name another"
        ) from error
    except Exception as error:
        raise SpatuneError(f"{path}: not valid ONNX ({first_line(error)})") from error
    finally:
        partial.unlink(missing_ok=True)


def _weight_bytes(model: ModelProto) -> int:
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer)


def _onnx():
    try:
        import onnx
    except ImportError as error:
        raise SpatuneError(f"{error.name} is not installed: pip install 'spatune[onnx]'") from error
    return onnx
