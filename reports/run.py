"""`EvaluatedRun`: a run directory as a page shows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import SpatuneError
from ..evaluation.keys import EpisodeKey
from ..evaluation.records import EpisodeRecord
from ..evaluation.robustness import Robustness
from ..evaluation.store import read_records, run_directories
from ..evaluation.summary import Summary, final_records, summarise

_FILES = ("config.json", "episodes.jsonl", "report.json")


@dataclass(frozen=True)
class EvaluatedRun:
    """One run. What it says comes from its records, counted anew.

    Attributes:
        folder: The run directory.
        name: Name on the page; unique there.
        config: What decides the results, as in `config.json`.
        records: The record that counts of each episode, in canonical order.
        summary: Counts, intervals, curve and metrics of the episodes of `baseline`.
        robustness: Success by perturbation; None when nothing was perturbed.
        notes: What a reader must know beside the numbers.
        digests: sha256 (hex) by file, and of the deterministic fields of all records under
            `records`: two runs that agree bit for bit have the same one.
    """

    folder: Path
    name: str
    config: Mapping[str, Any]
    records: tuple[EpisodeRecord, ...]
    summary: Summary
    robustness: Robustness | None
    notes: tuple[str, ...]
    digests: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, name: str | None = None) -> EvaluatedRun:
        """Read a run directory.

        Args:
            folder: The run directory.
            name: Name on the page; the directory's by default.

        Raises:
            SpatuneError: It holds no records, damaged ones, or no configuration.
        """
        records = read_records(folder)
        config = _json(folder / "config.json")
        if config is None:
            raise SpatuneError(f"{folder} holds no config.json: is it a run directory?")
        report = _json(folder / "report.json")
        final = final_records(records)
        perturbations = _perturbations(config, final)
        summary = summarise(
            records,
            [key for key in final if key.perturbation == perturbations[0]],
            str(config.get("control", "none")),
            metric_reasons=_metric_reasons(report),
            protocol_budgets=_protocol_budgets(report),
        )
        robustness = None
        if perturbations != ("none",):
            robustness = Robustness.of(records, final, perturbations)
        ordered = tuple(final[key] for key in sorted(final))
        return cls(
            folder=folder,
            name=name or folder.resolve().name,
            config=config,
            records=ordered,
            summary=summary,
            robustness=robustness,
            notes=(*_completeness(summary, report), *summary.notes, *_perturbed_notes(robustness)),
            digests={**_file_digests(folder), "records": _records_digest(ordered)},
        )

    @property
    def who(self) -> str:
        """Who acted, in words."""
        policy = plain_path(self.config.get("policy"))
        control = self.summary.control
        if control == "none":
            return policy or "no policy"
        return f"{policy}, {control}" if policy else f"{control} actions"

    @cached_property
    def suites(self) -> tuple[str, ...]:
        """Suites with a record, or the suite that was to be played."""
        found = {record.key.suite for record in self.records}
        return tuple(sorted(found or {str(self.config.get("suite", "nothing"))}))

    @property
    def title(self) -> str:
        """Who acted, and on what."""
        return f"{self.who} on {', '.join(self.suites)}"

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a field of the finished episodes' records, as text, sorted."""
        finished = [record for record in self.records if not record.is_error]
        return tuple(sorted({str(getattr(record, name)) for record in finished}))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of what took part in the episodes, by name; all of them where they differ."""
        found: dict[str, set[str]] = {}
        for record in self.records:
            for name, version in record.versions.items():
                found.setdefault(name, set()).add(version)
        return {name: ", ".join(sorted(found[name])) for name in sorted(found)}

    @property
    def baseline(self) -> list[EpisodeRecord]:
        """Records of the episodes that `summary` counts."""
        if self.robustness is None:
            return list(self.records)
        name = self.robustness.rows[0].perturbation
        return [record for record in self.records if record.key.perturbation == name]


def find_runs(paths: Sequence[Path]) -> list[EvaluatedRun]:
    """Runs in directories; a folder that is none itself stands for those inside it.

    Raises:
        SpatuneError: Nothing is given, or a directory that is no run and holds none.
    """
    given = [folder for path in paths for folder in run_directories(path)]
    folders = list({folder.resolve(): folder for folder in given}.values())
    if not folders:
        raise SpatuneError("nothing to show: spatune report RUN [RUN ...]")
    names = [folder.resolve().name for folder in folders]
    return [
        EvaluatedRun.read(
            folder, name if names.count(name) == 1 else f"{folder.resolve().parent.name}/{name}"
        )
        for folder, name in zip(folders, names, strict=True)
    ]


def plain_path(path: Any) -> str:
    """A path without the folders above it, which differ between machines; empty for None.

    Names that are no paths, such as `embedded` or that of a hub, stay as they are.
    """
    text = "" if path is None else str(path)
    outside = Path(text).is_absolute() or text.startswith((".", "~"))
    return Path(text).name if outside else text


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        raise SpatuneError(f"{path} is not JSON: give the command of the run again") from None


def _perturbations(config: Mapping[str, Any], keys: Iterable[EpisodeKey]) -> tuple[str, ...]:
    """Perturbations of the episodes, `none` first if it is there, else as they were asked for."""
    found = {key.perturbation for key in keys} or {"none"}
    asked = [name for name in config.get("perturb", ()) if name in found]
    order = ["none", *asked, *sorted(found)]
    return tuple(name for name in dict.fromkeys(order) if name in found)


def _perturbed_notes(robustness: Robustness | None) -> list[str]:
    if robustness is None:
        return []
    name = robustness.rows[0].perturbation
    what = "without a perturbation" if name == "none" else f"with {name}"
    notes = [f"rate, curve and tasks are of the episodes {what}; a table shows all perturbations"]
    lost = {row.perturbation: row.total.errors for row in robustness.rows[1:] if row.total.errors}
    notes += [f"{name}: {errors} episodes ended by an error" for name, errors in lost.items()]
    return notes


def _metric_reasons(report: dict[str, Any] | None) -> dict[str, str]:
    metrics = (report or {}).get("metrics", {})
    return {name: m["missing_because"] for name, m in metrics.items() if "missing_because" in m}


def _protocol_budgets(report: dict[str, Any] | None) -> dict[str, int]:
    points = (report or {}).get("success_by_budget", ())
    return {name: point["budget"] for point in points for name in point.get("protocols", ())}


def _completeness(summary: Summary, report: dict[str, Any] | None) -> list[str]:
    """What the files say about episodes that have no record."""
    if report is None:
        return [
            "there is no report.json: the run was stopped before its end, and this page shows "
            "only the episodes so far; the same command goes on"
        ]
    total, notes = report["total"], []
    if total.get("missing"):
        notes.append(f"{total['missing']} of {total['planned']} episodes are missing")
    told = (total["successes"], total["episodes"])
    if told != (summary.total.successes, summary.total.episodes):
        notes.append(
            f"report.json says {told[0]}/{told[1]}, but the records say {summary.total.successes}/"
            f"{summary.total.episodes}, which this page shows; give the command of the run again"
        )
    return notes


def _file_digests(folder: Path) -> dict[str, str]:
    found = [folder / name for name in _FILES if (folder / name).exists()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _records_digest(records: Sequence[EpisodeRecord]) -> str:
    lines = [json.dumps(record.deterministic(), sort_keys=True) for record in records]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
