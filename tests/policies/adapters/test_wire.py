"""openpi's encoding: arrays come back as they were, and nothing but numbers is taken."""

from __future__ import annotations

import pickle

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spatune.errors import SpatuneError
from spatune.policies.adapters.wire import pack, unpack


def encoded(message: object) -> bytes:
    """msgpack without any of our encoding."""
    data = msgpack.packb(message)
    assert data is not None
    return data


NUMBERS = st.one_of(
    hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes(), st.just(np.bool_)
)


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)))
def test_an_array_comes_back(array: np.ndarray) -> None:
    back = unpack(pack({"x": array, "text": "é", "list": [1, 2.5, None]}))
    assert back["text"] == "é" and back["list"] == [1, 2.5, None]
    assert back["x"].dtype == array.dtype
    np.testing.assert_array_equal(back["x"], array)


def test_the_bytes_are_openpis() -> None:
    """Written out from openpi's own msgpack_numpy.py: byte keys, raw bytes, numpy's type name."""
    expected = {
        "actions": {
            b"__ndarray__": True,
            b"data": b"\x01\x02\x03\x04\x05\x06",
            b"dtype": "|u1",
            b"shape": [2, 3],
        },
        "n": {b"__npgeneric__": True, b"data": 1.5, b"dtype": "<f4"},
    }
    array = np.arange(1, 7, dtype=np.uint8).reshape(2, 3)
    data = pack({"actions": array, "n": np.float32(1.5)})
    assert msgpack.unpackb(data) == expected
    assert unpack(encoded(expected))["n"] == np.float32(1.5)


@pytest.mark.parametrize("value", [object(), np.array([object()]), np.array([1j]), {1, 2}])
def test_what_is_no_number_is_not_sent(value: object) -> None:
    with pytest.raises(SpatuneError, match="a message cannot hold"):
        pack({"x": value})


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({"x": 1}),
        b"",
        b"\xc1",
        encoded({b"__ndarray__": True, b"data": b"ab", b"dtype": "|O", b"shape": [1]}),
        encoded({b"__ndarray__": True, b"data": b"abc", b"dtype": "<f4", b"shape": [9]}),
        encoded({b"__ndarray__": True}),
    ],
)
def test_bytes_of_another_kind_are_one_line(data: bytes) -> None:
    with pytest.raises(SpatuneError) as error:
        unpack(data)
    assert len(str(error.value).splitlines()) == 1
