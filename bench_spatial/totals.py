"""`Totals`: scores of a set of samples with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from ..evaluation.bootstrap import mean_interval
from ..evaluation.intervals import wilson
from .benchmark import Benchmark, Scored, Variant, category_means, mean_of

Interval = tuple[float, float]
_SEED = 0


@dataclass(frozen=True)
class CategoryScore:
    """Score of one category.

    Attributes:
        name: The category.
        samples: n.
        right: k, where every sample is right or wrong; else None.
        mean: Mean score, or None where samples have none of their own.
        interval: Wilson 95 % interval for k of n, bootstrap 95 % interval for other means; both
            take samples for independent.
        scene_interval: Bootstrap 95 % interval that draws whole scenes.
        chance: Expected score of a blind guess among the options, for choices.
        unparsable: Samples in whose text no answer could be read.
    """

    name: str
    samples: int
    right: int | None
    mean: float | None
    interval: Interval | None
    scene_interval: Interval | None
    chance: float | None
    unparsable: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the name."""
        kind = "bootstrap95" if self.right is None else "wilson95"
        return {
            "samples": self.samples,
            **({} if self.right is None else {"right": self.right}),
            "mean": self.mean,
            kind: self.interval,
            "scene_bootstrap95": self.scene_interval,
            **({} if self.chance is None else {"chance": self.chance}),
            "unparsable": self.unparsable,
        }


@dataclass(frozen=True)
class Totals:
    """Scores of a set of samples.

    Attributes:
        numbers: The benchmark's totals by name, `overall` first; None where one is undefined.
        intervals: Bootstrap 95 % interval of each, drawing whole scenes, or None.
        categories: In alphabetical order.
        samples: n.
        scenes: Groups of samples that share pictures.
    """

    numbers: Mapping[str, float | None]
    intervals: Mapping[str, Interval | None]
    categories: tuple[CategoryScore, ...]
    samples: int
    scenes: int

    @classmethod
    def of(
        cls,
        benchmark: Benchmark,
        variant: Variant,
        scored: Sequence[Scored],
        unparsable: frozenset[str],
        guessing: bool = True,
    ) -> Totals:
        """Add up.

        Args:
            benchmark: Whose rule the totals follow.
            variant: The variant that scored.
            scored: The samples.
            unparsable: Ids of those without a readable answer.
            guessing: Whether the expected score of a blind guess is 1 / options.
        """

        def numbers(part: Sequence[Scored]) -> dict[str, float | None]:
            return {**benchmark.aggregate(part, variant)}

        def all_numbers(part: Sequence[Scored]) -> dict[str, float | None]:
            means = {f"category {name}": mean for name, mean in category_means(part).items()}
            return {**(numbers(part) if benchmark.resamples else {}), **means}

        named = numbers(scored) if scored else {"overall": None}
        clustered = scene_intervals(scored, all_numbers, benchmark.resamples or 1000)
        names = sorted({one.sample.category for one in scored})
        return cls(
            numbers={"overall": named.pop("overall", None), **named},
            intervals={name: clustered.get(name) for name in ("overall", *named)},
            categories=tuple(
                _category(name, scored, unparsable, clustered, guessing) for name in names
            ),
            samples=len(scored),
            scenes=len(_by_scene(scored)),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "samples": self.samples,
            "scenes": self.scenes,
            "totals": {
                name: {"value": value, "scene_bootstrap95": self.intervals[name]}
                for name, value in self.numbers.items()
            },
            "categories": {one.name: one.to_json() for one in self.categories},
        }


def scene_intervals(
    scored: Sequence[Scored],
    numbers: Callable[[Sequence[Scored]], Mapping[str, float | None]],
    resamples: int,
) -> dict[str, Interval | None]:
    """Percentile 95 % intervals of numbers of a set of samples, by resampling its scenes.

    Samples of one scene share pictures and often answers, so they are drawn together. Of n scenes
    n - 1 are drawn with replacement (Rao and Wu 1988), as in `evaluation.bootstrap`. A resample
    without any sample that a number needs has no say in it.

    Args:
        scored: The samples, in any order.
        numbers: From samples to named numbers.
        resamples: Number of resamples; the seed is fixed.

    Returns:
        Interval of each name; empty for fewer than two scenes.
    """
    scenes = [group for _, group in sorted(_by_scene(scored).items())]
    if len(scenes) < 2:
        return {}
    generator = np.random.default_rng(_SEED)
    drawn: dict[str, list[float]] = {}
    for _ in range(resamples):
        places = generator.integers(0, len(scenes), len(scenes) - 1)
        part = [one for place in places for one in scenes[place]]
        for name, value in numbers(part).items():
            if value is not None:
                drawn.setdefault(name, []).append(value)
    return {name: _percentiles(values) for name, values in drawn.items()}


def _percentiles(values: Sequence[float]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _by_scene(scored: Sequence[Scored]) -> dict[tuple[str, str], list[Scored]]:
    """Samples by scene, each group sorted by id; one without a scene is a group of its own."""
    groups: dict[tuple[str, str], list[Scored]] = {}
    for one in sorted(scored, key=lambda one: one.sample.id):
        scene = one.sample.scene
        groups.setdefault((scene, "" if scene else one.sample.id), []).append(one)
    return groups


def _category(
    name: str,
    scored: Sequence[Scored],
    unparsable: frozenset[str],
    clustered: Mapping[str, Interval | None],
    guessing: bool,
) -> CategoryScore:
    mine = [one for one in scored if one.sample.category == name]
    scores = [one.score for one in mine if one.score is not None]
    choices = [len(one.sample.options) for one in mine if one.sample.form == "choice"]
    right = None
    if scores and len(choices) == len(mine) and set(scores) <= {0.0, 1.0}:
        right = int(sum(scores))
        interval = wilson(right, len(scores))
    else:
        interval = mean_interval(scores, [0] * len(scores))
    return CategoryScore(
        name=name,
        samples=len(mine),
        right=right,
        mean=mean_of(scores),
        interval=interval,
        scene_interval=clustered.get(f"category {name}"),
        chance=fmean(1 / n for n in choices) if guessing and len(choices) == len(mine) else None,
        unparsable=sum(one.sample.id in unparsable for one in mine),
    )
