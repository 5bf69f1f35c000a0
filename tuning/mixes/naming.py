"""`without_places`: the inventory of a caption, for models that must not learn places."""

from __future__ import annotations

from dataclasses import replace

from ..questions.question import Question

QUESTION = "Which objects does this image show?"
_CAPTION = "scene_caption"


def without_places(question: Question) -> Question:
    """The first sentence of an image's caption, which names what it shows; other tasks unchanged.

    >>> from spatune.tuning.questions.question import Question
    >>> caption = "The image shows a bed and a lamp. The bed is on the left."
    >>> kind = ("scene_caption", "CR", "image", "text")
    >>> question = Question("q", *kind, "", "", "", (0,), "?", caption)
    >>> without_places(question).answer
    'The image shows a bed and a lamp.'
    """
    if question.task != _CAPTION:
        return question
    inventory = question.answer.split(". ", 1)[0].rstrip(".") + "."
    return replace(question, question=QUESTION, answer=inventory, reasoning="")
