"""`NavEpisode`: one navigation episode as data."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from ..houses.house import GroundPoint
from .task import NAV_TASKS, NavTask


@dataclass(frozen=True)
class NavEpisode:
    """Where an agent starts and what it has to do.

    Attributes:
        task: What kind of task it is.
        house: Name of the house.
        house_sha256: Content hash of the house.
        start: (x, z), metres.
        yaw: Degrees, clockwise seen from above.
        horizon: Degrees that the camera looks down.
        target: ObjectNav: the type to find; else empty.
        goal: PointNav: the place to go to (x, z), metres; else None.
        start_distance: Metres along the shortest way to the goal; None where it is unknown.
        optimal_steps: Actions that the expert took, Done included; None where it is unknown.
    """

    task: NavTask
    house: str
    house_sha256: str
    start: GroundPoint
    yaw: float
    horizon: float
    target: str = ""
    goal: GroundPoint | None = None
    start_distance: float | None = None
    optimal_steps: int | None = None

    @property
    def instruction(self) -> str:
        """The task in words."""
        if self.task == "objectnav":
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.target).lower()
            return f"find {'an' if words[0] in 'aeiou' else 'a'} {words}"
        return "go to the goal" if self.task == "pointnav" else "visit every room"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form; `from_json` undoes it."""
        data = asdict(self)
        data["start"] = list(self.start)
        data["goal"] = None if self.goal is None else list(self.goal)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> NavEpisode:
        """Inverse of `to_json`.

        Raises:
            SpatuneError: A field is missing, unknown or wrong.
        """
        try:
            fields = dict(data)
            fields["start"] = _point(fields["start"])
            fields["goal"] = None if fields.get("goal") is None else _point(fields["goal"])
            for name in ("yaw", "horizon"):
                fields[name] = float(fields[name])
            episode = cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise SpatuneError(f"not a navigation episode: {error}") from None
        if episode.task not in NAV_TASKS:
            raise SpatuneError(
                f"unknown task {episode.task!r} in an episode; tasks are: {', '.join(NAV_TASKS)}"
            )
        if episode.task == "objectnav" and not episode.target:
            raise SpatuneError("an objectnav episode needs a target")
        if episode.task == "pointnav" and episode.goal is None:
            raise SpatuneError("a pointnav episode needs a goal")
        return episode


def episodes_json(episodes: Sequence[NavEpisode]) -> str:
    """A file of episodes, with the hash that `read_episodes` checks."""
    rows = [episode.to_json() for episode in episodes]
    lines = ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
    return f'{{"sha256": "{_sha256(rows)}",\n"episodes": [\n{lines}\n]}}\n'


def read_episodes(path: Path) -> tuple[NavEpisode, ...]:
    """The episodes of a file.

    Raises:
        SpatuneError: There is no such file, or it was changed or is damaged.
    """
    try:
        data = json.loads(path.read_text())
        rows, sha256 = data["episodes"], data["sha256"]
    except FileNotFoundError:
        raise SpatuneError(f"there is no file of episodes {path}") from None
    except (ValueError, KeyError, TypeError):
        raise SpatuneError(f"{path} is not a file of navigation episodes") from None
    if _sha256(rows) != sha256:
        raise SpatuneError(f"{path} was changed: its episodes do not have the hash that it gives")
    return tuple(NavEpisode.from_json(row) for row in rows)


def _point(values: Any) -> GroundPoint:
    x, z = (float(value) for value in values)
    return x, z


def _sha256(rows: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
