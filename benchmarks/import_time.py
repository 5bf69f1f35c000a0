"""How long `import spatune` takes in a fresh interpreter, beside the bare interpreter's start."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 20
LIMIT_S = 0.1
IMPORT = (
    "import time; start = time.perf_counter(); import spatune; print(time.perf_counter() - start)"
)


def main() -> int:
    """Print the median and the worst time (s); return 1 when the median is above the limit."""
    imports, starts = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        starts.append(time.perf_counter() - start)
        command = [sys.executable, "-c", IMPORT]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        imports.append(float(result.stdout))
    median = statistics.median(imports)
    print(f"import spatune: median {median * 1e3:.2f} ms, worst {max(imports) * 1e3:.2f} ms")
    print(f"bare interpreter: median {statistics.median(starts) * 1e3:.2f} ms")
    print(f"limit {LIMIT_S * 1e3:.0f} ms: {'kept' if median < LIMIT_S else 'EXCEEDED'}")
    return int(median >= LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
