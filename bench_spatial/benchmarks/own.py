"""`OwnBenchmark`: spatune's held-out questions on houses that no training question comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ...agent.question_wording import LETTER, OPTIONS, PREFIXES, SHORT
from ...errors import SpatuneError
from ..benchmark import Scored, Variant, category_means, mean_of, mean_score
from ..parquet_images import ParquetImage, image_ids
from ..rows import Row, list_field, text_field
from ..sample import Sample
from ..scores.extraction import to_number
from .vsi_bench import ZERO_TRUTH, VSIBench, read_answer

DATA_FOLDER = Path(__file__).parents[1] / "data" / "own"
QUESTIONS_FILE, FRAMES_FILE = "questions.jsonl", "frames.parquet"


class OwnBenchmark(VSIBench):
    """VSI-Bench's rows, wording and scores on pictures of simulated houses.

    `--data` (by default what comes with the package) is a folder with `questions.jsonl` and
    `frames.parquet` (columns `id` and `bytes`, a PNG or JPEG file each). Beside VSI-Bench's fields
    a row has `frames` (ids of its pictures, in order), `task`, `capability`, and `media` (`video`,
    or `views`, `pair`, `image`: only a video is announced as one). A row with options is a choice,
    any other asks for a number.

    The default variant asks in the words of our training data (`agent.question_wording`), which
    announce every kind of pictures. VSI-Bench's variants announce videos alone.
    """

    name = "own"
    title = "spatune held-out"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant(
            "spatune",
            prompt="spatune",
            extractor="first-word",
            scoring="mra <=",
            summary="The wording of our training data; VSI-Bench's reader and score.",
        ),
        Variant(
            "spatune-robust",
            prompt="spatune",
            extractor="robust",
            scoring="mra <=",
            summary="The same wording, but answers in sentences are read too.",
        ),
        *(variant for variant in VSIBench.variants if variant.name != "vlmevalkit"),
    )

    def load(self, data: Path) -> tuple[Sample, ...]:
        """Samples of the rows; one with a zero truth has a `skip` reason.

        Raises:
            SpatuneError: As in `Benchmark.load`, or a row names a picture that is not there.
        """
        questions = data / QUESTIONS_FILE
        if not questions.is_file():
            raise SpatuneError(f"{data} holds no {QUESTIONS_FILE}; give --data its folder")
        return super().load(questions)

    def rows(self, data: Path) -> Sequence[Row]:
        """Rows of the file, if all their pictures lie beside it.

        Raises:
            SpatuneError: As in `load`.
        """
        held = image_ids(data.with_name(FRAMES_FILE))
        rows = super().rows(data)
        for number, row in enumerate(rows, 1):
            where = f"{data}: row {number}"
            for name in list_field(row, "frames", where):
                if str(name) not in held:
                    raise SpatuneError(f"{where}: picture {name!r} is not in {FRAMES_FILE}")
        return rows

    def sample(self, row: Row, number: int, where: str, folder: Path) -> Sample:
        """The sample of a row."""
        options, truth = read_answer(row, where, choice=bool(row.get("options")))
        undefined = not options and (to_number(truth) or 0) <= 0
        dataset, scene = (text_field(row, name, where) for name in ("dataset", "scene_name"))
        frames = list_field(row, "frames", where)
        extra = {name: text_field(row, name, where) for name in ("capability", "media")}
        if extra["media"] not in PREFIXES:
            known = ", ".join(PREFIXES)
            raise SpatuneError(f"{where}: media {extra['media']!r} is none of: {known}")
        return Sample(
            id=text_field(row, "id", where),
            benchmark=self.name,
            category=text_field(row, "task", where),
            scene=f"{dataset}/{scene}",
            question=text_field(row, "question", where),
            options=options,
            truth=truth,
            form="choice" if options else "number",
            media=tuple(ParquetImage(folder / FRAMES_FILE, str(name)) for name in frames),
            extra=extra,
            skip=ZERO_TRUTH if undefined else "",
        )

    def prompt(self, sample: Sample, variant: Variant) -> str:
        """What is shown, the question, options, and the wish for a short answer, a line each."""
        media = sample.extra["media"]
        announced = media == "video" or variant.prompt == "spatune"
        lines = [*([PREFIXES[media]] if announced else []), sample.question]
        if not sample.options:
            return "\n".join([*lines, SHORT])
        return "\n".join([*lines, OPTIONS, *sample.lettered, LETTER])

    def aggregate(self, scored: Sequence[Scored], variant: Variant) -> dict[str, float | None]:
        """`overall` is the mean of the tasks' means, `mean` that of all samples.

        A capability's number is the mean of its tasks.
        """
        means = category_means(scored)
        groups: dict[str, set[str]] = {}
        for one in scored:
            groups.setdefault(one.sample.extra["capability"], set()).add(one.sample.category)
        return {
            "overall": mean_of(means.values()),
            **{name: mean_of(means[task] for task in groups[name]) for name in sorted(groups)},
            "mean": mean_score(scored),
        }
