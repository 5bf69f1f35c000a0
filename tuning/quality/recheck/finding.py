"""`Finding`: what a second computation says of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["agree", "in band", "disagree", "not covered"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""The worst last."""


@dataclass(frozen=True)
class Finding:
    """One comparison.

    Attributes:
        verdict: `in band`: the second value is too near a boundary to say more; `not covered`: the
            question was not understood.
        second: The second value, in words.
    """

    verdict: Verdict
    second: str

    @classmethod
    def of_choice(cls, answer: str, second: str, clear: bool, why: str = "") -> Finding:
        """Compare texts; unless `clear`, the second could as well have been another."""
        verdict: Verdict = "agree" if answer == second else "disagree"
        return cls(verdict if clear else "in band", f"{second} ({why})" if why else second)

    @classmethod
    def of_extreme(
        cls,
        answer: str,
        values: Mapping[str, float],
        differ: Callable[[float, float], bool],
        *,
        largest: bool = False,
    ) -> Finding:
        """Compare a name with the one that has the least or the largest of some values.

        Args:
            answer: The name.
            values: Values by name.
            differ: Whether two values, the lesser one first, are clearly different.
            largest: Whether the largest value is asked for.
        """
        ranked = sorted(values, key=lambda name: values[name], reverse=largest)
        text = ", ".join(f"{name} {values[name]:.3g}" for name in ranked)
        if answer not in values:
            return cls("disagree", text)
        rival = ranked[0] if answer != ranked[0] else ranked[min(1, len(ranked) - 1)]
        low, high = sorted((values[answer], values[rival]))
        if not differ(low, high):
            return cls("in band", text)
        return cls("agree" if answer == ranked[0] else "disagree", text)

    @classmethod
    def of_number(
        cls, answer: str, second: float, band: float, *, exact: float = 0.0, step: float = 0.0
    ) -> Finding:
        """Compare a rounded number with a second one.

        Args:
            answer: The number, rounded to its last digit.
            second: The other one.
            band: By how much more than rounding they may differ before they disagree.
            exact: By how much more than rounding they may differ and agree.
            step: What the answer is a rounded multiple of, if not its last digit.
        """
        step = step or 10.0 ** -len(answer.partition(".")[2])
        off = abs(float(answer) - second) - step / 2
        text = f"{second:.4g}"
        if off <= exact + 1e-9:
            return cls("agree", text)
        return cls("in band" if off <= band else "disagree", text)


class Doubt(Exception):
    """A question that has no answer by the second method; the message says why."""


class Unread(Exception):
    """A question whose wording is not known."""


def together(findings: Iterable[Finding]) -> Finding:
    """The worst of several findings, with the values that are not agreed on."""
    found: Sequence[Finding] = list(findings)
    if not found:
        raise Unread("nothing to check")
    worst = max(found, key=lambda finding: VERDICTS.index(finding.verdict)).verdict
    seconds = [finding.second for finding in found if finding.verdict == worst]
    return Finding(worst, f"{len(found)} facts" if worst == "agree" else "; ".join(seconds))
