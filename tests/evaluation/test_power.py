"""Episodes needed: the project's own test then sees the difference as often as promised."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from spatune.cli import main
from spatune.evaluation import (
    EpisodeRecord,
    EpisodeStore,
    PairedCounts,
    episodes_needed,
    episodes_needed_unpaired,
)
from spatune.evaluation.power import paired_power
from spatune.evaluation.resolution import Resolution

p_value = cache(lambda lost, gained: PairedCounts(0, lost, gained, 1).p_value())


def simulated(episodes: int, difference: float, discordant: float, runs: int = 4000) -> float:
    """How often McNemar's test of `spatune compare` is significant."""
    lost, gained = (discordant - difference) / 2, (discordant + difference) / 2
    draws = np.random.default_rng(0).multinomial(episodes, [1 - discordant, lost, gained], runs)
    return float(np.mean([p_value(b, c) <= 0.05 for _, b, c in draws.tolist()]))


@pytest.mark.parametrize(
    ("difference", "discordant"), [(0.05, 0.15), (0.1, 0.2), (0.1, 0.1), (0.3, 0.5)]
)
@pytest.mark.parametrize("power", [0.8, 0.95])
def test_the_exact_test_has_the_power(difference: float, discordant: float, power: float) -> None:
    episodes = episodes_needed(difference, discordant, power)
    # Three standard errors of 4000 simulated comparisons.
    noise = 3 * sqrt(power * (1 - power) / 4000)
    found = simulated(episodes, difference, discordant)
    assert power - noise <= found <= power + noise + 0.03
    assert found == pytest.approx(paired_power(episodes, difference, discordant), abs=noise)
    assert simulated(episodes // 2, difference, discordant) < power - 0.1


@given(st.floats(0.02, 0.6), st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.9]))
@settings(max_examples=40, deadline=None)
def test_is_near_connors_formula_and_no_episode_too_many(
    difference: float, more: float, power: float
) -> None:
    discordant = difference + more * (1 - difference)
    found = episodes_needed(difference, discordant, power)
    z = norm.ppf(0.975) * sqrt(discordant) + norm.ppf(power) * sqrt(discordant - difference**2)
    connor = z**2 / difference**2
    # Where nearly all discordant pairs go one way, the normal distribution asks for too many.
    assert 0.6 * connor - 6 <= found <= connor + 6 + 3 / difference
    assert paired_power(found, difference, discordant) >= power
    assert paired_power(found - 1, difference, discordant) < power
    assert episodes_needed(-difference, discordant, power) == found


def test_a_test_that_cannot_fail_needs_six_pairs() -> None:
    # 2 / 2**6 is the first p-value below 0.05.
    assert episodes_needed(1.0, 1.0) == 6
    assert paired_power(5, 1.0, 1.0) == 0.0 and paired_power(6, 1.0, 1.0) == pytest.approx(1)


def test_without_a_difference_the_exact_test_keeps_its_level() -> None:
    for episodes in (10, 50, 500):
        assert paired_power(episodes, 0.0, 0.3) <= 0.05 + 1e-9
    assert paired_power(500, 0.0, 0.3) > 0.03


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.3), (0.9, 0.95), (0.2, 0.6)])
def test_unpaired_runs_have_the_power(first: float, second: float) -> None:
    n = episodes_needed_unpaired(first, second)
    rng = np.random.default_rng(0)
    a, b = rng.binomial(n, first, 20_000), rng.binomial(n, second, 20_000)
    pooled = (a + b) / (2 * n)
    # z test of two proportions with the pooled variance.
    z = (a - b) / np.sqrt(np.maximum(2 * n * pooled * (1 - pooled), 1e-9))
    assert float((np.abs(z) > 1.959964).mean()) == pytest.approx(0.8, abs=0.025)


def test_pairing_saves_episodes() -> None:
    # Two independent runs at 0.9 and 0.85 disagree in 0.9 * 0.15 + 0.1 * 0.85 of the pairs.
    assert episodes_needed(0.05, 0.1) < episodes_needed(0.05, 0.22)
    assert episodes_needed(0.05, 0.22) == pytest.approx(
        episodes_needed_unpaired(0.9, 0.85), rel=0.1
    )


def test_impossible_rates_are_refused() -> None:
    for difference, discordant in ((0.0, 0.0), (0.2, 0.1), (0.2, 1.1), (float("nan"), 0.1)):
        with pytest.raises(ValueError, match="impossible"):
            episodes_needed(difference, discordant)
    with pytest.raises(ValueError, match="a difference of 0"):
        episodes_needed(0.0, 0.1)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        episodes_needed(0.1, 0.2, power=1.0)
    with pytest.raises(ValueError, match="not two different ones"):
        episodes_needed_unpaired(0.5, 0.5)


def test_resolution_is_at_the_present_share_of_discordant_pairs() -> None:
    found = Resolution.of(PairedCounts(70, 12, 8, 10), 5)
    assert found.discordant == pytest.approx(0.2)
    assert found.paired_episodes == episodes_needed(0.05, 0.2)
    assert found.unpaired_episodes == episodes_needed_unpaired(0.775, 0.825)
    assert "5 points at the present 20.0 % of discordant pairs" in found.text
    # Runs that never differ: as many must as make the difference.
    same = Resolution.of(PairedCounts(100, 0, 0, 0), 5)
    assert same.paired_episodes == episodes_needed(0.05, 0.05)
    assert same.unpaired_episodes == episodes_needed_unpaired(0.95, 1.0)
    assert "the fewest possible" in same.text


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.floats(1, 100))
@settings(max_examples=40, deadline=None)
def test_any_outcome_and_any_difference_has_a_resolution(
    both: int, lost: int, gained: int, points: float
) -> None:
    found = Resolution.of(PairedCounts(both, lost, gained, 1), points)
    assert 1 <= found.unpaired_episodes and 6 <= found.paired_episodes


def test_command_says_how_many_episodes_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], episode: Callable[..., EpisodeRecord]
) -> None:
    for name in ("a", "b"):
        with EpisodeStore(tmp_path / name, {"policy": name}) as store:
            for index in range(10):
                store.append(episode(0, index, 50 if index > (2 if name == "a" else 0) else None))
    words = ["compare", str(tmp_path / "a"), str(tmp_path / "b")]
    out = tmp_path / "compare.json"
    assert main([*words, "--resolve", "10", "--out", str(out)]) == 0
    needed = episodes_needed(0.1, 0.2)
    text = " ".join(capsys.readouterr().out.split())
    assert (
        f"to resolve 10 points at the present 20.0 % of discordant pairs you need {needed}" in text
    )
    (other,) = json.loads(out.read_text())["others"]
    assert other["to_resolve"]["paired_episodes"] == needed
    for points in ("0", "101", "nan"):
        assert main([*words, "--resolve", points]) == 2
        assert "give success points from 0.1 to 100" in capsys.readouterr().err
