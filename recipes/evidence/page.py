"""The tables of docs/evidence.md and README.md: rewritten between their markers, all else stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from matrix import ARMS, SEEDS, TRAININGS, VLMS, Arm, cells
from measures import METRICS, POINTS

from spatune.errors import SpatuneError
from spatune.evaluation.wording import interval_text, percent, points_text, rate_text

NOTHING = "*Not yet measured.*"
_IN_HOUSES = {"frozen": "nav", "reason": "nav-reason"}
_SUMMARISED = tuple(_IN_HOUSES)
"""Trainings of the table in README.md."""
_TABLE = re.compile(r"<!-- table: ([\w-]+) -->\n(.*?)<!-- end -->", re.DOTALL)
_MARKER = re.compile(r"<!-- (?:table: [^>]*|end) -->")

Results = Mapping[str, Any]
Tables = Mapping[str, Callable[[Results], str]]
Rows = Sequence[Sequence[str]]


def rewrite(page: str, results: Results, tables: Tables) -> str:
    """The page with these tables of these results.

    Raises:
        SpatuneError: A marker names no table or has no end, or a table stands nowhere.
    """
    names = _TABLE.findall(page)
    found = [name for name, _ in names]
    if len(_MARKER.findall(page)) != 2 * len(found):
        raise SpatuneError(
            "a table has no end, or an end no table: write '<!-- table: NAME -->' and below it "
            "'<!-- end -->'"
        )
    if sorted(found) != sorted(tables):
        raise SpatuneError(
            f"the page has the tables {', '.join(sorted(found))}; it needs "
            f"{', '.join(sorted(tables))}, each once"
        )
    return _TABLE.sub(
        lambda m: f"<!-- table: {m[1]} -->\n{tables[m[1]](results)}\n<!-- end -->", page
    )


def _figure(results: Results) -> str:
    return "![Success against VLM](evidence.png)" if results["cells"] else NOTHING


def _coverage(results: Results) -> str:
    rows = []
    for arm in ARMS.values():
        declared = sum(cell.arm == arm.name for cell in cells())
        mine = [cell for cell in results["cells"] if cell["arm"] == arm.name]
        numbers = [cell["episodes"] for cell in mine]
        span = f"{min(numbers)} to {max(numbers)}" if len(set(numbers)) > 1 else str(*numbers[:1])
        played = f"{len(mine)} of {declared}"
        asked = f"{arm.TASKS * arm.episodes}"
        rows.append((arm.title, played, span or "none", asked, str(sum(numbers))))
    head = ("arm", "cells measured, of declared", "episodes a cell", "asked for", "episodes")
    return _markdown(head, rows)


def _checks(results: Results) -> str:
    notes = [f"- {note}" for note in results["checks"]]
    for cell in results["cells"]:
        where = f"{cell['arm']}, {_policy(cell)}"
        notes += [f"- {where}: {note}" for note in cell["notes"]]
    for pair in results["comparisons"]:
        words = f"{ARMS[pair['arm']].title}, {_side(pair['first'])} and {_side(pair['second'])}"
        notes += [f"- {words}: {note}" for note in pair["notes"]]
    if not results["cells"]:
        return NOTHING
    return "\n".join(notes) or "Nothing: settings, VLMs, versions and episodes are as declared."


def _success(results: Results) -> str:
    blind = {
        (c["arm"], c["training"], c["vlm"]): rate_text(c["successes"], c["episodes"])
        for c in results["cells"]
        if c["control"] == "blind"
    }
    seeds = sorted({*SEEDS, *(seed for g in results["groups"] for seed in g["seeds"])})
    rows = []
    for group in results["groups"]:
        place = (group["arm"], group["training"], group["vlm"])
        count = group["episodes_a_seed"]
        by_seed = [_count(group["successes"].get(str(seed)), count) for seed in seeds]
        spread = group["sd_over_seeds"]
        rows.append(
            (
                ARMS[group["arm"]].title,
                TRAININGS[group["training"]].title,
                group["vlm"],
                *by_seed,
                "" if group["mean"] is None else _mean(group["mean"], group["interval"]),
                "" if spread is None else percent(spread),
                blind.get(place, ""),
            )
        )
    head = ("arm", "policy", "VLM", *(f"seed {seed}" for seed in seeds))
    return _markdown((*head, "mean %", "sd over seeds", "blind control"), rows)


def _count(successes: int | None, episodes: int) -> str:
    return "" if successes is None else f"{successes}/{episodes}"


def _mean(mean: float, interval: Sequence[float] | None) -> str:
    return percent(mean) + (f" {interval_text((interval[0], interval[1]))}" if interval else "")


def _differences(table: str) -> Callable[[Results], str]:
    def make(results: Results) -> str:
        rows = []
        for pair in results["comparisons"]:
            if pair["table"] != table:
                continue
            low, high = pair["interval"]
            seeds, more = pair["seeds"], pair["to_resolve"]
            ups = sum(one["difference"] > 0 for one in seeds.values())
            downs = sum(one["difference"] < 0 for one in seeds.values())
            spread = pair["sd_over_seeds"]
            rows.append(
                (
                    ARMS[pair["arm"]].title,
                    f"{_side(pair['first'])} → {_side(pair['second'])}",
                    f"{points_text(pair['difference'], (low, high))}",
                    ", ".join(points_text(one["difference"], None) for one in seeds.values()),
                    "" if spread is None else percent(spread),
                    f"{ups} up, {downs} down",
                    ", ".join(f"{one['mcnemar_p']:.3f}" for one in seeds.values()),
                    f"{pair['pooled']['mcnemar_p']:.3f}" if len(seeds) > 1 else "",
                    f"{more['paired_episodes']} ({more['episodes']})",
                )
            )
        head = (
            "arm",
            "from → to",
            "points",
            "by seed",
            "sd",
            "seeds",
            "p by seed",
            "pooled p",
            f"episodes for {POINTS:g} points (there are)",
        )
        return _markdown(head, rows)

    return make


def _blind(results: Results) -> str:
    rows = [
        (
            ARMS[one["arm"]].title,
            f"{TRAININGS[one['training']].title}, {one['vlm']}, seed {one['seed']}",
            points_text(one["difference"], tuple(one["difference95"])),
            f"{one['mcnemar_p']:.3f}",
            str(one["episodes"]),
        )
        for one in results["blind"]
    ]
    return _markdown(("arm", "policy", "seeing minus blind, points", "p", "episodes"), rows)


def _navigation(results: Results) -> str:
    rows = []
    for cell in results["cells"]:
        if ARMS[cell["arm"]].benchmark != "nav":
            continue
        values = [cell["metrics"].get(name) for name in METRICS]
        rows.append(
            (
                ARMS[cell["arm"]].title,
                _policy(cell),
                rate_text(cell["successes"], cell["episodes"]),
                *(_metric(value) for value in values),
            )
        )
    return _markdown(("arm", "policy", "success", "SPL", "SoftSPL"), rows)


def _metric(value: Mapping[str, Any] | None) -> str:
    if value is None or value["mean"] is None:
        return ""
    if value["bootstrap95"] is None:
        return f"{value['mean']:.3f}"
    low, high = value["bootstrap95"]
    return f"{value['mean']:.3f} [{low:.3f}, {high:.3f}]"


def _pointing(results: Results) -> str:
    found = results.get("pointing")
    if not found:
        return NOTHING
    rows = []
    for one in found["rows"]:
        median = "" if one["median_px"] is None else f"{one['median_px']:.1f}"
        near = percent(one["near"])
        near += f" {interval_text(tuple(one['near95']))}" if one["near95"] else ""
        who = one["vlm"] + ", black images" * (one["control"] == "blind")
        rows.append((who, median, near, f"{one['unreadable']}/{found['frames']}"))
    head = (
        "who",
        "median error, px",
        f"within {found['near_px']:g} px, %",
        "no point in the answer",
    )
    return _markdown(head, rows)


def _side(side: Sequence[str]) -> str:
    return f"{side[0]} {side[1]}"


def _policy(cell: Mapping[str, Any]) -> str:
    blind = ", blind" if cell["control"] == "blind" else ""
    return f"{cell['training']} {cell['vlm']}, seed {cell['seed']}{blind}"


def _variants(results: Results) -> str:
    return _markdown(("VLM", "what it is"), [(name, what) for name, what in VLMS.items()])


def _summary(results: Results) -> str:
    """Every VLM that was played with its features: how it points, and what its policies solve."""
    pointing = {
        one["vlm"]: one["near"]
        for one in results.get("pointing", {}).get("rows", ())
        if one["control"] == "none"
    }
    groups = {(g["arm"], g["training"], g["vlm"]): g for g in results["groups"]}
    shown = {*_SUMMARISED, *_IN_HOUSES.values()}
    arms = [arm for arm in ARMS.values() if any(a == arm.name and t in shown for a, t, _ in groups)]
    rows = []
    for training, vlm in product(_SUMMARISED, VLMS):
        cells = [groups.get((arm.name, _trained(training, arm), vlm)) for arm in arms]
        if not any(cells):
            continue
        points = percent(pointing[vlm]) if vlm in pointing else ""
        who = vlm + ", asked before acting" * (training == "reason")
        rows.append((who, points, *map(_solved, cells)))
    titles = (arm.title for arm in arms)
    return _markdown(("VLM", "points at the object, % of frames", *titles), rows)


def _trained(training: str, arm: Arm) -> str:
    return training if arm.benchmark == "libero" else _IN_HOUSES[training]


def _solved(group: Mapping[str, Any] | None) -> str:
    """Successes of all seeds, and their mean with its interval."""
    if group is None or group["mean"] is None:
        return ""
    counts = group["successes"].values()
    seeds = f", {len(counts)} seeds" * (len(counts) > 1)
    played = f"{sum(counts)}/{len(counts) * group['episodes_a_seed']}{seeds}"
    return f"{played}: {_mean(group['mean'], group['interval'])}"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the words of `NOTHING` where it has no row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return NOTHING
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


TABLES: Tables = {
    "variants": _variants,
    "pointing": _pointing,
    "coverage": _coverage,
    "checks": _checks,
    "figure": _figure,
    "success": _success,
    "vlm": _differences("vlm"),
    "reasoning": _differences("reasoning"),
    "tuning": _differences("tuning"),
    "tokens": _differences("tokens"),
    "blind": _blind,
    "navigation": _navigation,
}
"""What writes each table of docs/evidence.md, by the name in its marker."""
README_TABLES: Tables = {"evidence": _summary}
"""The same for README.md."""
