"""The named protocols hold the numbers that papers use, and name every episode's seed."""

from __future__ import annotations

import pytest

from spatune.bench_libero import PROTOCOLS
from spatune.bench_libero.protocol import budgets_by_protocol
from spatune.bench_libero.scenes import EPISODES, demo_keys
from spatune.envs.libero_suites import LIBERO_SUITES, SUITES

BUDGETS = {
    "paired": (220, 280, 300, 520, 400),
    "openvla": (220, 280, 300, 520, 400),
    "lerobot": (280, 280, 300, 520, 400),
    "groot": (720, 720, 720, 720, 720),
}
TRIALS = {"paired": 50, "openvla": 50, "lerobot": 10, "groot": 20}


@pytest.mark.parametrize("name", BUDGETS)
def test_budgets_trials_and_settling(name: str) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.name == name
    assert tuple(protocol.steps_of(suite) for suite in LIBERO_SUITES) == BUDGETS[name]
    assert (protocol.trials, protocol.settle_steps) == (TRIALS[name], 10)
    assert all(protocol.steps_of(suite) > 0 for suite in SUITES)
    assert protocol.steps_of("libero_10_swap") == protocol.steps_of("libero_10")


def test_budgets_of_all_protocols_for_a_suite() -> None:
    expected = {"paired": 220, "openvla": 220, "lerobot": 280, "groot": 720}
    assert budgets_by_protocol("libero_spatial") == expected
    assert budgets_by_protocol("libero_spatial_swap") == expected


def test_an_episodes_key_does_not_depend_on_the_others() -> None:
    protocol = PROTOCOLS["paired"]
    many = protocol.keys("libero_goal", (0, 4, 7), 5, policy_seed=3)
    few = protocol.keys("libero_goal", (4,), 2, policy_seed=3)
    assert len(many) == 15 and len(set(many)) == 15
    assert set(few) < set(many)
    assert {(key.init_index, key.env_seed) for key in many} == {(i, 7 + i) for i in range(5)}


def test_controls_of_the_demonstration_play_the_policys_episodes() -> None:
    policy = set(demo_keys("none", 0))
    assert len(policy) == 8
    for control in EPISODES:
        assert set(demo_keys(control, 0)) <= policy
