"""`SampleClock` against robosuite's own observable."""

from __future__ import annotations

import pytest

from spatune.envs.libero_suites import import_libero
from spatune.envs.sample_clock import SampleClock


@pytest.mark.parametrize("forced", [1, 2, 3])
def test_samples_at_the_substeps_at_which_robosuite_does(forced: int) -> None:
    import_libero()
    from robosuite.utils.observables import Observable, sensor

    reads = []

    @sensor(modality="object")
    def probe(cache: dict) -> float:
        reads.append(True)
        return 0.0

    stock = Observable("probe", probe, sampling_rate=20)
    clock = SampleClock(1.0 / 20, 0.002)
    stock.reset()
    clock.reset()
    for _ in range(forced):
        stock.update(0.002, {}, force=True)
        assert clock.tick(force=True)
    for _ in range(25 * 400):
        reads.clear()
        stock.update(0.002, {})
        assert clock.tick() == bool(reads)
