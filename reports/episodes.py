"""`episode_section`: episodes that were not solved, with their films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ..evaluation.keys import EpisodeKey
from ..evaluation.records import EpisodeRecord
from .films import Film
from .html import Html, joined, tag
from .run import EvaluatedRun
from .tables import table

Shown = Literal["failures", "all", "none"]


def records_with_films(
    run: EvaluatedRun, paths: Mapping[EpisodeKey, Path], shown: Shown
) -> list[EpisodeRecord]:
    """Records whose films the page shows: those of failures first."""
    filmed = [record for record in run.records if record.key in paths]
    failures = [record for record in filmed if not record.success]
    successes = [record for record in filmed if record.success]
    return {"none": [], "failures": failures, "all": failures + successes}[shown]


def episode_section(
    run: EvaluatedRun,
    films: Mapping[EpisodeKey, Film],
    paths: Mapping[EpisodeKey, Path],
    anchor: str,
) -> Html:
    """Films of failures, every failure and error as a row, and films of what was solved.

    Args:
        run: The run.
        films: Films of the page, by episode, in their order on the page.
        paths: All films that there are, by episode.
        anchor: Start of the names by which the table's rows point to films.
    """
    lost = [record for record in run.records if not record.success]
    failures = [record for record in lost if not record.is_error]
    errors = [record for record in lost if record.is_error]
    filmed = [record for record in lost if record.key in paths]
    words = f"{_counted(len(failures), 'failure')}, {_counted(len(errors), 'error')}"
    parts = [tag("h3", f"Episodes that were not solved: {words}")]
    if lost:
        parts.append(tag("p", _film_words(lost, filmed, films), class_="dim"))
    by_key = {record.key: record for record in run.records}
    cards = {key: _card(by_key[key], film, _name(anchor, key)) for key, film in films.items()}
    solved = [key for key in cards if by_key[key].success]
    if len(cards) > len(solved):
        unsolved = [card for key, card in cards.items() if key not in solved]
        parts.append(tag("div", *unsolved, class_="films"))
    if errors:
        parts.append(_errors(errors))
    if failures:
        shown = _failures(failures, films, paths, anchor)
        if len(failures) > 20:
            shown = tag("details", tag("summary", f"all {len(failures)} failures"), shown)
        parts.append(shown)
    if solved:
        parts.append(tag("h3", f"Episodes that were solved: {_counted(len(solved), 'film')}"))
        parts.append(tag("div", *(cards[key] for key in solved), class_="films"))
    return joined(parts)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _film_words(
    lost: Sequence[EpisodeRecord],
    filmed: Sequence[EpisodeRecord],
    films: Mapping[EpisodeKey, Film],
) -> str:
    if not filmed:
        return "None of them was filmed: give --videos N to the evaluation."
    here = [films[record.key] for record in filmed if record.key in films]
    if not here:
        return f"{len(filmed)} of {len(lost)} were filmed; this page shows no films (--films)."
    hows = {"whole": "in the page", "smaller": "in the page, smaller", "linked": "linked"}
    counts = ((sum(film.how == how for film in here), text) for how, text in hows.items())
    parts = ", ".join(f"{count} {text}" for count, text in counts if count)
    return f"{len(filmed)} of {len(lost)} were filmed: {parts}."


def _card(record: EpisodeRecord, film: Film, name: str) -> Html:
    key = record.key
    outcome = tag("span", "failed", class_="bad") if not record.success else "solved"
    place = f"task {key.task_id}, init {key.init_index}"
    if key.perturbation != "none":
        place += f", {key.perturbation}"
    facts = f"{record.steps} of {record.max_steps} steps, seeds {key.env_seed} and "
    caption: list[str] = [
        *(tag("b", place), ": ", outcome, tag("br"), record.instruction, tag("br")),
        tag("small", f"{facts}{key.policy_seed}{_numbers(record)}"),
    ]
    if film.note:
        caption += [tag("br"), tag("small", film.note)]
    label = f"film of {key.suite} {place}: {record.instruction}"
    if film.how == "linked":
        link = tag("a", f"film: {film.source.rpartition('/')[2]}", href=film.source)
        caption += [tag("br"), link]
    video = tag(
        "video",
        src=film.source,
        poster=film.poster or None,
        controls=True,
        muted=True,
        playsinline=True,
        preload="none",
        aria_label=label,
    )
    return tag("figure", video, tag("figcaption", *caption), id=name)


def _numbers(record: EpisodeRecord) -> str:
    shown = {name: value for name, value in sorted(record.metrics.items()) if value is not None}
    return "".join(f", {name.replace('_', ' ')} {value:.2f}" for name, value in shown.items())


def _errors(records: Sequence[EpisodeRecord]) -> Html:
    head, places = _places(records)
    rows = [
        [*place, str(record.attempt), record.error or "", record.message or ""]
        for record, place in zip(records, places, strict=True)
    ]
    head += ["attempts", "error", "message"]
    caption = "errors: every attempt ended by one; they are not counted as failures"
    return table(
        head, rows, numeric=range(1, len(head) - 2), words=(len(head) - 1,), caption=caption
    )


def _failures(
    records: Sequence[EpisodeRecord],
    films: Mapping[EpisodeKey, Film],
    paths: Mapping[EpisodeKey, Path],
    anchor: str,
) -> Html:
    metrics = sorted({name for record in records for name in record.metrics})
    head, places = _places(records)
    rows = []
    for record, place in zip(records, places, strict=True):
        film: str = "not shown" if record.key in paths else "not filmed"
        if record.key in films:
            film = tag("a", "film", href=f"#{_name(anchor, record.key)}")
        values = (record.metrics.get(name) for name in metrics)
        numbers = ["-" if value is None else f"{value:.2f}" for value in values]
        rows.append([*place, f"{record.steps}/{record.max_steps}", film, *numbers])
    head += ["steps", "film", *(name.replace("_", " ") for name in metrics)]
    return table(head, rows, numeric=range(1, len(head)), caption="failures")


def _places(records: Sequence[EpisodeRecord]) -> tuple[list[str], list[list[str]]]:
    """Names and values of the columns that say which episodes these are."""
    perturbed = any(record.key.perturbation != "none" for record in records)
    head = ["task", *(["perturbation"] if perturbed else []), "init", "env seed", "policy seed"]
    rows = []
    for key in (record.key for record in records):
        numbers = [str(key.init_index), str(key.env_seed), str(key.policy_seed)]
        words = [f"{key.suite} {key.task_id}", *([key.perturbation] if perturbed else [])]
        rows.append(words + numbers)
    return head, rows


def _name(anchor: str, key: EpisodeKey) -> str:
    return f"{anchor}-{key.digest()[:12]}"
