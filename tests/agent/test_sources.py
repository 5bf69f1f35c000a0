"""Grids are inferred from token counts, and the package loads its heavy parts on use."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spatune.agent
from spatune.agent.sources import grid_shape
from spatune.errors import SpatuneError

small = st.integers(1, 24)


@given(rows=small, columns=small, cell=st.integers(1, 32), prefix=st.integers(0, 1))
def test_a_grid_is_found_from_count_and_aspect(
    rows: int, columns: int, cell: int, prefix: int
) -> None:
    pixels = (rows * cell, columns * cell)
    assert grid_shape(rows * columns + prefix, pixels) == (rows, columns, prefix)


@given(count=st.integers(1, 4096), height=small, width=small)
def test_a_grid_keeps_the_aspect_ratio_or_is_refused(count: int, height: int, width: int) -> None:
    try:
        rows, columns, prefix = grid_shape(count, (height, width))
    except SpatuneError as error:
        assert f"{count} tokens" in str(error)
    else:
        assert rows * columns + prefix == count
        assert rows * width == columns * height


def test_counts_without_a_grid_are_refused() -> None:
    with pytest.raises(SpatuneError, match="30 tokens do not form a grid over an image of 64x128"):
        grid_shape(30, (64, 128))


def test_the_package_is_light_and_all_its_names_exist() -> None:
    code = "import sys, spatune.agent; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    for name in spatune.agent.__all__:
        assert getattr(spatune.agent, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = spatune.agent.Nothing
