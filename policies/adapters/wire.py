"""The encoding of openpi's websocket: msgpack with numpy arrays as raw bytes, and no pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import SpatuneError

# Kinds of numpy types that are plain numbers: bool, integers, floats.
_KINDS = "biuf"


def pack(message: Any) -> bytes:
    """Dictionaries, lists, strings, numbers and numpy arrays of numbers, as bytes.

    Raises:
        SpatuneError: Something else is in it.
    """
    import msgpack

    packer: Any = msgpack.Packer(default=_encoded)
    return packer.pack(message)


def unpack(data: bytes) -> Any:
    """Inverse of `pack`; arrays are read-only views of `data`.

    Raises:
        SpatuneError: The bytes are no such message.
    """
    import msgpack

    try:
        return msgpack.unpackb(data, object_hook=_decoded)
    except SpatuneError:
        raise
    except Exception as error:
        # msgpack raises a dozen unrelated classes for bytes that are not its own.
        raise SpatuneError(f"a message of {len(data)} bytes is not msgpack: {error}") from error


def _encoded(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in _KINDS:
        kind = value.dtype.str
        if isinstance(value, np.generic):
            return {b"__npgeneric__": True, b"data": value.item(), b"dtype": kind}
        data = value.tobytes()
        return {b"__ndarray__": True, b"data": data, b"dtype": kind, b"shape": value.shape}
    raise SpatuneError(f"a message cannot hold {type(value).__name__}; give numbers or text")


def _decoded(value: dict[Any, Any]) -> Any:
    if b"__ndarray__" not in value and b"__npgeneric__" not in value:
        return value
    try:
        kind = np.dtype(value[b"dtype"])
        if kind.kind not in _KINDS:
            raise ValueError(f"type {kind}")
        if b"__npgeneric__" in value:
            return kind.type(value[b"data"])
        return np.frombuffer(value[b"data"], kind).reshape(value[b"shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise SpatuneError(f"a message holds an array that cannot be read: {error}") from error
