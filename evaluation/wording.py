"""How rates, intervals and differences are written, the same in every table and page."""

from __future__ import annotations

from .intervals import wilson


def percent(share: float) -> str:
    """A share in [0, 1] in percent, with one decimal and without the sign."""
    return f"{100 * share:.1f}"


def interval_text(interval: tuple[float, float]) -> str:
    """An interval of shares, in percent."""
    low, high = interval
    return f"[{percent(low)}, {percent(high)}]"


def rate_text(successes: int, episodes: int) -> str:
    """Counts, rate and Wilson 95 % interval.

    >>> rate_text(9, 10)
    '9/10, 90.0 % [59.6, 98.2]'
    """
    if not episodes:
        return "no finished episode"
    rate, interval = percent(successes / episodes), wilson(successes, episodes)
    return f"{successes}/{episodes}, {rate} % {interval_text(interval)}"


def points_text(difference: float, interval: tuple[float, float] | None) -> str:
    """A difference of rates or scores in points (hundredths), with its interval if there is one.

    >>> points_text(-0.05, (-0.12, 0.02))
    '-5.0 [-12.0, +2.0]'
    """
    if interval is None:
        return _signed(difference)
    return f"{_signed(difference)} [{', '.join(map(_signed, interval))}]"


def _signed(share: float) -> str:
    """In points with their sign; nothing below 0.05 is called -0.0."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"
