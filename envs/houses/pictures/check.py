"""`check_houses`: are houses what their files promise? (`spatune houses check`)."""

from __future__ import annotations

from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ....errors import SpatuneError
from ....progress import Progress
from ..generation.faults import house_fault
from ..write import house_sha256
from .config import CheckHousesConfig
from .facts import HouseFacts
from .selection import HouseSource, house_sources


@dataclass(frozen=True)
class HouseReport:
    """What a check found.

    Attributes:
        name: The house.
        facts: How big it is, or None where it cannot be read.
        sha256: Its content hash, or empty where it cannot be read.
        fault: What is wrong with it, or None.
    """

    name: str
    facts: HouseFacts | None
    sha256: str
    fault: str | None


def check_houses(config: CheckHousesConfig) -> tuple[HouseReport, ...]:
    """Check every house, print a table, and complain afterwards.

    Returns:
        One report a house.

    Raises:
        SpatuneError: No such house, or at least one is wrong.
    """
    sources = house_sources(config.houses)
    reports: list[HouseReport] = []
    with Progress(len(sources), "houses", note=sources[0].name) as progress:
        for source in sources:
            reports.append(_check(source))
            progress.update(len(reports), source.name)
    Console().print(_table(reports))
    wrong = [report for report in reports if report.fault is not None]
    if wrong:
        raise SpatuneError(
            f"{len(wrong)} of {len(reports)} houses wrong, the first {wrong[0].name}: "
            f"{wrong[0].fault}"
        )
    return tuple(reports)


def _check(source: HouseSource) -> HouseReport:
    try:
        house = source.load()
        fault = house_fault(house)
    except SpatuneError as error:
        return HouseReport(source.name, None, "", str(error))
    return HouseReport(source.name, HouseFacts.of(house), house_sha256(house), fault)


def _table(reports: list[HouseReport]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("house", overflow="fold")
    for name in ("rooms", "objects", "floor m2"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("sha256", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for report in reports:
        facts, fault = report.facts, report.fault
        numbers = (
            ("-",) * 3
            if facts is None
            else (str(facts.rooms), str(facts.objects), f"{facts.floor:.1f}")
        )
        table.add_row(report.name, *numbers, report.sha256[:12] or "-", fault or "ok")
    return table
