"""`Outline`: what sampling and statistics need of a question, small enough to keep millions."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from ...errors import SpatuneError
from ..questions.question import LETTERS, Question
from .question_files import Place
from .stable_hash import stable_hash
from .text_features import question_tokens


@dataclass(frozen=True, slots=True)
class Outline:
    """A question in short.

    Attributes:
        id: As of the question.
        place: Where the question is.
        task: As of the question.
        capability: As of the question.
        scene: As of the question.
        form: As of the question.
        answer: As of the question; empty where it is an order of things or no short text.
        options: As of the question; empty where the options are orders of the same things.
        words: Words, pairs of words and the whole of the question; empty where there are no
            `options`.
        places: Number of options.
        letter: Place of the right option, or -1 where it is not asked with its options.
        order: The things of the answer one by one, where all options are orders of the same things;
            else empty.
        asked: What is asked about which scene; equal for a question that is asked again.
        has_pictures: Whether frames are shown.
    """

    id: str
    place: Place
    task: str
    capability: str
    scene: str
    form: str
    answer: str
    options: tuple[str, ...]
    words: tuple[str, ...]
    places: int
    letter: int
    order: tuple[str, ...]
    asked: int
    has_pictures: bool

    @classmethod
    def of(cls, question: Question, place: Place) -> Outline:
        """The outline of a question that is at a place.

        Raises:
            SpatuneError: It is a choice, and its letter is not that of its answer.
        """
        is_order = is_order_choice(question.options)
        weighed = question.form == "choice" and not is_order
        short = question.form in ("choice", "number", "text") and not is_order
        return cls(
            id=question.id,
            place=place,
            task=intern(question.task),
            capability=intern(question.capability),
            scene=intern(question.scene),
            form=intern(question.form),
            answer=intern(question.answer) if short else "",
            options=() if is_order else tuple(intern(option) for option in question.options),
            words=tuple(map(intern, _words(question))) if weighed else (),
            places=len(question.options),
            letter=_letter(question),
            order=tuple(map(intern, _things(question.answer))) if is_order else (),
            asked=hash_of_asked(question),
            has_pictures=bool(question.frames),
        )

    @property
    def is_choice(self) -> bool:
        """Whether it is asked with its options; numbers are asked openly even if they have any."""
        return self.form == "choice"


def _letter(question: Question) -> int:
    if question.form != "choice":
        return -1
    options = dict(zip(LETTERS, question.options, strict=False))
    if (
        options.get(question.letter) != question.answer
        or question.options.count(question.answer) != 1
    ):
        raise SpatuneError(
            f"question {question.id}: option {question.letter or '(none)'} is not its answer "
            f"{question.answer!r} alone; generate its file again"
        )
    return LETTERS.index(question.letter)


def _things(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _words(question: Question) -> list[str]:
    return [*dict.fromkeys(question_tokens(question)), question.question]


def is_order_choice(options: tuple[str, ...]) -> bool:
    """Whether all options are orders of the same things: `bed, sofa, desk`, `desk, bed, sofa`."""
    parts = [sorted(_things(option)) for option in options]
    return len(parts) > 1 and len(parts[0]) > 1 and all(part == parts[0] for part in parts)


def hash_of_asked(question: Question) -> int:
    """Equal for questions of one task about the same things of one scene (`Draft.key`).

    Some views, a pair or an image are asked about by themselves, so that the frames count too.
    """
    about = question.provenance.get("key") or question.question
    shown = () if question.media == "video" else (question.trajectory, question.frames)
    return stable_hash(question.task, question.scene, about, *shown)
