"""200 LIBERO episodes, once without a break and once killed five times: every line must be equal.

`spatune eval libero` plays four suites, unattended, into a run directory each. The second time, the
whole process group (policy, queue, simulators) gets SIGKILL after a random number of finished
episodes and a random pause: it may die in the middle of an episode, while an environment is built
or while a record is written. Then the same command is given again. In the end all records are
compared, digests of actions and states included.

Usage: python recipes/kill_resume.py [--policy embedded] [--control none] [--out runs/kill_resume]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spatune.cli import main as spatune
from spatune.evaluation import EpisodeRecord
from spatune.evaluation.store import read_records
from spatune.evaluation.versions import installed_versions

SUITES = ("libero_spatial", "libero_object", "libero_goal", "libero_10")
LONGEST_PAUSE = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Trial:
    """What is played, by whom, and how often it is killed."""

    policy: str
    control: str
    tasks: str
    episodes: tuple[int, ...]
    workers: int
    kills: int
    seed: int

    def words(self, suite: str, folder: Path) -> list[str]:
        """The command of one suite, after `spatune`."""
        return [
            *("eval", "libero", "--policy", self.policy, "--control", self.control),
            *("--suite", suite, "--tasks", self.tasks),
            *("--episodes", str(self.episodes[SUITES.index(suite)])),
            *("--workers", str(self.workers), "--device", "cpu", "--out", str(folder / suite)),
        ]

    def play(self, folder: Path) -> int:
        """Give the commands of all suites; the first exit status that is not 0, or 0."""
        statuses = (spatune(self.words(suite, folder)) for suite in SUITES)
        return next((status for status in statuses if status), 0)


@dataclass
class Killer:
    """Starts a run again and again, and kills it at seeded moments.

    Attributes:
        moments: Number of finished episodes and pause (s) before each kill.
        killed: What was on disk after each kill.
    """

    moments: list[tuple[int, float]]
    killed: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of_seed(cls, seed: int, kills: int, episodes: int) -> Killer:
        """Draw the moments."""
        draw = random.Random(seed)
        counts = sorted(draw.sample(range(episodes - 1), kills))
        return cls([(count, round(draw.uniform(0.0, LONGEST_PAUSE), 2)) for count in counts])

    def run(self, command: list[str], folder: Path) -> None:
        """Run the command to its end, killed on the way."""
        for count, pause in self.moments:
            process = subprocess.Popen(command, start_new_session=True)
            while finished(folder) < count and process.poll() is None:
                time.sleep(POLL_SECONDS)
            time.sleep(pause)
            if process.poll() is not None:
                raise SystemExit(f"the run ended with {process.returncode} before kill {count}")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            lines = finished(folder)
            self.killed.append(
                {"asked_after": count, "pause_seconds": pause, "episodes_on_disk": lines}
            )
            print(f"killed with {lines} episodes on disk", file=sys.stderr, flush=True)
        subprocess.run(command, check=True)


def finished(folder: Path) -> int:
    """Whole lines of all run directories."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*/episodes.jsonl"))


def records(folder: Path) -> list[EpisodeRecord]:
    """All records, suite by suite, in the order of the files."""
    return [record for suite in SUITES for record in read_records(folder / suite)]


def results(found: list[EpisodeRecord]) -> list[EpisodeRecord]:
    """Those that end an episode; attempts that ended by an error are counted apart."""
    return [record for record in found if not record.is_error]


def digest(found: list[EpisodeRecord]) -> str:
    """sha256 of all that must be equal."""
    lines = [json.dumps(record.deterministic(), sort_keys=True) for record in found]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def worker_uses(folder: Path) -> list[dict[str, Any]]:
    """What the workers of a run used, suite by suite."""
    reports = [json.loads((folder / suite / "report.json").read_text()) for suite in SUITES]
    return [use for report in reports for use in report.get("workers", ())]


def compare(trial: Trial, out: Path) -> dict[str, Any]:
    """Play twice and compare."""
    command = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--play"]
    whole, killed = out / "whole", out / "killed"
    began = time.monotonic()
    subprocess.run([*command, str(whole)], check=True)
    middle = time.monotonic()
    every_one = records(whole)
    one = results(every_one)
    killer = Killer.of_seed(trial.seed, trial.kills, len(one))
    killer.run([*command, str(killed)], killed)
    ended = time.monotonic()
    every_two = records(killed)
    two = results(every_two)
    equal = sum(a.deterministic() == b.deterministic() for a, b in zip(one, two, strict=False))
    return {
        "what": "LIBERO episodes played without a break and with SIGKILL: records line by line.",
        "commands": ["spatune " + " ".join(trial.words(s, Path("RUN"))) for s in SUITES],
        "cores": os.cpu_count(),
        "episodes": len(one),
        "kills": killer.killed,
        "lines_equal": equal,
        "all_equal": equal == len(one) == len(two),
        "sha256_whole": digest(one),
        "sha256_killed": digest(two),
        "error_attempts": {"whole": len(every_one) - len(one), "killed": len(every_two) - len(two)},
        "successes": {s: sum(bool(r.success) for r in one if r.key.suite == s) for s in SUITES},
        "seconds": {"whole": round(middle - began), "killed": round(ended - middle)},
        "versions": installed_versions(),
        "workers": worker_uses(whole),
        "durations": [
            [r.key.suite, r.key.task_id, r.key.init_index, r.steps, r.wall_seconds] for r in one
        ],
    }


def compact(result: dict[str, Any]) -> str:
    """JSON with a row a line for the long lists."""
    rows = {name: result[name] for name in ("workers", "durations")}
    text = json.dumps({**result, **dict.fromkeys(rows, [])}, indent=1)
    for name, row in rows.items():
        lines = ",\n  ".join(json.dumps(one) for one in row)
        text = text.replace(f'"{name}": []', f'"{name}": [\n  {lines}\n ]')
    return text + "\n"


def main() -> int:
    """Play, compare, print, write the result; 1 if a line differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--policy", default="embedded")
    parser.add_argument("--control", default="none", help="none, blind, random or zero")
    parser.add_argument("--tasks", default="all")
    parser.add_argument(
        "--episodes",
        type=lambda text: tuple(map(int, text.split(","))),
        default=(9, 9, 1, 1),
        help="episodes a task in each of the suites; the embedded policy knows the first two, and "
        "plays the others to their last step (default: 9,9,1,1)",
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--out", type=Path, default=Path("runs/kill_resume"))
    parser.add_argument("--result", type=Path, help="JSON file to write")
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    words = vars(parser.parse_args())
    out, result_path, play = (words.pop(name) for name in ("out", "result", "play"))
    trial = Trial(**words)
    if play is not None:
        return trial.play(play)
    if len(trial.episodes) != len(SUITES):
        raise SystemExit(f"--episodes needs {len(SUITES)} numbers, one for each of {SUITES}")
    if out.exists():
        raise SystemExit(f"{out} is there already: delete it, or choose another --out")
    result = compare(trial, out)
    print(
        f"{result['episodes']} episodes, {len(result['kills'])} kills: "
        f"{result['lines_equal']} lines equal; sha256 {result['sha256_whole'][:16]} "
        f"and {result['sha256_killed'][:16]}"
    )
    if result_path is not None:
        result_path.write_text(compact(result))
    return 0 if result["all_equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
