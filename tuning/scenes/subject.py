"""`Subject`: a trajectory as a question sees it - what was clearly seen in the shown frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .scene import Scene, SceneObject
from .trajectory import Frame, Trajectory


@dataclass(frozen=True)
class Thresholds:
    """From which share of a frame's pixels on an object counts as seen.

    Attributes:
        salient: At least this share in one shown frame: it counts.
        faint: Below this share in every shown frame: it does not count. Between the two nobody can
            say, so that no question may touch the object's category.
    """

    salient: float = 0.02
    faint: float = 0.002


class Subject:
    """What generators ask about.

    Args:
        trajectory: Its frames are exactly those that a model is shown.
        thresholds: When an object counts as seen.

    Attributes:
        trajectory: As given.
        thresholds: As given.
    """

    def __init__(self, trajectory: Trajectory, thresholds: Thresholds | None = None) -> None:
        self.trajectory = trajectory
        self.thresholds = thresholds or Thresholds()

    @property
    def scene(self) -> Scene:
        """The place."""
        return self.trajectory.scene

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The shown frames."""
        return self.trajectory.frames

    @cached_property
    def best_share(self) -> dict[str, float]:
        """Greatest share of a shown frame, by object id; all 1 for a scene without pictures."""
        if not self.frames:
            return {thing.id: 1.0 for thing in self.scene.objects}
        best = {thing.id: 0.0 for thing in self.scene.objects}
        for frame in self.frames:
            for name, sighting in frame.sightings.items():
                best[name] = max(best[name], sighting.share)
        return best

    @cached_property
    def first_frame(self) -> dict[str, int]:
        """Place in `frames` where an object is first salient, by id; only those that ever are."""
        first: dict[str, int] = {}
        for place, frame in enumerate(self.frames):
            for name, sighting in frame.sightings.items():
                if sighting.share >= self.thresholds.salient:
                    first.setdefault(name, place)
        return first

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Categories with an object that is neither clearly seen nor clearly unseen."""
        low, high = self.thresholds.faint, self.thresholds.salient
        return frozenset(
            thing.category
            for thing in self.scene.objects
            if low <= self.best_share[thing.id] < high
        )

    @cached_property
    def categories(self) -> dict[str, tuple[SceneObject, ...]]:
        """Salient objects by category, without doubtful categories; sorted by category."""
        groups: dict[str, list[SceneObject]] = {}
        for thing in self.scene.objects:
            salient = self.best_share[thing.id] >= self.thresholds.salient
            if salient and thing.category not in self.doubtful:
                groups.setdefault(thing.category, []).append(thing)
        return {name: tuple(groups[name]) for name in sorted(groups)}

    @cached_property
    def unique(self) -> dict[str, SceneObject]:
        """Objects that are the only clearly seen one of their category, by category, sorted."""
        return {name: group[0] for name, group in self.categories.items() if len(group) == 1}
