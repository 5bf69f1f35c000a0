"""`ask_all`: the questions of a trajectory, and why others could not be asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..scenes.subject import Subject
from ..seeds import generator_of
from .question import LETTERS, Draft, Question
from .skill import Skill, Unsuitable

Refusals = Counter[tuple[str, str]]
"""How often a task was refused for a reason."""


@dataclass(frozen=True)
class AskSettings:
    """How much is asked.

    Attributes:
        seed: Base seed; every draw follows from it, the trajectory, the skill and its number.
        per_skill: Most questions of a skill on a trajectory (SIMS-V: 5).
        tries: Draws for one question before the skill gives up (SIMS-V: 10).
    """

    seed: int = 0
    per_skill: int = 5
    tries: int = 10


def ask_all(
    subject: Subject, skills: Iterable[Skill], settings: AskSettings
) -> tuple[list[Question], Refusals]:
    """Ask every skill; no object combination comes twice in a skill.

    Returns:
        Questions in the order of skills, and how often draws were refused, by task and reason.
    """
    questions: list[Question] = []
    refusals: Refusals = Counter()
    for skill in skills:
        keys: set[tuple[str, ...]] = set()
        for number in range(settings.per_skill):
            draft = _draw(subject, skill, number, settings, keys, refusals)
            if draft is None:
                break
            rng = _random(settings.seed, subject.trajectory.id, skill.name, number, "options")
            questions.append(_finished(subject, skill, number, draft, rng))
    return questions, refusals


def _draw(
    subject: Subject,
    skill: Skill,
    number: int,
    settings: AskSettings,
    keys: set[tuple[str, ...]],
    refusals: Refusals,
) -> Draft | None:
    if skill.needs_labels and not any(frame.labels is not None for frame in subject.frames):
        refusals[skill.name, "no depth and object images"] += 1
        return None
    for attempt in range(settings.tries):
        rng = _random(settings.seed, subject.trajectory.id, skill.name, number, attempt)
        try:
            draft = skill.ask(subject, rng)
        except Unsuitable as reason:
            refusals[skill.name, str(reason)] += 1
            continue
        if draft.key not in keys:
            keys.add(draft.key)
            return draft
        refusals[skill.name, "asked already"] += 1
    return None


def _finished(
    subject: Subject, skill: Skill, number: int, draft: Draft, rng: np.random.Generator
) -> Question:
    trajectory = subject.trajectory
    places = range(len(subject.frames)) if draft.frames is None else draft.frames
    options, letter = (), ""
    if draft.wrong:
        texts = (draft.answer, *draft.wrong)
        if len(set(texts)) != len(texts):
            raise ValueError(f"{skill.name}: an option comes twice in {texts}")
        order = rng.permutation(len(texts))
        options = tuple(texts[place] for place in order)
        letter = LETTERS[options.index(draft.answer)]
    return Question(
        id=f"{trajectory.id}/{skill.name}/{number}",
        task=skill.name,
        capability=skill.capability,
        media=skill.media,
        form=skill.form,
        source=trajectory.scene.source,
        scene=trajectory.scene.name,
        trajectory=trajectory.name,
        frames=tuple(subject.frames[place].index for place in places),
        question=draft.question,
        answer=draft.answer,
        options=options,
        letter=letter,
        marks=draft.marks,
        provenance=draft.provenance | {"key": list(draft.key)},
    )


def _random(*parts: object) -> np.random.Generator:
    return generator_of(json.dumps(parts))
