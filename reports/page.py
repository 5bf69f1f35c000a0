"""`make_report`: the body of `spatune report`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from ..errors import SpatuneError, first_line
from ..evaluation.atomic import write_atomically
from ..evaluation.keys import EpisodeKey
from ..progress import Progress
from .config import ReportConfig
from .episodes import episode_section, records_with_films
from .films import Film, FilmShelf, find_films
from .html import Html, tag
from .labels import reading_notes
from .outcome import outcome
from .overview import overview
from .receipt import receipt
from .run import EvaluatedRun, find_runs, plain_path
from .style import STYLE


def make_report(config: ReportConfig) -> Path:
    """Write the page; an older one is replaced when the new one is whole.

    Returns:
        The page.

    Raises:
        SpatuneError: A directory is no run, its files are damaged, a limit is negative, or the page
            cannot be written.
    """
    if config.film_kb < 0 or config.page_mb < 0:
        raise SpatuneError("--film-kb and --page-mb are limits: give 0 or more")
    runs = find_runs(config.runs)
    page = config.out or config.runs[0] / "report.html"
    shelf = FilmShelf(page, 1000 * config.film_kb, round(1e6 * config.page_mb))
    paths = [find_films(run.folder, [record.key for record in run.records]) for run in runs]
    shown = [
        records_with_films(run, found, config.films) for run, found in zip(runs, paths, strict=True)
    ]
    films: list[dict[EpisodeKey, Film]] = []
    with Progress(sum(map(len, shown)), "films") as progress:
        for run, found, records in zip(runs, paths, shown, strict=True):
            films.append({})
            for record in records:
                films[-1][record.key] = shelf.add(found[record.key])
                progress.update(progress.done + 1, run.name)
    sections = [
        _section(run, number, films[number], paths[number]) for number, run in enumerate(runs)
    ]
    text = _page(runs, sections, _command(config))
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(page, text)
    except OSError as error:
        raise SpatuneError(f"{page} cannot be written: {first_line(error)}") from None
    counts = ", ".join(f"{count} {how}" for how, count in sorted(shelf.counts.items()))
    print(f"{len(runs)} run{'s' * (len(runs) > 1)}, films: {counts or 'none'} -> {page}")
    return page


def _page(runs: Sequence[EvaluatedRun], sections: Sequence[Html], command: str) -> str:
    title = runs[0].title if len(runs) == 1 else f"Evaluation of {len(runs)} runs"
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} - spatune"),
        tag("style", STYLE),
    ]
    body = [tag("h1", title if len(runs) > 1 else "Evaluation report")]
    if len(runs) > 1:
        body.append(overview(runs))
    foot = tag("p", "This page: ", tag("code", command), class_="dim")
    content = tag("main", *body, *sections, foot)
    page = tag("html", tag("head", *head), tag("body", content), lang="en")
    return f"<!doctype html>\n{page}\n"


def _section(
    run: EvaluatedRun,
    number: int,
    films: Mapping[EpisodeKey, Film],
    paths: Mapping[EpisodeKey, Path],
) -> Html:
    """All about one run."""
    modes, backends = (", ".join(run.values(name)) for name in ("mode", "backend"))
    protocol = run.config.get("protocol")
    head = [
        f"run {run.name}",
        f"protocol {protocol}" if protocol else "",
        f"{modes} mode" if modes else "",
        backends,
    ]
    notes = [tag("li", note) for note in (*run.notes, *reading_notes(run))]
    parts = [
        tag("h2", run.title, id=f"run{number}"),
        tag("p", " · ".join(word for word in head if word), class_="dim"),
    ]
    if notes:
        parts.append(tag("ul", *notes, class_="notes"))
    parts += [outcome(run), episode_section(run, films, paths, f"film{number}"), receipt(run)]
    return tag("section", *parts)


def _command(config: ReportConfig) -> str:
    """The command of the page, without what changes between machines."""
    words = ["spatune", "report", *(plain_path(run) for run in config.runs)]
    if config.out is not None:
        words += ["--out", plain_path(config.out)]
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in ("runs", "out") and value != field.default:
            words += [f"--{field.name.replace('_', '-')}", str(value)]
    return shlex.join(words)
