"""Messages of AI2-THOR's FIFO protocol, as the simulator's side writes and reads them."""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, BinaryIO

import msgpack
import numpy as np

if TYPE_CHECKING:
    from ..embedded.reply import Reply

_HEADER = struct.Struct("!BI")


class Field(IntEnum):
    """Type of a message's part: each part is this byte, its length (uint32) and its body."""

    METADATA = 1
    ACTION = 2
    RGB = 4
    DEPTH = 5
    CLASSES = 8
    IDS = 9
    THIRD_PARTY_RGB = 10
    THIRD_PARTY_DEPTH = 12
    THIRD_PARTY_IDS = 14
    THIRD_PARTY_CLASSES = 15
    END = 255


END_OF_MESSAGE = _HEADER.pack(Field.END, 0)


def encode_reply(reply: Reply) -> bytes:
    """A whole message: the metadata as msgpack, then the images that there are.

    Images are raw with the bottom row first: RGB in 3 bytes, depth as float32 in metres (which
    the metadata's `depthFormat` says), object and class colours in 4 bytes.
    """
    parts: list[bytes] = []

    def add(field: Field, body: bytes) -> None:
        parts.extend((_HEADER.pack(field, len(body)), body))

    add(Field.METADATA, msgpack.Packer().pack(reply.metadata))
    own = (Field.RGB, Field.DEPTH, Field.IDS, Field.CLASSES)
    other = (
        Field.THIRD_PARTY_RGB,
        Field.THIRD_PARTY_DEPTH,
        Field.THIRD_PARTY_IDS,
        Field.THIRD_PARTY_CLASSES,
    )
    cameras = [(own, reply.view), *((other, view) for view in reply.third_party)]
    for fields, view in cameras:
        images = (view.rgb, view.depth, view.instances, view.classes)
        for field, image in zip(fields, images, strict=True):
            if image is not None:
                add(field, _bottom_first(image))
    parts.append(END_OF_MESSAGE)
    return b"".join(parts)


def read_action(stream: BinaryIO) -> dict[str, Any] | None:
    """The next action, or None when the other side has closed the pipe."""
    action: dict[str, Any] | None = None
    while len(header := stream.read(_HEADER.size)) == _HEADER.size:
        field, length = _HEADER.unpack(header)
        if field == Field.END:
            return action
        body = stream.read(length)
        if field == Field.ACTION:
            action = json.loads(body)
    return None


def _bottom_first(image: np.ndarray) -> bytes:
    # Making the array contiguous first is a hundred times faster than `tobytes` of a flipped one.
    return np.ascontiguousarray(image[::-1]).tobytes()
