"""When robosuite's sensors take their sample within a control period."""

from __future__ import annotations


class SampleClock:
    """Replays the timer of robosuite 1.4's observables, including its floating-point phase.

    All observables of an environment share one period, so one clock tells for all of them at which
    physics substep they are read. The phase depends on how many forced updates came first.
    """

    def __init__(self, period: float, substep: float) -> None:
        """Start a clock; `period` and `substep` are in seconds of simulated time."""
        self._period = period
        self._substep = substep
        self._since = 0.0
        self._sampled = False

    def reset(self) -> None:
        """Zero the timer, as an environment reset does; a pending sample stays pending."""
        self._since = 0.0

    def tick(self, *, force: bool = False) -> bool:
        """Advance by one substep; True when sensors are read now."""
        self._since += self._substep
        due = force or (not self._sampled and self._period >= self._since)
        if due:
            self._sampled = True
        if self._since >= self._period:
            due = due or not self._sampled
            self._since %= self._period
            self._sampled = False
        return due
