"""What a report page says, and what it must not hide."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
import tyro

from spatune.bench_libero.config import EvalLiberoConfig
from spatune.bench_nav.config import EvalNavConfig
from spatune.cli import main
from spatune.errors import SpatuneError
from spatune.evaluation import EpisodeKey, PairedCounts
from spatune.evaluation.tasks import parse_tasks
from spatune.reports import EvaluatedRun, ReportConfig, make_report
from spatune.reports.html import Html, tag
from spatune.reports.labels import command_of

Run = Callable[..., Path]


def text_of(page: Path) -> str:
    """Words of a page, cells and lines apart by spaces."""
    body = page.read_text().partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_tag_escapes_all_but_html() -> None:
    assert tag("p", "1 < 2 & ", Html("<b>3</b>")) == "<p>1 &lt; 2 &amp; <b>3</b></p>"
    assert tag("i", title='"<', class_="x", hidden=True, id=None) == (
        '<i title="&quot;&lt;" class="x" hidden></i>'
    )


def test_numbers_are_those_of_the_report(make_run: Run) -> None:
    run = make_run()
    text = text_of(make_report(ReportConfig((run,))))
    report = json.loads((run / "report.json").read_text())

    def cells(count: dict) -> str:
        low, high = (100 * end for end in count["wilson95"])
        rate = f"{100 * count['rate']:.1f}"
        return f"{count['successes']}/{count['episodes']} {rate} [{low:.1f}, {high:.1f}]"

    assert cells(report["total"]) == "4/7 57.1 [25.0, 84.2]"
    for count in (*report["tasks"], report["total"]):
        name = "all" if count["task_id"] is None else count["task_id"]
        assert f"{name} {cells(count)}" in text
    low, high = (100 * end for end in report["total"]["clopper_pearson95"])
    assert f"Clopper-Pearson [{low:.1f}, {high:.1f}]" in text
    assert "mean over 4 tasks 62.5 % no interval" in text, "one task has a single episode"
    assert "200 lerobot 3/7 42.9" in text and "280 openvla, paired 4/7 57.1" in text
    assert "720 groot - - unknown: the run had fewer" in text
    for note in report["notes"]:
        assert note in text


def test_mean_over_tasks_has_its_interval_and_a_warning_near_certainty(
    make_run: Run, record
) -> None:
    run = make_run(records=[record(t, i, 90 if t or i else None) for t in (0, 1) for i in (0, 1)])
    (suite,) = json.loads((run / "report.json").read_text())["suites"]
    low, high = (100 * end for end in suite["bootstrap95"])
    text = text_of(make_report(ReportConfig((run,))))
    assert f"mean over 2 tasks 75.0 % bootstrap within tasks, 95 %: [{low:.1f}, {high:.1f}]" in text
    assert "read Wilson's of k/n there" not in text
    certain = make_run("certain", [record(t, i, 90) for t in (0, 1) for i in (0, 1)])
    assert "read Wilson's of k/n there" in text_of(make_report(ReportConfig((certain,))))


def test_a_lone_task_has_no_mean_over_tasks_and_no_warning_about_it(make_run: Run, record) -> None:
    text = text_of(make_report(ReportConfig((make_run(records=[record(0, 0, 90)]),))))
    assert "1/1" in text
    assert "mean over" not in text


def test_page_needs_nothing_from_outside_and_runs_no_text(make_run: Run, film) -> None:
    run = make_run()
    film(run, 1, 0)
    page = make_report(ReportConfig((run,))).read_text()
    assert "<script" not in page and "<b>no disk" not in page
    assert re.findall(r"\w+://[^\s\"']*", page) == []
    sources = re.findall(r"""(?:src|href|poster)=["']([^"']{0,12})""", page)
    assert {source for source in sources if not source.startswith(("data:", "#"))} == set()
    assert "&lt;script&gt;" in page


def test_failures_and_errors_are_all_there_with_seeds_steps_and_films(make_run: Run, film) -> None:
    run = make_run()
    film(run, 1, 0)
    film(run, 0, 0)
    page = make_report(ReportConfig((run,)))
    text = text_of(page)
    assert "not solved: 3 failures, 1 error" in text
    assert "1 of 4 were filmed: 1 in the page." in text
    assert "libero_object 1 0 7 3 280/280 film" in text
    assert "libero_object 2 0 7 3 280/280 not filmed" in text
    assert "libero_object 2 1 8 3 280/280 not filmed" in text
    assert "libero_object 4 1 8 3 1 OSError <b>no disk</b>" in text
    assert page.read_text().count("<video") == 1
    make_report(ReportConfig((run,), films="all"))
    assert page.read_text().count("<video") == 2
    _, solved = text_of(page).split("Episodes that were solved: 1 film")
    assert "task 0, init 0 : solved" in solved
    make_report(ReportConfig((run,), films="none"))
    assert page.read_text().count("<video") == 0
    assert "1 of 4 were filmed; this page shows no films" in text_of(page)


def test_films_over_a_limit_are_smaller_or_linked_and_never_dropped(
    make_run: Run, film, tmp_path: Path
) -> None:
    run = make_run()
    large = film(run, 1, 0, frames=30, noise=256)
    film(run, 2, 0)
    (run / "videos" / "libero_object-task02-init01.mp4").write_bytes(b"no film")
    page = tmp_path / "pages" / "a page.html"
    make_report(ReportConfig((run,), page, film_kb=round(large.stat().st_size / 1000) - 1))
    text = text_of(page)
    assert "3 of 4 were filmed: 1 in the page, 1 in the page, smaller, 1 linked." in text
    assert re.search(r"encoded anew for the page: \d+ kB instead of \d+ kB", text)
    assert "linked: this film cannot be read" in text
    make_report(ReportConfig((run,), page, page_mb=0.0))
    assert "3 of 4 were filmed: 3 linked." in text_of(page)
    links = set(re.findall(r'href="([^"#]+\.mp4)"', page.read_text()))
    assert {(page.parent / unquote(link)).resolve() for link in links} == {
        path.resolve() for path in (run / "videos").glob("*.mp4")
    }


def test_equal_runs_make_equal_pages_wherever_they_lie(make_run: Run, film, tmp_path: Path) -> None:
    run = make_run(policy="/home/somebody/policies/mine")
    film(run, 1, 0)
    page = make_report(ReportConfig((run,))).read_text()
    assert str(tmp_path) not in page and "somebody" not in page and "mine on" in page
    other = tmp_path / "elsewhere" / "run"
    shutil.copytree(run, other)
    assert make_report(ReportConfig((other,))).read_text() == page


def test_receipt_has_hashes_and_repeats_of_a_run_share_that_of_the_records(make_run: Run) -> None:
    run = EvaluatedRun.read(make_run())
    slower = [replace(r, wall_seconds=9.0, message=None) for r in run.records]
    again = EvaluatedRun.read(make_run("again", slower))
    other = EvaluatedRun.read(make_run("other", [replace(r, steps=5) for r in run.records]))
    assert run.digests["records"] == again.digests["records"] != other.digests["records"]
    assert run.digests["episodes.jsonl"] != again.digests["episodes.jsonl"]
    text = text_of(make_report(ReportConfig((run.folder,))))
    assert all(digest in text for digest in run.digests.values())
    assert "environment seeds 7, 8" in text and "numpy 2.2.6" in text and "ab" * 32 in text


def test_command_gives_the_run_again(make_run: Run) -> None:
    run = EvaluatedRun.read(make_run())
    words = shlex.split(command_of(run))
    assert words[:3] == ["spatune", "eval", "libero"]
    config = tyro.cli(EvalLiberoConfig, args=words[3:])
    for name in ("policy", "suite", "episodes", "protocol", "control", "seed", "mode", "device"):
        assert getattr(config, name) == run.config[name]
    assert parse_tasks(config.tasks, 10) == (0, 1, 2, 4)
    # The command refuses an orientation beside policies that bring their own.
    assert "--orientation" not in words
    perturbed = EvaluatedRun.read(make_run("changed", perturb=["none", "camera:1"]))
    assert "--perturb none,camera:1" in command_of(perturbed)


def test_navigation_has_its_metrics_houses_and_warning(make_run: Run, record) -> None:
    records = [
        record(
            *(0, 0, 90 if index else None),
            key=EpisodeKey("nav", "pointnav-val", house, index),
            metrics={"spl": 0.8 * index, "sel": None},
        )
        for house in (1, 2)
        for index in (0, 1)
    ]
    run = make_run(
        "nav",
        records,
        benchmark="nav",
        policy="embedded-nav",
        task="pointnav",
        split="val",
        backend="embedded",
        houses={"val-b": "1", "val-a": "2"},
        max_steps=280,
    )
    text = text_of(make_report(ReportConfig((run,))))
    assert "not comparable with AI2-THOR leaderboards" in text
    assert "spl 0.400 [0." in text and "sel - - 0 4" in text
    assert "pointnav-val 1 0 0 0 280/280 not filmed - 0.00" in text
    words = shlex.split(command_of(EvaluatedRun.read(run)))
    config = tyro.cli(EvalNavConfig, args=words[3:])
    assert (config.houses, config.split, config.max_steps) == ("1-2", "val", 280)


def test_perturbed_episodes_are_compared_with_the_same_ones_unperturbed(
    make_run: Run, record
) -> None:
    plain = [record(task, 0, solved) for task, solved in enumerate((90, 100, 110, None))]
    changed = [
        replace(
            record(task, 0, solved),
            key=replace(plain[task].key, perturbation="camera:1"),
        )
        for task, solved in enumerate((None, None, 120, None))
    ]
    run = make_run("run", plain + changed, report=False, perturb=["none", "camera:1"])
    text = text_of(make_report(ReportConfig((run,))))
    assert "success rate 75.0 % successes / episodes 3/4" in text
    assert "are of the episodes without a perturbation" in text
    assert "none 3/4 75.0 [30.1, 95.4]" in text
    pairs = PairedCounts(both=1, first_only=2, second_only=0, neither=1)
    low, high = (100 * end for end in pairs.interval())
    assert f"camera:1 1/4 25.0 [4.6, 69.9] -50.0 [{low:+.1f}, {high:+.1f}] 4 0.500" in text
    assert "libero_object 0 camera:1 0 7 3 280/280" in text


def test_runs_beside_each_other_are_compared_on_shared_episodes(make_run: Run, record) -> None:
    run = make_run("policy")
    records = [record(task, init, None, control="zero") for task in range(3) for init in range(2)]
    zero = make_run("zero", records, control="zero", policy=None, policy_sha256=None)
    page = make_report(ReportConfig((run.parent,)))
    assert page == run.parent / "report.html"
    text = text_of(page)
    pairs = PairedCounts.of_runs(EvaluatedRun.read(run).records, EvaluatedRun.read(zero).records)
    low, high = (100 * end for end in pairs.interval())
    assert (pairs.first_only, pairs.episodes) == (3, 6)
    assert f"-50.0 [{low:+.1f}, {high:+.1f}] 6 {pairs.p_value():.3f}" in text
    assert "zero actions on libero_object" in text and "A control: no motion" in text


def test_unfinished_and_changed_runs_say_so(make_run: Run, record) -> None:
    text = text_of(make_report(ReportConfig((make_run("early", (), report=False),))))
    assert "no report.json" in text and "0/0" in text
    run = make_run("changed")
    line = record(5, 0, 50).to_line()
    (run / "episodes.jsonl").write_text((run / "episodes.jsonl").read_text() + line)
    text = text_of(make_report(ReportConfig((run,))))
    assert "report.json says 4/7, but the records say 5/8, which this page shows" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere holds no episodes.jsonl: is it a run directory?"),
        ([], "nothing to show: spatune report RUN [RUN ...]"),
        (["run", "--page-mb", "-1"], "--film-kb and --page-mb are limits: give 0 or more"),
    ],
)
def test_bad_input_is_one_line(
    make_run: Run, monkeypatch, capsys, words: list[str], message: str
) -> None:
    monkeypatch.chdir(make_run().parent)
    assert main(["report", *words]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"spatune: error: {message}"


def test_damaged_report_names_the_fix(make_run: Run) -> None:
    run = make_run()
    (run / "report.json").write_text("{")
    with pytest.raises(SpatuneError, match="is not JSON: give the command of the run again"):
        EvaluatedRun.read(run)
