"""The libraries of conversion, or one line that says how to get them."""

from __future__ import annotations

from ...errors import SpatuneError

try:
    import ml_dtypes
    import onnx
    import onnx.inliner
    import onnx.shape_inference
    import onnx.version_converter
    import onnxruntime
except ImportError as error:
    raise SpatuneError(f"{error.name} is not installed: pip install 'spatune[onnx]'") from error

__all__ = ["ml_dtypes", "onnx", "onnxruntime"]
