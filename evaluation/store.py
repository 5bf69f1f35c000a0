"""`EpisodeStore`: a run directory whose `episodes.jsonl` is the resume state."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import SpatuneError
from .atomic import disk_error, sync_directory, write_atomically
from .json_lines import bad_lines_path, mend_json_lines, read_json_lines
from .keys import EpisodeKey
from .records import EpisodeRecord

_MISSING = "nothing"


class EpisodeStore:
    """Append-only records of one run, one fsynced JSON line an attempt.

    A line is on disk before `append` returns, so a kill loses no finished episode; a line that was
    torn by a kill is cut off when the directory is opened again. Any other line that is no record,
    from a bad disk or an editor, is moved to `episodes.bad.jsonl` with its number and said on
    standard error; its episode is pending again. `config.json` names everything
    that decides the results, and a directory of another configuration is refused. A lock keeps a
    second process out of the directory.

    Args:
        directory: Run directory; made when it is missing.
        config: What decides the results, as plain JSON (without paths of outputs or the number of
            workers, which do not).

    Attributes:
        config: The configuration, as plain JSON.
        records: All records, in the order of the file.

    Raises:
        SpatuneError: The directory holds another configuration or is in use.
    """

    def __init__(self, directory: str | Path, config: Mapping[str, Any]) -> None:
        self.directory = Path(directory)
        self.path = self.directory / "episodes.jsonl"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise SpatuneError(
                f"{self.directory} is not a directory: choose another --out"
            ) from None
        except OSError as error:
            raise disk_error(self.directory, error) from None
        self._lock = _locked(self.directory)
        try:
            self.config: dict[str, Any] = json.loads(json.dumps(dict(config)))
            self._check_config(self.config)
            self.records = mend_json_lines(self.path, EpisodeRecord.from_json, "episode record")
        except BaseException:
            os.close(self._lock)
            raise
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        sync_directory(self.directory)

    def __enter__(self) -> EpisodeStore:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file and the lock; safe to call twice."""
        if self._lock >= 0:
            os.close(self._descriptor)
            os.close(self._lock)
            self._lock = -1

    def append(self, record: EpisodeRecord) -> None:
        """Add one record; it is on disk when this returns.

        Raises:
            SpatuneError: The disk does not take it; the file then ends with the record before.
        """
        data = record.to_line().encode()
        whole = os.fstat(self._descriptor).st_size
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            os.ftruncate(self._descriptor, whole)
            raise disk_error(self.path, error) from None
        self.records.append(record)

    @property
    def trace_path(self) -> Path:
        """Tracebacks of errors, for people: `errors.log`."""
        return self.directory / "errors.log"

    def log_trace(self, key: EpisodeKey, trace: str) -> None:
        """Keep the traceback of an error, which a record has no room for."""
        try:
            with open(self.trace_path, "a", encoding="utf-8") as file:
                file.write(f"{json.dumps(key.to_json())}\n{trace}\n")
        except OSError as error:
            raise disk_error(self.trace_path, error) from None

    def attempts(self, key: EpisodeKey) -> int:
        """How many attempts at `key` are recorded."""
        return sum(record.key == key for record in self.records)

    def done(self) -> set[EpisodeKey]:
        """Keys with a result; a key that has only errors is not done."""
        return {record.key for record in self.records if not record.is_error}

    def pending(self, keys: Iterable[EpisodeKey]) -> list[EpisodeKey]:
        """Those of `keys` that still need an episode, in canonical order."""
        return sorted(set(keys) - self.done())

    def finalise(self) -> None:
        """Rewrite the file in canonical key order (attempts of a key in their order), atomically.

        Runs of the same keys then agree line by line in all fields but
        `spatune.evaluation.records.VOLATILE_FIELDS`, however they were interrupted or divided.
        """
        self.records.sort(key=lambda record: (record.key, record.attempt))
        text = "".join(record.to_line() for record in self.records)
        write_atomically(self.path, text)
        os.close(self._descriptor)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    def _check_config(self, config: dict[str, Any]) -> None:
        path = self.directory / "config.json"
        if not path.exists():
            if self.path.exists():
                raise SpatuneError(
                    f"{self.directory} holds episodes.jsonl without config.json: "
                    "choose another --out"
                )
            write_atomically(path, json.dumps(config, indent=2, sort_keys=True) + "\n")
            return
        try:
            held = json.loads(path.read_text())
        except json.JSONDecodeError:
            raise SpatuneError(f"{path} is not JSON: choose another --out") from None
        for name in sorted(held.keys() | config.keys()):
            old, new = held.get(name, _MISSING), config.get(name, _MISSING)
            if old != new:
                raise SpatuneError(
                    f"{self.directory} holds a run with {name} = {_shown(old)}, this run has "
                    f"{name} = {_shown(new)}: choose another --out, or delete that directory"
                )


def run_directories(path: Path) -> list[Path]:
    """The run directories that a path stands for: itself, or all runs inside a folder of runs."""
    inside = sorted(file.parent for file in path.glob("*/episodes.jsonl"))
    return [path] if (path / "episodes.jsonl").exists() or not inside else inside


def read_records(directory: str | Path) -> list[EpisodeRecord]:
    """Records of a run directory, without opening it for writing.

    Raises:
        SpatuneError: The directory holds no records, or damaged ones.
    """
    path = Path(directory) / "episodes.jsonl"
    if not path.exists():
        raise SpatuneError(f"{directory} holds no episodes.jsonl: is it a run directory?")
    lines = read_json_lines(path, EpisodeRecord.from_json)
    if lines.damaged:
        raise SpatuneError(
            f"{path}: line {min(lines.damaged)} is not an episode record; give the run's command "
            f"again, which moves it to {bad_lines_path(path).name} and plays the episode anew"
        )
    return lines.found


def _locked(directory: Path) -> int:
    descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SpatuneError(
            f"{directory} is in use by another run: wait for it, or choose another --out"
        ) from None
    return descriptor


def _shown(value: Any) -> str:
    text = json.dumps(value) if value != _MISSING else _MISSING
    return text if len(text) <= 80 else text[:77] + "..."
