"""`run_eval`: asks a model a benchmark's questions and writes the run directory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from ..errors import SpatuneError
from ..evaluation.atomic import write_atomically
from ..evaluation.store import EpisodeStore
from ..evaluation.versions import installed_versions
from ..progress import Progress
from .answers import AnswerLine, AnswerLog, Ask
from .asker import Asker, load_vlm
from .config import EvalSpatialConfig
from .modes import compare_modes
from .outcome import Outcome
from .pictures import PictureLoader, pictures_sha256
from .plan import SpatialPlan, make_plans
from .report import SpatialReport

if TYPE_CHECKING:
    from ..agent.vlm import SpatialVLM
    from .media import Images

ANSWERS_FILE, MODEL_FILE = "answers.jsonl", "model.json"


def run_eval(config: EvalSpatialConfig) -> tuple[SpatialReport, ...]:
    """Ask what is not yet answered, score everything, write `report.json`, print the table.

    Args:
        config: The arguments of `spatune eval spatial`.

    Returns:
        A report a mode.

    Raises:
        SpatuneError: An argument, the data or the model is wrong, or the run directory holds
            another run.
    """
    models = Models(config)
    console = Console()
    reports = []
    for plan in make_plans(config):
        report = run_plan(plan, models)
        console.print(report.table())
        path = plan.directory / "report.json"
        console.print(f"report: {path}", soft_wrap=True, highlight=False)
        reports.append(report)
    if len(reports) > 1:
        console.print(compare_modes(reports, reports[0].plan.directory.parent))
    return tuple(reports)


def run_plan(plan: SpatialPlan, models: Models) -> SpatialReport:
    """Ask what is not yet answered, score everything and write `report.json`.

    Args:
        plan: What is asked.
        models: Where the model comes from when a question is pending.

    Raises:
        SpatuneError: The model is wrong, or the run directory holds another run.
    """
    with EpisodeStore(plan.directory, plan.identity) as store:
        with AnswerLog(plan.directory / ANSWERS_FILE) as log:
            _ask(plan, log, models)
            log.finalise()
        model = _read_model(plan.directory / MODEL_FILE)
        versions = installed_versions()
        outcome = Outcome.of(plan, log.answers)
        backend = f"torch-{plan.device.partition(':')[0]}-{plan.precision}"
        store.records = outcome.records(plan, log.answers, backend, versions)
        store.finalise()
    report = SpatialReport.of(plan, log.answers, outcome, model, versions)
    report.write()
    return report


class Models:
    """Loads a model when the first question is pending, and once for all runs that ask it.

    Args:
        config: Which model; runs that share this object differ in other arguments only.
    """

    def __init__(self, config: EvalSpatialConfig) -> None:
        self._config = config
        self._vlm: SpatialVLM | None = None

    def asker(self, plan: SpatialPlan) -> Asker:
        """The model as a plan asks it."""
        if self._vlm is None:
            config = self._config
            self._vlm = load_vlm(
                config.vlm, config.revision, config.trust_remote_code, plan.device, plan.precision
            )
        return Asker.of(self._vlm, plan.max_new_tokens, plan.mode == "blind")


@dataclass(frozen=True)
class _Batch:
    """Asks that are ready for the model; `lines` are those that cannot be shown."""

    asks: tuple[Ask, ...]
    pictures: list[Images]
    texts: list[str]
    lines: list[AnswerLine]


def _ask(plan: SpatialPlan, log: AnswerLog, models: Models) -> None:
    pending = set(log.pending(plan.asks))
    if not pending:
        return
    done = len(plan.asks) - len(pending)
    if done:
        print(f"{plan.directory}: {done} of {len(plan.asks)} answers are there", file=sys.stderr)
    # A batch is asked as a whole even if it was cut short: other company can change last bits.
    batches = [batch for batch in plan.batches if pending.intersection(batch)]
    asker: Asker | None = None
    with Progress(len(plan.asks), plan.benchmark.title, done=done) as progress:
        for batch in _prepared(plan, batches):
            known = {line.ask for line in batch.lines}
            log.append(batch.lines)
            fresh = [ask for ask in batch.asks if ask in pending]
            if fresh:
                if asker is None:
                    asker = models.asker(plan)
                    _write_model(plan, asker)
                log.append(_answers(asker, batch, pending))
            done += len(pending.intersection(known)) + len(fresh)
            progress.update(done, plan.mode)


def _answers(asker: Asker, batch: _Batch, wanted: set[Ask]) -> Iterator[AnswerLine]:
    answers = asker.ask(batch.pictures, batch.texts)
    for ask, pictures, raw in zip(batch.asks, batch.pictures, answers, strict=True):
        if ask in wanted:
            yield AnswerLine(*ask, raw, "", len(pictures), pictures_sha256(pictures))


def _prepared(plan: SpatialPlan, batches: Sequence[tuple[Ask, ...]]) -> Iterator[_Batch]:
    """The batches in order; pictures of the next are read while the model works on one."""
    loader = PictureLoader(plan.config.frames, plan.config.image_size)
    samples = {sample.id: sample for sample in plan.samples}

    def prepare(asks: tuple[Ask, ...]) -> _Batch:
        shown: list[Ask] = []
        pictures: list[Images] = []
        texts: list[str] = []
        lines: list[AnswerLine] = []
        for id, rotation in asks:
            sample = samples[id].rotated(rotation)
            try:
                pictures.append([] if plan.mode == "blind" else loader.load(sample))
            except SpatuneError as error:
                lines.append(AnswerLine(id, rotation, None, str(error), 0, ""))
                continue
            shown.append((id, rotation))
            texts.append(plan.prompt(sample))
        return _Batch(tuple(shown), pictures, texts, lines)

    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(prepare, batches[0])
        for index in range(len(batches)):
            ready = following.result()
            if index + 1 < len(batches):
                following = reader.submit(prepare, batches[index + 1])
            yield ready


def _write_model(plan: SpatialPlan, asker: Asker) -> None:
    """What is known of the model only when it is loaded; a run that is complete never loads it."""
    vlm = asker.vlm
    generation: Any = vlm.model.generation_config
    images: Any = vlm.processor.image_processor  # pyright: ignore[reportAttributeAccessIssue]
    facts = {
        "class": type(vlm.model).__name__,
        "revision": vlm.revision,
        "image_size": vlm.image_size,
        "image_processor": {
            "class": type(images).__name__,
            "size": {name: value for name, value in dict(images.size).items() if value},
            "tiles": "off: one view a picture",
        },
        "vision": asker.vision,
        "generation_config": generation.to_diff_dict(),
    }
    path = plan.directory / MODEL_FILE
    text = json.dumps(facts, indent=1, sort_keys=True, default=str) + "\n"
    if path.exists() and path.read_text() != text:
        raise SpatuneError(
            f"{plan.directory} was begun with another version of the model: choose another --out, "
            f"or give the --revision in {path.name}"
        )
    write_atomically(path, text)


def _read_model(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"vision": "nothing: no question could be shown"}
    return json.loads(path.read_text())
