"""`reasoned`: a question with a derivation of its answer, where there is one."""

from __future__ import annotations

from dataclasses import replace

from ..questions.question import Question
from ..questions.skill import Unsuitable
from ..reasoning.derive import derive
from ..scenes.subject import Subject


def reasoned(subject: Subject, question: Question) -> Question:
    """The question with `reasoning` where a derivation leads to the answer; else as it was."""
    if question.reasoning:
        return question
    try:
        return replace(question, reasoning=derive(subject, question))
    except Unsuitable:
        return question
