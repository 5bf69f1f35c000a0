"""`RewardedQuestions`: training rows as prompts, pictures and rewards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...agent.question_wording import LETTER, LETTER_AND_TEXT, SHORT, THINK, THINK_LETTER
from ...errors import SpatuneError
from ..rewards.answer_part import answer_part
from ..rewards.reward import ACCURACIES, Reward, reward
from ..samples.pictures import PictureCache
from ..samples.read import read_rows
from ..samples.row import TrainingRow

if TYPE_CHECKING:
    from .config import GrpoConfig

VST_SYSTEM = (
    "You are a helpful assistant. You should first think about the reasoning process in the mind "
    "and then provide the user with the answer. The reasoning process is enclosed within <think> "
    "</think> tags, i.e. <think> reasoning process here </think> answer here."
)
"""The system turn with which VST (arXiv:2511.05491) asks for reasoning."""

_CLOSINGS = {LETTER: THINK_LETTER, LETTER_AND_TEXT: THINK_LETTER, SHORT: THINK}
# A truth earns half where reasoning is asked for and all where it is not; less only if it cannot be
# read, or is a box that overlaps nothing.
_LEAST_TRUTH = 0.99


class RewardedQuestions:
    """Questions of a training run.

    Methods:
        read: From data on disk.
        example: What a trainer needs of one question.
        rewards: What completions earn.
        order: Which questions are asked when.

    Args:
        rows: All questions.
        config: How to ask and to reward.
    """

    def __init__(self, rows: Sequence[TrainingRow], config: GrpoConfig) -> None:
        self.rows, self._config = rows, config
        self._pixels = PictureCache()

    @classmethod
    def read(cls, config: GrpoConfig) -> RewardedQuestions:
        """The questions of `config.data`.

        Raises:
            SpatuneError: Nothing is there, or rows have no picture, no answer or no reward; it
                counts these.
        """
        rows = read_rows(config.data, video_frames=config.video_frames)
        _refuse(rows)
        return cls(rows, config)

    def order(self, count: int) -> list[int]:
        """Places of the first `count` questions: all of them in random order, then all again."""
        generator = np.random.default_rng(self._config.seed)
        rounds = -(-count // len(self.rows))
        places = [generator.permutation(len(self.rows)) for _ in range(rounds)]
        return np.concatenate(places)[:count].tolist()

    def example(self, place: int) -> dict[str, Any]:
        """Conversation (`prompt`), PIL pictures (`images`) and `place` of a question."""
        from PIL import Image

        row = self.rows[place]
        content = [
            {"type": "image"} if part is None else {"type": "text", "text": part}
            for part in self._asked(row)
        ]
        prompt: list[dict[str, Any]] = [{"role": "user", "content": content}]
        system = self._config.system
        if self._config.thinking and self._config.think_prompt == "vst":
            system = f"{system} {VST_SYSTEM}".strip()
        if system:
            prompt.insert(0, {"role": "system", "content": [{"type": "text", "text": system}]})
        images = [Image.fromarray(self._pixels[picture]) for picture in row.pictures]
        return {"place": place, "prompt": prompt, "images": images}

    def rewards(self, places: Sequence[int], texts: Sequence[str]) -> list[Reward]:
        """What each completion of the question at its place earns."""
        relaxed = self._config.number_reward == "relaxed"
        return [
            reward(row.form, _truth(row), text, self._config.thinking, relaxed=relaxed)
            for row, text in zip((self.rows[p] for p in places), texts, strict=True)
        ]

    def _asked(self, row: TrainingRow) -> list[str | None]:
        parts = list(row.parts)
        if not self._config.thinking or self._config.think_prompt == "vst":
            return parts
        last = parts[-1] if parts else None
        if last is None:
            return [*parts, THINK]
        if "<think>" not in row.prompt:
            head, _, closing = last.rpartition("\n")
            short = closing in _CLOSINGS
            wanted = THINK_LETTER if row.form == "choice" else THINK
            parts[-1] = f"{head}\n{_CLOSINGS[closing]}" if short else f"{last}\n{wanted}"
        return parts


def _refuse(rows: Sequence[TrainingRow]) -> None:
    """Raises unless every row can be rewarded."""
    faults: Counter[str] = Counter()
    for row in rows:
        if not row.pictures:
            faults["without their pictures"] += 1
        elif not _truth(row):
            faults["with an empty answer"] += 1
        elif row.form not in ACCURACIES:
            named = f"of the form {row.form!r}" if row.form else "without a `form`"
            faults[f"{named}, which has no reward"] += 1
        elif not _is_readable(row):
            faults[f"whose answer is no {row.form}"] += 1
    if faults:
        named = "; ".join(f"{count} {fault}" for fault, count in faults.most_common())
        raise SpatuneError(
            f"{sum(faults.values())} of {len(rows)} rows cannot be rewarded: {named}; remove them "
            f"from the data (forms with a reward: {', '.join(ACCURACIES)})"
        )


def _is_readable(row: TrainingRow) -> bool:
    try:
        return reward(row.form, _truth(row), _truth(row), False).total >= _LEAST_TRUTH
    except SpatuneError:
        return False


def _truth(row: TrainingRow) -> str:
    """The right answer; LLaVA's files alone give it with its reasoning."""
    return answer_part(row.truth) or ""
