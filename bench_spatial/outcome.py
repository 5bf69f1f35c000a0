"""`Outcome`: the answers of a run, read and scored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..evaluation.keys import EpisodeKey
from ..evaluation.records import EpisodeRecord
from .answers import AnswerLine, Ask
from .benchmark import Scored, Variant
from .plan import RunMode, SpatialPlan, rotations
from .sample import Sample
from .thinking import after_thinking

CONTROLS: Mapping[RunMode, str] = {"sighted": "none", "blind": "blind", "circular": "circular"}


@dataclass(frozen=True)
class Outcome:
    """What came of every sample of a plan.

    Attributes:
        scored: Samples with all their answers.
        unparsable: Ids of those among them in whose text an answer could not be read.
        errors: Samples that could not be shown, by id: why.
        skipped: Samples that were not asked, by id: why.
        rotation_mean: Mean score over all rotations of all samples, each by itself; None where
            nothing is rotated.
    """

    scored: tuple[Scored, ...]
    unparsable: frozenset[str]
    errors: dict[str, str]
    skipped: dict[str, str]
    rotation_mean: float | None

    @classmethod
    def of(
        cls, plan: SpatialPlan, answers: Mapping[Ask, AnswerLine], variant: Variant | None = None
    ) -> Outcome:
        """Read and score the answers.

        Args:
            plan: What was asked.
            answers: The line of every ask of the plan.
            variant: A variant of the plan's wording that reads or scores otherwise.
        """
        scored, unparsable, single = [], set(), []
        errors: dict[str, str] = {}
        skipped: dict[str, str] = {}
        for sample in plan.samples:
            if sample.skip:
                skipped[sample.id] = sample.skip
                continue
            lines = [answers[sample.id, turn] for turn in rotations(sample, plan.mode)]
            failed = [line.error for line in lines if line.raw is None]
            if failed:
                errors[sample.id] = failed[0]
                continue
            answers_scored = _score(plan, sample, lines, variant or plan.variant)
            scored.append(_worst(sample, answers_scored))
            single += [one.score for one in answers_scored if one.score is not None]
            if any(one.extracted is None for one in answers_scored):
                unparsable.add(sample.id)
        rotated = plan.mode == "circular" and single
        mean = fmean(single) if rotated else None
        return cls(tuple(scored), frozenset(unparsable), errors, skipped, mean)

    def records(
        self,
        plan: SpatialPlan,
        answers: Mapping[Ask, AnswerLine],
        backend: str,
        versions: dict[str, str],
    ) -> list[EpisodeRecord]:
        """One record a sample, for `spatune compare`: a success is a full score.

        `metrics` holds the score and whether an answer could be read; `action_digest` is that of
        the model's texts, `state_digest` that of the pictures.
        """
        by_id = {one.sample.id: one for one in self.scored}
        records = []
        for sample in plan.samples:
            if sample.skip:
                continue
            one = by_id.get(sample.id)
            lines = [answers[sample.id, turn] for turn in rotations(sample, plan.mode)]
            score = None if one is None else one.score
            success = None if score is None else score == 1.0
            records.append(
                EpisodeRecord(
                    key=episode_key(sample),
                    control=CONTROLS[plan.mode],
                    success=success,
                    steps=1,
                    max_steps=1,
                    first_success_step=1 if success else None,
                    return_=score or 0.0,
                    wall_seconds=0.0,
                    error=None if one is not None else "SpatuneError",
                    message=self.errors.get(sample.id),
                    action_digest=_sha256("\0".join(line.raw or "" for line in lines)),
                    state_digest=lines[0].pictures_sha256,
                    instruction=plan.prompt(sample),
                    mode="exact" if plan.config.batch_size == 1 else "batched",
                    backend=backend,
                    versions=versions,
                    metrics={}
                    if one is None
                    else {"score": score, "unparsable": float(sample.id in self.unparsable)},
                )
            )
        return records


def episode_key(sample: Sample) -> EpisodeKey:
    """The key of a sample: the same for every model, mode and order of rows.

    The category is the suite, so that `compare` stratifies by it; the id is the index, by its
    digest where it is no number.
    """
    number = int(sample.id) if sample.id.isascii() and sample.id.isdigit() else None
    if number is None or str(number) != sample.id:
        number = int(_sha256(sample.id)[:15], 16)
    return EpisodeKey(f"spatial:{sample.benchmark}", sample.category, 0, number)


def _score(
    plan: SpatialPlan, sample: Sample, lines: Sequence[AnswerLine], variant: Variant
) -> list[Scored]:
    """Each rotation by itself."""
    scored = []
    for line in lines:
        turned = sample.rotated(line.rotation)
        raw = after_thinking(line.raw or "") if plan.thinks else line.raw or ""
        answer = None if raw is None else plan.benchmark.extract(raw, turned, variant)
        scored.append(Scored(turned, answer, plan.benchmark.score(turned, answer, variant)))
    return scored


def _worst(sample: Sample, rotations: Sequence[Scored]) -> Scored:
    """A sample with the lowest score of its rotations: all must be right."""
    scores = [one.score for one in rotations if one.score is not None]
    score = min(scores) if len(scores) == len(rotations) else None
    return Scored(sample, rotations[0].extracted, score)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
