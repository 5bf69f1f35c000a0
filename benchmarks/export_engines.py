"""How fast the embedded policy acts, from uint8 images to actions: torch, compiled, and exported.

Every engine runs in a process of its own, in turns, and every turn gives a median; the ratio is
that of the medians over the turns:

    python benchmarks/export_engines.py [turns] [bundle]

Output goes to `benchmarks/results/export_engines.json`. A bundle is exported first if none is
given; its calibration plays LIBERO for half a minute.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from spatune.export.bundle import Bundle
from spatune.export.config import ExportConfig
from spatune.export.latency.subject import TRAINED, Subject, measure_subject
from spatune.export.machine import describe_machine, export_versions
from spatune.export.write import write_bundle

RESULTS = Path(__file__).parent / "results" / "export_engines.json"
ENGINES = (
    (TRAINED, "fp32", "the policy as trained, torch eager"),
    ("torch-eager", "fp32", "its graph of fixed shape, torch eager"),
    ("torch-compile", "fp32", "the graph, torch.compile"),
    ("ort-cpu", "fp32", "the bundle, ONNX Runtime"),
    ("ort-cpu", "int8", "the bundle, ONNX Runtime, int8"),
)
CALLS, SECONDS = 100, 20.0


def main() -> None:
    """Measure in turns, print a table, write the results."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder) / "bundle"
        if len(sys.argv) <= 2:
            write_bundle(ExportConfig(bundle, precision=("int8",)))
        spec = Bundle.load(bundle).spec
        deadline = 1000 * spec.execute_steps / spec.control_hz
        medians: dict[str, list[float]] = {label: [] for *_, label in ENGINES}
        for turn in range(turns):
            for engine, precision, label in ENGINES:
                found = measure_subject(
                    Subject(
                        bundle=bundle,
                        engine=engine,
                        precision=precision,
                        stage="policy",
                        policy=None,
                        iterations=CALLS,
                        seconds=SECONDS,
                        deadline_ms=deadline,
                        threads=0,
                        device="cpu",
                    )
                )
                medians[label].append(found.timing.p50)
                print(f"turn {turn + 1}: {found.timing.p50:8.2f} ms  {label}", flush=True)
    middle = {label: statistics.median(values) for label, values in medians.items()}
    base, compiled = (middle[ENGINES[i][2]] for i in (0, 2))
    print(f"\n{'median ms':>10} {'x eager':>8} {'x compile':>10}")
    for label, value in middle.items():
        print(f"{value:10.2f} {base / value:8.2f} {compiled / value:10.2f}  {label}")
    found = {
        "medians_ms": medians,
        "faster_than_eager": {label: base / value for label, value in middle.items()},
        "faster_than_compile": {label: compiled / value for label, value in middle.items()},
        "machine": describe_machine(),
        "versions": export_versions(),
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
