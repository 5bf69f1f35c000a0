"""`reasoned`: a question with a derivation of its answer, where there is one."""

from __future__ import annotations

from dataclasses import replace

from ..questions.question import Question
from ..questions.skill import Unsuitable
from ..reasoning.bev import BirdsEyeView
from ..reasoning.derive import derive
from ..scenes.subject import Subject


class Reasoner:
    """Adds derivations to the questions of one subject.

    Args:
        subject: What they are about.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._plan = ""

    def reasoned(self, question: Question) -> Question:
        """The question with the plan and the steps that lead to its answer; else as it was."""
        if question.reasoning:
            return question
        try:
            steps = derive(self._subject, question)
        except Unsuitable:
            return question
        if not steps:
            return question
        self._plan = self._plan or BirdsEyeView.of(self._subject).text()
        return replace(question, reasoning=f"{self._plan}\n{steps}")
