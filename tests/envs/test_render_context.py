"""Renderers of one process do not harm one another, and go without a word."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from spatune.envs.libero import LiberoEnv

LEFT_OPEN = """
from spatune.envs.libero import LiberoEnv
env = LiberoEnv("libero_object", 1, image_size=32)
env.reset(seed=0)
print("done")
"""


def first_image(env: LiberoEnv) -> np.ndarray:
    return env.reset(seed=1, options={"init_index": 0})[0]["observation.images.image"]


def test_an_environment_that_goes_late_leaves_newer_ones_alone(object_env: LiberoEnv) -> None:
    older = LiberoEnv("libero_object", 0)
    closed = LiberoEnv("libero_object", 0)
    renderer = closed.sim.core.sim._render_context_offscreen
    closed.close()
    newer = LiberoEnv("libero_object", 0)
    expected = first_image(newer)
    del older, renderer, closed
    np.testing.assert_array_equal(first_image(newer), expected)
    np.testing.assert_array_equal(first_image(object_env), expected)
    newer.close()


def test_a_program_that_forgets_to_close_ends_quietly() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "done\n")
    # A GL driver may say something of its own.
    assert "Traceback" not in ended.stderr and "ignored" not in ended.stderr
