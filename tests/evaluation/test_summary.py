"""What a report says, and what it must not hide."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from spatune.evaluation import EpisodeKey, EpisodeRecord, Report, success_table, summarise, wilson

from ..episode_records import episode_record


def record(task: int, init: int, steps: int, success: bool, **changes) -> EpisodeRecord:
    return episode_record(task, init, steps if success else None, **{"steps": steps, **changes})


RECORDS = [
    record(0, 0, 90, True),
    record(0, 1, 280, False),
    record(1, 0, 110, True),
    replace(record(1, 1, 0, False), success=None, error="RuntimeError"),
]
KEYS = [*(r.key for r in RECORDS), EpisodeKey("libero", "libero_object", 1, 2)]


def test_errors_and_missing_episodes_are_said_and_not_averaged() -> None:
    summary = summarise(RECORDS, KEYS)
    assert (summary.total.successes, summary.total.episodes, summary.total.planned) == (2, 3, 5)
    assert (summary.total.errors, summary.total.missing) == (1, 1)
    assert summary.total.wilson() == wilson(2, 3)
    assert [(t.successes, t.episodes, t.instruction) for t in summary.tasks] == [
        (1, 2, "task 0"),
        (1, 1, "task 1"),
    ]
    text = "; ".join(summary.notes)
    assert "1 of 5 episodes are missing" in text
    assert "1 of 5 episodes ended by an error and are not counted" in text
    assert "unequal numbers of finished episodes (libero_object/0: 2, libero_object/1: 1)" in text


def test_mixed_versions_are_said() -> None:
    other = record(0, 1, 100, True, versions={"numpy": "1"}, mode="batched")
    notes = summarise([RECORDS[0], other], [RECORDS[0].key, other.key]).notes
    assert notes == (
        "records mix modes: batched, exact",
        "records mix versions of numpy: 1, 2",
    )


def test_success_against_step_budget() -> None:
    points = {p.budget: (p.successes, p.episodes) for p in summarise(RECORDS, KEYS).budgets}
    assert points[80] == (0, 3) and points[100] == (1, 3) and points[120] == (2, 3)
    assert max(points) == 280
    short = record(0, 0, 40, False, max_steps=40)
    assert max(p.budget for p in summarise([*RECORDS[1:3], short], KEYS).budgets) == 40


def test_nothing_played_is_no_rate() -> None:
    summary = summarise([], KEYS)
    assert summary.total.rate is None and summary.budgets == ()
    assert summary.total.to_json()["wilson95"] == [0.0, 1.0]


def test_table_and_report_name_the_numbers(tmp_path: Path) -> None:
    summary = summarise(RECORDS, KEYS)
    stream = io.StringIO()
    Console(file=stream, width=140).print(success_table(summary, "embedded, protocol paired"))
    text = stream.getvalue()
    low, high = wilson(2, 3)
    for part in ("protocol paired", "2/3", f"[{100 * low:.1f}, {100 * high:.1f}]", "missing"):
        assert part in text
    path = Report(tmp_path, {"seed": 0}, summary, {"numpy": "2"}).write()
    report = json.loads(path.read_text())
    assert report["total"]["successes"] == 2 and report["total"]["rate"] == 2 / 3
    assert report["config"] == {"seed": 0} and report["success_by_budget"][0]["budget"] == 20


MEASURED = [
    record(0, 0, 90, True, metrics={"spl": 0.5, "goal_distance": 1.0}),
    record(0, 1, 280, False, metrics={"spl": 0.0, "goal_distance": 3.0}, instruction="another"),
    record(1, 0, 110, True, metrics={"spl": 1.0, "goal_distance": 2.0}),
    record(1, 1, 110, True, metrics={"spl": None, "goal_distance": 2.0}),
    record(1, 2, 110, True),
]
MEASURED_KEYS = [r.key for r in MEASURED]


def test_a_metric_is_averaged_where_it_has_a_value_and_the_rest_is_said() -> None:
    summary = summarise(
        [*MEASURED, record(9, 9, 1, True, metrics={"spl": 0.0})],
        MEASURED_KEYS,
        metric_reasons={"spl": "the optimal path is unknown"},
    )
    distance, spl = summary.metrics
    assert (spl.name, spl.episodes, spl.missing) == ("spl", 3, 2)
    assert spl.mean == pytest.approx(0.5)
    assert spl.interval is not None and spl.interval[0] < 0.5 < spl.interval[1]
    assert (distance.mean, distance.missing) == (2.0, 1)
    assert summary.notes[-2:] == (
        "goal_distance: 1 of 5 episodes have no value; not counted",
        "spl: 2 of 5 episodes have no value (the optimal path is unknown); not counted",
    )
    assert summary.tasks[1].metric_means == {"spl": 1.0, "goal_distance": 2.0}
    data = json.loads(json.dumps(summary.to_json()))
    assert data["metrics"]["spl"] == {
        "episodes": 3,
        "mean": pytest.approx(0.5),
        "bootstrap95": list(spl.interval),
        "missing": 2,
        "missing_because": "the optimal path is unknown",
    }


def test_errors_have_no_metrics_and_are_not_missing_values() -> None:
    error = replace(MEASURED[3], success=None, error="RuntimeError", metrics={})
    (_, spl) = summarise([*MEASURED[:3], error], MEASURED_KEYS[:4]).metrics
    assert (spl.episodes, spl.missing) == (3, 0)


def test_report_without_metrics_does_not_mention_them() -> None:
    assert "metric" not in json.dumps(summarise(RECORDS, KEYS).to_json())


def test_table_shows_the_metrics_that_are_asked_for() -> None:
    def text(*metrics: str) -> str:
        summary = summarise(MEASURED, MEASURED_KEYS)
        stream = io.StringIO()
        Console(file=stream, width=100).print(success_table(summary, "title", metrics))
        return stream.getvalue()

    assert "distance" not in text().split("goal_distance:")[0]
    spl = summarise(MEASURED, MEASURED_KEYS).metrics[1]
    assert spl.interval is not None
    wide = text("spl", "goal_distance")
    rows = [line.split() for line in wide.splitlines()]
    (second,) = [row for row in rows if row[:2] == ["libero_object", "1"]]
    assert second[-2:] == ["1.00", "2.00"]
    (total,) = [row for row in rows if row[:1] == ["total"]]
    assert total[-2:] == ["0.50", "2.00"]
    assert f"spl [{spl.interval[0]:.2f}, {spl.interval[1]:.2f}]" in wide
    (unknown,) = [row for row in map(str.split, text("speed").splitlines()) if row[:1] == ["total"]]
    assert unknown[-1] == "-"


def test_a_task_whose_episodes_differ_in_words_shows_none() -> None:
    summary = summarise(MEASURED[:2], MEASURED_KEYS[:2])
    assert [task.instruction for task in summary.tasks] == [""]
    stream = io.StringIO()
    Console(file=stream, width=100).print(success_table(summary, "title"))
    assert "instruction" not in stream.getvalue()
