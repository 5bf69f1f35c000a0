"""`run_parity`: the body of `spatune export parity`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ...errors import SpatuneError
from ...policies.rollout import SpatuneRollout
from ...progress import Progress
from ..bundle import WHOLE, Bundle
from ..engines.engine import Engine
from ..loading import TORCH_ENGINES, EngineLoader, check_engine
from ..machine import describe_machine, export_versions
from ..observations import INIT_STATE, OBSERVATIONS, Observations, parity_episodes
from .compare import Comparison, Reference, compare
from .config import ParityConfig
from .emulated import cpu_engine
from .report import write_parity


def run_parity(config: ParityConfig) -> list[Comparison]:
    """Compare, write the report, print a table.

    Raises:
        SpatuneError: The bundle, the policy or an engine is not to be had; or, the report being
            written, a gate was missed.
    """
    bundle = Bundle.load(config.bundle)
    pairs = _pairs(config, bundle)
    loader = EngineLoader(bundle, config.policy, device=config.device)
    observations = find_observations(bundle, loader.policy, config.observations)
    reference = Reference(bundle, loader.policy, loader.stages, observations)
    comparisons = []
    with Progress(len(pairs) * len(observations), "parity") as progress:
        for engine, precision in pairs:
            engines = {stage: _engine(loader, engine, precision, stage) for stage in loader.stages}
            name = engines[WHOLE].name
            comparisons.append(
                compare(
                    bundle,
                    reference,
                    engines,
                    precision,
                    lambda name=name: progress.update(progress.done + 1, name),
                )
            )
    context = {
        "policy": bundle.manifest["source"]["policy"],
        "policy_sha256": bundle.manifest["source"]["sha256"],
        "origins": observations.origins.tolist(),
        "machine": describe_machine(),
        "versions": export_versions(),
    }
    folder = config.out or bundle.folder / "reports"
    paths = write_parity(folder, comparisons, context)
    console = Console()
    console.print(_table(comparisons))
    console.print("report: " + ", ".join(map(str, paths)), soft_wrap=True, highlight=False)
    missed = [f"{item.engine} ({item.gate})" for item in comparisons if not item.passed]
    if missed:
        raise SpatuneError(f"parity gate missed by {', '.join(missed)}: see {paths[1]}")
    return comparisons


def find_observations(bundle: Bundle, policy: SpatuneRollout, path: Path | None) -> Observations:
    """Observations for parity: those of a file, or the bundle's own, played once.

    Raises:
        SpatuneError: The file does not fit, or the policy does not fit LIBERO.
    """
    if path is not None:
        if not path.is_file():
            raise SpatuneError(f"{path} is no file: leave --observations out to play LIBERO")
        return Observations.load(path, bundle.spec)
    kept = bundle.folder / OBSERVATIONS / "parity.npz"
    if not kept.is_file():
        suites = bundle.manifest["source"]["suites"]
        if not suites:
            raise SpatuneError(
                f"{bundle.folder} was exported for no LIBERO suite: give --observations FILE"
            )
        episodes = parity_episodes(suites)
        print(f"{kept}: playing {len(episodes)} episodes of LIBERO (a minute)", file=sys.stderr)
        Observations.collect(policy, bundle.spec, episodes, INIT_STATE).save(kept)
    return Observations.load(kept, bundle.spec)


def _pairs(config: ParityConfig, bundle: Bundle) -> list[tuple[str, str]]:
    pairs = []
    for engine in config.engine or ("ort-cpu",):
        check_engine(engine)
        if engine in TORCH_ENGINES:
            pairs += [(engine, precision) for precision in config.precision or ("fp32",)]
            continue
        precisions = config.precision or bundle.precisions()
        for precision in precisions:
            if precision == "int8-dynamic" and engine != "ort-cpu" and not config.precision:
                continue
            bundle.graph(precision)
            pairs.append((engine, precision))
    return pairs


def _engine(loader: EngineLoader, engine: str, precision: str, stage: str = WHOLE) -> Engine:
    if engine == "ort-cpu":
        return cpu_engine(loader.bundle, precision, stage)
    return loader.engine(engine, precision, stage)


def _table(comparisons: list[Comparison]) -> Table:
    table = Table(
        title="largest difference from torch fp32 in a control step, and gripper flips",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for name in ("engine", "cosine", "mm", "deg", "flips", "gate", ""):
        table.add_column(name, justify="left" if name == "engine" else "right", no_wrap=True)
    for item in comparisons:
        largest = {
            unit: max((e.largest for e in item.actions if e.unit == unit), default=0.0)
            for unit in ("mm", "deg")
        }
        flips = sum(entry.flips or 0 for entry in item.actions)
        table.add_row(
            item.engine,
            f"{item.whole.cosine:.6f}",
            f"{largest['mm']:.2g}",
            f"{largest['deg']:.2g}",
            str(flips),
            item.gate.replace("largest", "max").replace("cosine", "cos"),
            "passed" if item.passed else "[red]MISSED[/red]",
        )
    return table
