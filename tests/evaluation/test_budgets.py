"""Success within a budget, read off one run: what a run with that budget would have shown."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spatune.evaluation import EpisodeRecord, Summary, success_table, summarise, wilson
from spatune.evaluation.budgets import success_by_budget

PROTOCOLS = {"paired": 100, "openvla": 100, "lerobot": 125, "groot": 720}
Make = Callable[..., EpisodeRecord]


@pytest.fixture
def records(episode: Make) -> list[EpisodeRecord]:
    """Solved after 90 steps, not solved, solved after 110; at most 280."""
    return [episode(0, 0, 90), episode(0, 1, None), episode(1, 0, 110)]


def summary(records: list[EpisodeRecord], protocols: dict[str, int]) -> Summary:
    return summarise(records, [one.key for one in records], protocol_budgets=protocols)


def test_every_protocols_budget_is_a_point_with_its_name(records: list[EpisodeRecord]) -> None:
    points = {p.budget: p for p in summary(records, PROTOCOLS).budgets}
    assert points[100].protocols == ("openvla", "paired")
    assert (points[100].successes, points[125].successes, points[280].successes) == (1, 2, 2)
    assert points[120].protocols == points[280].protocols == ()
    # The run gave 280 steps, so nobody knows what 720 would have brought.
    assert points[720].successes is None and points[720].protocols == ("groot",)
    assert points[720].to_json()["wilson95"] is None
    assert points[125].to_json() == {
        "budget": 125,
        "successes": 2,
        "episodes": 3,
        "protocols": ["lerobot"],
        "wilson95": list(wilson(2, 3)),
    }
    assert "protocols" not in points[120].to_json()


@given(st.lists(st.none() | st.integers(1, 720), min_size=1, max_size=30), st.integers(1, 720))
def test_a_point_is_what_a_run_with_that_budget_shows(
    episode: Make, solved: list[int | None], budget: int
) -> None:
    def run(limit: int) -> list:
        return [
            episode(0, i, s if s is not None and s <= limit else None, limit=limit)
            for i, s in enumerate(solved)
        ]

    (point,) = [p for p in success_by_budget(run(720), 20, {"short": budget}) if p.protocols]
    assert point.successes == sum(one.success for one in run(budget))


def test_table_says_success_within_each_protocols_steps(
    records: list[EpisodeRecord],
) -> None:
    def text(protocols: dict[str, int]) -> str:
        stream = io.StringIO()
        table = success_table(summary(records, protocols), "title")
        Console(file=stream, width=300).print(table)
        return " ".join(stream.getvalue().split())

    low, high = wilson(1, 3)
    shown = text(PROTOCOLS)
    assert (
        f"within 100 steps (openvla, paired): 1/3, 33.3 % [{100 * low:.1f}, {100 * high:.1f}]"
        in shown
    )
    assert "within 720 steps (groot): unknown" in shown
    assert "steps (" not in text({})
    assert "libero_object, mean over 2 tasks: 75.0 %" in text({})


def test_no_finished_episode_has_no_point() -> None:
    assert success_by_budget([], 20, PROTOCOLS) == ()
