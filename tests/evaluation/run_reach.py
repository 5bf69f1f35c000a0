"""Run the reach environment as a program of its own, so that a test can kill it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from reach_env import SeekPolicy  # noqa: E402

from spatune.evaluation import (  # noqa: E402
    EngineOptions,
    EnvFactory,
    EpisodeKey,
    EpisodeStore,
    Lane,
    run_lanes,
)

KEYS = tuple(
    EpisodeKey("reach", "plain", task, init, env_seed=7 + init)
    for task in range(3)
    for init in range(4)
)


def main(out: str, workers: int, step_seconds: float, timeout_s: float) -> None:
    """Play all keys into `out`."""
    # A test run in the background of a shell ignores Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    factory = EnvFactory(f"{HERE / 'reach_env.py'}:ReachEnv", {"step_seconds": step_seconds})
    with EpisodeStore(out, {"seed": 0}) as store:
        run_lanes(
            [Lane("none", SeekPolicy(), store, KEYS)],
            factory,
            EngineOptions(workers=workers, timeout_s=timeout_s),
        )


if __name__ == "__main__":
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else EngineOptions.timeout_s
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), seconds)
