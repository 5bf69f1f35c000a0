"""`floor`: a lower bound of a bundle's latency on a chip, by the roofline model.

Williams, Waterman, Patterson: Roofline, an insightful visual performance model (CACM 2009).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...errors import SpatuneError
from ..bundle import WHOLE, Bundle
from .chips import CHIPS, THIS_MACHINE, Chip, find_chip
from .config import FloorConfig
from .graph_costs import GraphCosts, graph_costs
from .machine import measure_machine

ESTIMATE = (
    "estimate: a lower bound from data-sheet bandwidth and peak rates, nothing was measured on "
    "these chips"
)
MEASURED = (
    "this machine: a lower bound from bandwidth and rates measured just now, the policy was not run"
)
REPEATED = "denoise"
"""Name of the stage that runs once for each denoise step."""


@dataclass(frozen=True)
class StageFloor:
    """Lower bound of one graph.

    Attributes:
        stage: Its name.
        runs: How often it runs for one chunk of actions.
        memory_ms: Weights, inputs and outputs at full bandwidth, all runs together.
        compute_ms: Operations at peak rate, all runs together.
        unfused_memory_ms: The same as `memory_ms` with all activations written and read.
        in_cache: Whether the weights fit the chip's last cache: run again and again, the graph may
            beat `memory_ms`, never `compute_ms`.
        uncounted: Operators of unknown cost, which count as none.
    """

    stage: str
    runs: int
    memory_ms: float
    compute_ms: float
    unfused_memory_ms: float
    in_cache: bool
    uncounted: tuple[str, ...]

    @property
    def ms(self) -> float:
        """The bound."""
        return max(self.memory_ms, self.compute_ms)

    @property
    def unfused_ms(self) -> float:
        """The bound for an engine that fuses nothing."""
        return max(self.unfused_memory_ms, self.compute_ms)

    @property
    def bound(self) -> str:
        """What limits it: `memory` or `compute`."""
        return "memory" if self.memory_ms >= self.compute_ms else "compute"


@dataclass(frozen=True)
class Floor:
    """Lower bounds of a bundle on a chip.

    Attributes:
        chip: Where.
        precision: Of the graphs.
        stages: One for each graph of the bundle in that precision.
    """

    chip: Chip
    precision: str
    stages: tuple[StageFloor, ...]

    @property
    def ms(self) -> float:
        """Of the whole policy; the sum of the parts if it was exported in parts only."""
        return self._whole([stage.ms for stage in self.stages])

    @property
    def unfused_ms(self) -> float:
        """Of the whole policy on an engine that fuses nothing."""
        return self._whole([stage.unfused_ms for stage in self.stages])

    @property
    def replan_hz(self) -> float:
        """Chunks of actions a second, at most."""
        return 1000 / self.ms

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        stages = [
            {**asdict(stage), "ms": stage.ms, "unfused_ms": stage.unfused_ms, "bound": stage.bound}
            for stage in self.stages
        ]
        whole = {"ms": self.ms, "unfused_ms": self.unfused_ms, "replan_hz": self.replan_hz}
        chip = {**asdict(self.chip), "rates": dict(self.chip.rates)}
        return {"chip": chip, "precision": self.precision, "stages": stages, **whole}

    def _whole(self, times: list[float]) -> float:
        names = [stage.stage for stage in self.stages]
        return times[names.index(WHOLE)] if WHOLE in names else sum(times)


def floor(bundle: Bundle, chip: Chip, precision: str, *, tf32: bool = True) -> Floor:
    """Lower bounds of a bundle's graphs on a chip.

    Args:
        bundle: The bundle.
        chip: Data-sheet or measured figures.
        precision: One that was exported.
        tf32: Whether fp32 products may run as TF32.

    Raises:
        SpatuneError: The bundle lacks the precision, or the chip does not compute in it.
    """
    return _bound(_costs(bundle, precision), chip, precision, tf32)


def floor_ms(path: Path, chip: Chip | str, *, tf32: bool = True) -> float:
    """Lower bound of one run of one ONNX file, in milliseconds.

    Args:
        path: Graph of fixed shapes.
        chip: A chip, or its name: a key of `CHIPS`, or `this-machine`.
        tf32: Whether fp32 products may run as TF32.

    Raises:
        SpatuneError: The file's costs cannot be counted, or the chip is unknown or does not compute
            in the graph's precision.
    """
    chip = _chip(chip) if isinstance(chip, str) else chip
    return _stage(path.stem, 1, graph_costs(path), chip, tf32).ms


def run_floor(config: FloorConfig) -> list[Floor]:
    """Print the bounds and write them if asked.

    Returns:
        One for each chip and precision in which the chip computes.

    Raises:
        SpatuneError: The bundle, a chip or a precision is not to be had, or no chip fits.
    """
    bundle = Bundle.load(config.bundle)
    chips = [_chip(key, config.threads) for key in dict.fromkeys(config.chip or CHIPS)]
    exported = dict.fromkeys(p for stage in bundle.stages for p in bundle.precisions(stage))
    console, floors = Console(), []
    for precision in config.precision or exported:
        costs = _costs(bundle, precision)
        table = _table(
            f"{escape(str(config.bundle))}, {precision}: least ms for a chunk of actions", costs
        )
        for chip in chips:
            missing = {
                p for _, cost in costs.values() for p in cost.products if p not in chip.rates
            }
            if missing and len(chips) > 1:
                table.add_row(chip.key, f"no {', '.join(sorted(missing))}")
                continue
            found = _bound(costs, chip, precision, config.tf32)
            floors.append(found)
            table.add_row(*_row(found))
        console.print(table)
    if not floors:
        raise SpatuneError("no chip computes in these precisions: choose another --precision")
    _explain(console, floors)
    if config.out is not None:
        _write(config.out, floors)
    return floors


def _chip(key: str, threads: int = 0) -> Chip:
    return measure_machine(threads) if key == THIS_MACHINE else find_chip(key)


def _costs(bundle: Bundle, precision: str) -> dict[str, tuple[int, GraphCosts]]:
    """Stage -> runs for one chunk, and what one run costs."""
    stages = [stage for stage in bundle.stages if precision in bundle.precisions(stage)]
    if not stages:
        bundle.graph(precision)  # raises, and names the precisions that there are
    steps = bundle.manifest["source"].get("denoise_steps") or 1
    return {
        stage: (steps if stage == REPEATED else 1, graph_costs(bundle.graph(precision, stage)))
        for stage in stages
    }


def _bound(
    costs: Mapping[str, tuple[int, GraphCosts]], chip: Chip, precision: str, tf32: bool
) -> Floor:
    stages = [_stage(name, runs, cost, chip, tf32) for name, (runs, cost) in costs.items()]
    return Floor(chip, precision, tuple(stages))


def _stage(name: str, runs: int, costs: GraphCosts, chip: Chip, tf32: bool) -> StageFloor:
    products = sum(
        flop / chip.rate(precision, tf32=tf32) for precision, flop in costs.products.items()
    )
    # Element-wise work runs on the ordinary cores beside the matrix units; two halves at a time.
    compute = max(products, costs.elementwise / (2 * chip.rates["fp32"])) / 1e9
    memory = 1 / chip.bandwidth / 1e6
    return StageFloor(
        name,
        runs,
        runs * costs.least_bytes * memory,
        runs * compute,
        runs * costs.unfused_bytes * memory,
        costs.weights <= chip.cache,
        costs.uncounted,
    )


def _table(title: str, costs: Mapping[str, tuple[int, GraphCosts]]) -> Table:
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    table.add_column("chip", no_wrap=True)
    for stage, (runs, _) in costs.items():
        name = f"{stage} x{runs}" if runs > 1 else stage
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unfused", justify="right", no_wrap=True)
    table.add_column("Hz", justify="right", no_wrap=True)
    work = list(costs.values())
    table.add_row("GFLOP", *(f"{runs * cost.flop / 1e9:.3g}" for runs, cost in work))
    table.add_row("MB", *(f"{runs * cost.least_bytes / 1e6:.3g}" for runs, cost in work))
    table.add_section()
    return table


def _row(found: Floor) -> list[str]:
    cells = []
    for stage in found.stages:
        mark = "C" if stage.bound == "compute" else "M*" if stage.in_cache else "M"
        cells.append(f"{stage.ms:.3g} {mark.ljust(2)}")
    return [found.chip.key, *cells, f"{found.unfused_ms:.3g}", f"{found.replan_hz:.0f}"]


def _explain(console: Console, floors: list[Floor]) -> None:
    for chip in {found.chip.key: found.chip for found in floors}.values():
        text = f"{chip.key}: {chip.name}, {chip.bandwidth:.4g} GB/s; {chip.note}"
        console.print(text, style="dim", markup=False, highlight=False)
    stages = [stage for found in floors for stage in found.stages]
    console.print(
        "M: memory bounds it; C: computing does; unfused: the policy if nothing is fused; "
        "Hz: replans a second"
    )
    if any(stage.in_cache and stage.bound == "memory" for stage in stages):
        console.print("*: the weights fit the chip's cache; repeated runs may be faster than this")
    uncounted = sorted({op for stage in stages for op in stage.uncounted})
    if uncounted:
        console.print(f"operators of unknown cost, counted as none: {', '.join(uncounted)}")
    for line in _origin(floors):
        console.print(line, style="bold")


def _origin(floors: list[Floor]) -> list[str]:
    measured = {found.chip.key == THIS_MACHINE for found in floors}
    return [*([ESTIMATE] if False in measured else []), *([MEASURED] if True in measured else [])]


def _write(path: Path, floors: list[Floor]) -> None:
    data = {"estimate": _origin(floors), "floors": [found.to_json() for found in floors]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1) + "\n")
    except OSError as error:
        raise SpatuneError(
            f"{path} cannot be written ({error.strerror}): name another --out"
        ) from error
