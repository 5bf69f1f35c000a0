"""The page in a real headless Chromium, wide and on a phone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spatune.reports import ReportConfig, make_report

from .browser import Browser, find_chromium

pytest.importorskip("websockets")
NO_CHROMIUM = "no Chromium: install chromium, or name one in $CHROMIUM"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(NO_CHROMIUM)
    with Browser(chromium, tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def page(make_run: Callable[..., Path], film: Callable[..., Path]) -> Path:
    run = make_run()
    film(run, 1, 0)
    film(run, 2, 0)
    return make_report(ReportConfig((run,)))


TABLES = """[...document.querySelectorAll('table')].map(table =>
    [...table.rows].map(row => [...row.cells].map(cell => cell.innerText.trim())))"""
FILMS = """Promise.all([...document.querySelectorAll('video')].map(film => new Promise(done => {
    film.onloadedmetadata = () => done([film.videoWidth, film.duration]);
    film.onerror = () => done(film.error.message); film.preload = 'auto'; film.load() })))"""


def test_page_opens_without_errors_or_requests_and_shows_the_numbers(browser, page: Path) -> None:
    browser.open(page)
    assert browser.evaluate("document.title") == "embedded on libero_object - spatune"
    tables = browser.evaluate(TABLES)
    (tasks,) = [rows for rows in tables if rows[0][0] == "task" and "k/n" in rows[0]]
    report = json.loads((page.parent / "report.json").read_text())
    counts = [*report["tasks"], report["total"]]
    at = tasks[0].index("k/n")
    assert [row[at] for row in tasks[1:]] == [f"{c['successes']}/{c['episodes']}" for c in counts]
    assert "<script>" in tasks[1][-1], "the text of an instruction is shown, and not run"
    assert browser.evaluate(FILMS) == [[256, 0.6], [256, 0.6]]
    assert browser.errors == []
    assert browser.requests == [page.resolve().as_uri()]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1100])
def test_page_fits_its_window_and_pictures_have_names(
    browser, page: Path, width: int, dark: bool
) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = "svg:not([aria-label]):not([aria-hidden]),video:not([aria-label])"
    assert browser.evaluate(f"document.querySelectorAll({unnamed!r}).length") == 0
    assert browser.evaluate("document.querySelectorAll('svg[role=img]').length") == 6
    colours = browser.evaluate(
        "['color', 'backgroundColor'].map(name => getComputedStyle(document.body)[name])"
    )
    text, back = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
    assert (text > back) == dark and abs(text - back) > 450


def test_links_to_films_lead_to_the_files(browser, page: Path, tmp_path: Path) -> None:
    linked = make_report(ReportConfig((page.parent,), tmp_path / "linked.html", page_mb=0.0))
    browser.open(linked)
    assert browser.evaluate(FILMS) == [[256, 0.6], [256, 0.6]]
    shutil.rmtree(page.parent / "videos")
    browser.open(linked)
    assert all(isinstance(film, str) for film in browser.evaluate(FILMS))
    assert not os.path.exists(page.parent / "videos")
