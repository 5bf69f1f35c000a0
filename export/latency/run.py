"""`run_latency`: the body of `spatune export latency`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ...errors import SpatuneError
from ...progress import Progress
from ..bundle import WHOLE, Bundle
from ..engines.ort import EMULATED
from ..floor.chips import Chip
from ..floor.machine import measure_machine
from ..floor.roofline import floor
from ..loading import ENGINES, TORCH_ENGINES, check_engine
from ..machine import describe_machine, export_versions
from .config import LatencyConfig
from .report import Row, write_latency
from .subject import TRAINED, Measured, Subject, measure_subject

FLOOR = (
    "the longer of two times on this machine: weights, inputs and outputs once at the bandwidth of "
    "a large copy, and all operations at the rate of a large matrix product, both measured just "
    "before. A small model whose weights stay in the cache can be faster than the first."
)
_NO_FLOOR = "none for GPUs here: `spatune export floor` estimates it from data sheets."


def run_latency(config: LatencyConfig) -> list[Row]:
    """Measure, write the report, print a table.

    Raises:
        SpatuneError: The bundle or an engine is not to be had; found before the first measurement
            as far as it can be.
    """
    bundle = Bundle.load(config.bundle)
    pairs = _pairs(config, bundle)
    own = bundle.spec.control_hz / bundle.spec.execute_steps
    hz = own if config.hz is None else config.hz
    if hz <= 0 or config.iterations < 1 or config.seconds <= 0:
        raise SpatuneError("--hz, --iterations and --seconds must be positive")
    chip = measure_machine(config.threads) if _on_cpu(config) else None
    jobs = [
        (pair, stage)
        for pair in pairs
        for stage in (bundle.stages if config.stages and pair[0] != TRAINED else (WHOLE,))
    ]
    measured: dict[tuple[str, str], dict[str, Measured]] = {}
    failed: dict[str, str] = {}
    with Progress(len(jobs), "latency") as progress:
        for (engine, precision), stage in jobs:
            subject = Subject(
                bundle=config.bundle,
                engine=engine,
                precision=precision,
                stage=stage,
                policy=config.policy,
                iterations=config.iterations,
                seconds=config.seconds,
                deadline_ms=1000 / hz,
                threads=config.threads,
                device=config.device,
            )
            note = f"{engine} {stage}"
            try:
                found = measure_subject(subject)
                measured.setdefault((engine, precision), {})[stage] = found
                note = f"{found.name} {stage} {found.timing.p50:.2f} ms"
            except SpatuneError as error:
                # An engine may be built for the whole alone; what was measured must not be lost.
                failed.setdefault(f"{engine}-{precision} {stage}", str(error))
            progress.update(progress.done + 1, note)
    rows = [
        Row(stages, _floors(bundle, chip, pair))
        for pair, stages in measured.items()
        if WHOLE in stages
    ]
    if not rows:
        raise SpatuneError(next(iter(failed.values())))
    context = {
        "policy": bundle.manifest["source"]["policy"],
        "policy_sha256": bundle.manifest["source"]["sha256"],
        "cameras": len(bundle.spec.cameras),
        "chunk_length": bundle.spec.chunk_length,
        "denoise_steps": bundle.manifest["source"]["denoise_steps"],
        "batch": 1,
        "threads": config.threads,
        "replan_hz": hz,
        "action_hz": bundle.spec.control_hz,
        "deadline_ms": 1000 / hz,
        "floor": FLOOR if chip else _NO_FLOOR,
        "machine": describe_machine(),
        "versions": export_versions(),
        "not_measured": failed,
    }
    paths = write_latency(config.out or bundle.folder / "reports", rows, context)
    console = Console()
    console.print(_table(rows))
    console.print("report: " + ", ".join(map(str, paths)), soft_wrap=True, highlight=False)
    for name, reason in failed.items():
        console.print(f"not measured: {name}: {reason}", soft_wrap=True, highlight=False)
    whole = [reason for name, reason in failed.items() if name.endswith(f" {WHOLE}")]
    if whole:
        raise SpatuneError(f"{whole[0]} (the others are in {paths[0]})")
    return rows


def _pairs(config: LatencyConfig, bundle: Bundle) -> list[tuple[str, str]]:
    pairs = []
    for engine in config.engine or ("ort-cpu",):
        check_engine(engine, (*ENGINES, TRAINED))
        wanted = config.precision or ("fp32",)
        if engine == TRAINED:
            pairs.append((engine, "fp32"))
            continue
        if engine in TORCH_ENGINES:
            known = ("fp32", "fp16", "bf16") if config.device != "cpu" else ("fp32", "bf16")
        else:
            known = bundle.precisions()
            known = [p for p in known if engine != "ort-cpu" or p not in EMULATED]
        fitting = [(engine, precision) for precision in wanted if precision in known]
        if not fitting:
            raise SpatuneError(
                f"{engine} runs this bundle in {', '.join(known)}, not in {', '.join(wanted)}"
            )
        pairs += fitting
    return pairs


def _on_cpu(config: LatencyConfig) -> bool:
    engines = config.engine or ("ort-cpu",)
    return all(e == "ort-cpu" or config.device == "cpu" and _torch(e) for e in engines)


def _torch(engine: str) -> bool:
    return engine == TRAINED or engine in TORCH_ENGINES


def _floors(bundle: Bundle, chip: Chip | None, pair: tuple[str, str]) -> dict[str, float]:
    precision = pair[1] if pair[1] in bundle.precisions() and not _torch(pair[0]) else "fp32"
    if chip is None:
        return {}
    return {stage.stage: stage.ms / stage.runs for stage in floor(bundle, chip, precision).stages}


def _table(rows: list[Row]) -> Table:
    table = Table(title="milliseconds from uint8 images to actions", box=None)
    for name in ("engine", "p50", "p90", "p99", "max", "missed", "load s", "floor"):
        table.add_column(name, justify="left" if name == "engine" else "right", no_wrap=True)
    for row in rows:
        timing, floor_ms = row.whole.timing, row.floor_ms.get(WHOLE)
        table.add_row(
            row.whole.name,
            *(f"{value:.2f}" for value in (timing.p50, timing.p90, timing.p99, timing.largest)),
            f"{100 * timing.missed:.1f} %",
            f"{row.whole.load_s:.1f}",
            "-" if floor_ms is None else f"{floor_ms:.2f}",
        )
    return table
