"""Each environment has its own queue of actions."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.policies import ActionChunker


def chunk(value: float, length: int = 4) -> np.ndarray:
    """(1, length, 1): value, value + 0.1, ..."""
    return (value + 0.1 * np.arange(length)).reshape(1, length, 1)


def test_executes_k_of_h_then_asks_for_a_replan() -> None:
    queue = ActionChunker(1, execute_steps=3)
    queue.push([0], chunk(1.0))
    executed = []
    while not queue.to_replan():
        executed.append(float(queue.pop()[0, 0]))
    np.testing.assert_allclose(executed, [1.0, 1.1, 1.2])


def test_environments_replan_at_their_own_times() -> None:
    queue = ActionChunker(3, execute_steps=2)
    queue.push([0, 1, 2], np.concatenate([chunk(0), chunk(1), chunk(2)]))
    queue.pop([1])
    np.testing.assert_allclose(queue.pop(), [[0.0], [1.1], [2.0]])
    assert queue.to_replan() == [1]
    queue.push([1], chunk(5))
    np.testing.assert_allclose(queue.pop(), [[0.1], [5.0], [2.1]])
    assert queue.to_replan() == [0, 2]


def test_reset_of_one_environment_leaves_the_others() -> None:
    queue = ActionChunker(2, execute_steps=4)
    queue.push([0, 1], np.concatenate([chunk(0), chunk(1)]))
    queue.pop()
    queue.reset(0)
    assert queue.to_replan() == [0]
    assert [queue.replans(0), queue.replans(1)] == [0, 1]
    np.testing.assert_allclose(queue.pop([1]), [[1.1]])


def test_replans_are_counted_per_environment() -> None:
    queue = ActionChunker(2, execute_steps=1)
    for _ in range(3):
        queue.push([1], chunk(0))
    assert [queue.replans(0), queue.replans(1)] == [0, 3]
    queue.reset()
    assert queue.replans(1) == 0


def test_caller_may_reuse_its_array() -> None:
    queue, mine = ActionChunker(1, execute_steps=2), chunk(1.0)
    queue.push([0], mine)
    mine[:] = 9
    np.testing.assert_allclose(queue.pop(), [[1.0]])


def test_misuse_is_one_clear_error() -> None:
    queue = ActionChunker(2, execute_steps=3)
    with pytest.raises(SpatuneError, match="environment 0 has no action left"):
        queue.pop()
    with pytest.raises(SpatuneError, match="shorter than the 3 steps"):
        queue.push([0], chunk(0, length=2))
    with pytest.raises(SpatuneError, match="2 environments got chunks of shape"):
        queue.push([0, 1], chunk(0))
    with pytest.raises(SpatuneError, match="at least 1"):
        ActionChunker(0, 1)
