"""`place_letters`: where the right options go, so that no letter is right more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..quality.outline import Outline
from ..quality.stable_hash import stable_hash
from ..questions.question import LETTERS, Question


def place_letters(outlines: Sequence[Outline], seed: int) -> Mapping[str, int]:
    """Places of the right options of one task's questions, by id.

    Among questions with the same number of options, the counts of the letters differ by at most 1;
    so they do among those with the same answer, so that a letter tells nothing about it.
    Questions that are not asked with their options get no place.
    """
    groups: dict[int, list[Outline]] = {}
    for outline in outlines:
        if outline.is_choice:
            groups.setdefault(outline.places, []).append(outline)
    places: dict[str, int] = {}
    for count, group in groups.items():
        order = sorted(group, key=lambda o: (o.answer, stable_hash(seed, "letter", o.id), o.id))
        start = stable_hash(seed, "first letter", order[0].task, count)
        places |= {outline.id: (start + turn) % count for turn, outline in enumerate(order)}
    return places


def with_right_option_at(question: Question, place: int, seed: int) -> Question:
    """The question with its right option at a place; the others in the order of a hash."""
    others = [option for option in question.options if option != question.answer]
    others.sort(key=lambda option: (stable_hash(seed, "option", question.id, option), option))
    options = (*others[:place], question.answer, *others[place:])
    return replace(question, options=options, letter=LETTERS[place])
