"""Success of the scripted expert on evaluation init states that were not used to tune it.

    python recipes/expert.py

Init states 10-19 of libero_spatial and libero_object served to tune the expert; 20-29 are measured.
Writes recipes/results/expert.json.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spatune.envs import LiberoEnv
from spatune.envs.experts.libero import LiberoExpert
from spatune.envs.libero_suites import task_count
from spatune.evaluation.intervals import wilson

RESULTS = Path(__file__).parent / "results" / "expert.json"
SUITES = ("libero_spatial", "libero_object")
INIT_STATES = range(20, 30)


def solve(job: tuple[str, int]) -> dict[str, Any]:
    """Success and steps of the expert on each init state of one task."""
    suite, task_id = job
    env = LiberoEnv(suite, task_id, cameras={})
    outcomes = []
    for init_index in INIT_STATES:
        env.reset_scene(0, init_index=init_index)
        success, steps = False, 0
        for action in LiberoExpert(env.privileged).actions():
            *_, success, truncated, _ = env.step(action)
            steps += 1
            if success or truncated:
                break
        outcomes.append((success, steps))
    env.close()
    return {
        "suite": suite,
        "task_id": task_id,
        "instruction": env.task.instruction,
        "successes": sum(success for success, _ in outcomes),
        "trials": len(outcomes),
        "mean_steps": round(sum(steps for _, steps in outcomes) / len(outcomes), 1),
    }


def main() -> None:
    """Measure every task, print and write the table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    jobs = [(suite, task_id) for suite in SUITES for task_id in range(task_count(suite))]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rows = []
        for row in pool.imap(solve, jobs):
            rows.append(row)
            print(
                f"{row['suite']} {row['task_id']}: {row['successes']}/{row['trials']}", flush=True
            )
    totals = {}
    for suite in SUITES:
        k = sum(row["successes"] for row in rows if row["suite"] == suite)
        n = sum(row["trials"] for row in rows if row["suite"] == suite)
        low, high = wilson(k, n)
        totals[suite] = {"successes": k, "trials": n, "wilson_95": [round(low, 4), round(high, 4)]}
        print(f"{suite}: {k}/{n} [{low:.3f}, {high:.3f}]")
    result = {
        "init_states": [INIT_STATES.start, INIT_STATES.stop - 1],
        "env_seed": 0,
        "versions": {name: version(name) for name in ("mujoco", "robosuite")},
        "totals": totals,
        "tasks": rows,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
