"""`MindCube`: MindCube (arXiv 2506.21458), what a scene is like from views that are not shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ..benchmark import Scored, Variant, mean_score
from ..rows import Row, text_field
from ..sample import Sample
from .letter_benchmark import ANSWER_BY_LETTER, LetterBenchmark, embedded_options, truth_letter
from .row_benchmark import row_media

SETTINGS = ("around", "rotation", "translation", "among")
"""What the id of a row begins with; the published groups are among, around and rotation."""

_MARKED = re.compile(r"([A-E])\.")
_SECTION = re.compile(r"<Answer>(.*?)(?:<|$)", re.DOTALL)
_IN_SECTION = (r"[Mm]y answer is ([A-E])", r"[Tt]he answer is ([A-E])", r"\b([A-E])\b")
_ANYWHERE = (
    r"([A-E])(?:$|\s)",
    r"[*\"]([A-E])[*\"]",
    r"\bAnswer:?\s*([A-E])\b",
    r"answer is ([A-E])",
)
"""The published order of patterns, without those that an earlier one covers."""
_LONE = re.compile(r"\b([A-E])\b")


class MindCube(LetterBenchmark):
    """Rows {id, question, input_prompt?, images, gt_answer, category}."""

    name = "mindcube"
    title = "MindCube"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "official",
            prompt="input_prompt",
            extractor="letter-and-full-stop",
            scoring="accuracy",
            summary="The row's own prompt, and the benchmark's order of patterns.",
        ),
        Variant(
            "question",
            prompt="question",
            extractor="robust",
            scoring="accuracy",
            summary="The question alone, with the wish for a letter.",
        ),
    )
    max_new_tokens = 512

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row; its category is the setting that its id names."""
        name = text_field(row, "id", where)
        text = text_field(row, "question", where)
        question, options = embedded_options(text, ".")
        media, skip = row_media(row, ("images",), where, folder)
        truth = truth_letter(text_field(row, "gt_answer", where), options, where, "gt_answer")
        return Sample(
            id=name,
            benchmark=self.name,
            category=setting_of(name),
            scene="",
            question=question,
            options=options,
            truth=truth,
            form="choice" if options else "text",
            media=media,
            extra={"input_prompt": row.get("input_prompt"), "text": text, "options": options},
            skip=skip,
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """The row's `input_prompt` with the options in their present order, or the question."""
        shown = " ".join([sample.question, *sample.lettered])
        whole = sample.extra["input_prompt"]
        if variant.prompt == "question" or not whole:
            return f"{shown}\n{ANSWER_BY_LETTER}"
        if sample.options == sample.extra["options"]:
            return str(whole)
        return str(whole).replace(sample.extra["text"], shown)

    def letter(self, raw: str, sample: Sample) -> str | None:
        """The last letter of the first pattern that fits, `B.` first; else one of the last line."""
        section = _SECTION.search(raw)
        tries = [(_MARKED, raw)]
        if section:
            tries += [(re.compile(pattern), section[1]) for pattern in _IN_SECTION]
        tries += [(re.compile(pattern), raw) for pattern in _ANYWHERE]
        for pattern, text in tries:
            found = pattern.findall(text)
            if found:
                return found[-1]
        lines = [_LONE.search(line) for line in reversed(raw.split("\n"))]
        return next((found[1] for found in lines if found), None)

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is over all samples; one number more for each setting."""
        totals = {"overall": mean_score(scored)}
        for setting in SETTINGS:
            own = [one for one in scored if one.sample.category == setting]
            if own:
                totals[setting] = mean_score(own)
        return totals


def setting_of(name: str) -> str:
    """The setting that an id names, or `other`."""
    lower = name.lower()
    return next((setting for setting in SETTINGS if setting in lower), "other")
