"""`OpenEQA`: OpenEQA (Majumdar et al. 2024), open questions about what an episode shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from ...errors import SpatuneError
from ..benchmark import Variant
from ..media import find_video
from ..rows import Row, text_field
from ..sample import Sample
from ..scores.judge import Judge, mark_score
from .row_benchmark import NO_PICTURE, RowBenchmark
from .vsi_bench import BE_BRIEF, PREFIX

EXACT = Variant(
    "exact-match",
    prompt="short",
    extractor="whole-text",
    scoring="exact match",
    summary="Not the published score: the answer must be word for word one of the right ones.",
)
JUDGED = Variant(
    "judge",
    prompt="short",
    extractor="whole-text",
    scoring="(mark - 1) / 4 of a judge",
    summary="A judge gives marks from 1 to 5; published scores have GPT-4 as the judge.",
)


class OpenEQA(RowBenchmark):
    """Rows {question_id, question, answer, extra_answers?, category, episode_history}.

    `--data` is the questions' .json; beside it lie `frames/{episode_history}/` with pictures (only
    `*-rgb.*` are shown where there are such) or `{episode_history}.mp4`.

    Without a judge only `exact-match` is there; `JudgedOpenEQA` has the published kind of score.
    """

    name = "openeqa"
    title = "OpenEQA"
    variants: ClassVar[tuple[Variant, ...]] = (EXACT,)

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        extra = row.get("extra_answers") or []
        if not isinstance(extra, list):
            raise SpatuneError(f"{where}: field 'extra_answers' is not a list")
        episode = text_field(row, "episode_history", where)
        places = (folder / "frames" / episode, folder / episode)
        media = find_video(places, ending="-rgb")
        return Sample(
            id=text_field(row, "question_id", where),
            benchmark=self.name,
            category=text_field(row, "category", where),
            scene=episode,
            question=text_field(row, "question", where),
            options=(),
            truth=text_field(row, "answer", where),
            form="text",
            media=(media,) if media else (),
            extra={"extra_answers": tuple(str(answer) for answer in extra)},
            skip="" if media else NO_PICTURE,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """Prefix, question and the wish for a short answer."""
        return "\n".join([PREFIX, sample.question, BE_BRIEF])

    def extract(self, raw: str, sample: Sample, variant: Variant) -> str | None:
        """The whole text, if there is any."""
        return raw.strip() or None

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """1 for the words of a right answer, else 0; articles and marks do not matter."""
        right = {_plain(text) for text in (sample.truth, *sample.extra["extra_answers"])}
        return float(extracted is not None and _plain(extracted) in right)


class JudgedOpenEQA(OpenEQA):
    """OpenEQA with a judge.

    Args:
        judge: A callable that gives marks, as `scores.judge.local_judge` makes.
    """

    variants: ClassVar[tuple[Variant, ...]] = (JUDGED, EXACT)

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def score(self, sample: Sample, extracted: str | None, variant: Variant) -> float:
        """(mark - 1) / 4, or the exact match; no answer is 0 without asking the judge.

        Raises:
            SpatuneError: The judge gives no mark.
        """
        if variant.name == EXACT.name:
            return super().score(sample, extracted, variant)
        if extracted is None:
            return 0.0
        others = sample.extra["extra_answers"]
        return mark_score(self.judge(sample.question, sample.truth, extracted, others))


def _plain(text: str) -> str:
    """The words in lower case, without articles and marks."""
    words = re.findall(r"\w+", text.lower())
    return " ".join(word for word in words if word not in ("a", "an", "the"))
