"""`load_benchmark`: benchmarks by name, each imported when it is used."""

from __future__ import annotations

from importlib import import_module

from ..errors import SpatuneError
from .benchmark import Benchmark

BENCHMARKS = {
    "3dsrbench": ".benchmarks.three_dsr_bench:ThreeDSRBench",
    "blink": ".benchmarks.blink:BLINK",
    "cv-bench": ".benchmarks.cv_bench:CVBench",
    "general": ".benchmarks.general:GeneralQA",
    "mindcube": ".benchmarks.mindcube:MindCube",
    "mmsi": ".benchmarks.mmsi:MMSIBench",
    "openeqa": ".benchmarks.openeqa:OpenEQA",
    "own": ".benchmarks.own:OwnBenchmark",
    "site": ".benchmarks.site:SITEBench",
    "spar": ".benchmarks.spar:SPARBench",
    "sunrgbd-3d": ".benchmarks.sunrgbd_3d:SunRGBD3D",
    "viewspatial": ".benchmarks.view_spatial:ViewSpatial",
    "vsi-bench": ".benchmarks.vsi_bench:VSIBench",
}
"""What `--benchmark` says -> module and class."""


def load_benchmark(name: str) -> Benchmark:
    """The benchmark of a name.

    Raises:
        SpatuneError: There is none of that name.
    """
    if name not in BENCHMARKS:
        raise SpatuneError(f"no benchmark {name!r}; choose one of: {', '.join(sorted(BENCHMARKS))}")
    module, _, noun = BENCHMARKS[name].partition(":")
    return getattr(import_module(module, __package__), noun)()
