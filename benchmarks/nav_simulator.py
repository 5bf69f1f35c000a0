"""How fast the embedded houses are, where the time goes, and what the renderer alone costs.

Each house runs in a process of its own on one thread. An agent turns and walks about; a step is
measured with everything (colour, depth, object images, all metadata) and with colour alone. The
floor is MuJoCo's own drawing and reading of the same images from the same places, without anything
of ours around it.

Usage: python benchmarks/nav_simulator.py [--steps 300] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

SIZE = 224
_WALK = ("MoveAhead", "RotateRight", "MoveAhead", "RotateRight", "LookDown", "RotateLeft", "LookUp")


def measure(rooms: int, steps: int) -> dict[str, float]:
    """Figures of the first test house with that many rooms; run in a fresh process."""
    began = time.perf_counter()
    import numpy as np

    from spatune.envs.embedded import Simulator
    from spatune.envs.houses.library import house_entries, load_house
    from spatune.envs.houses.write import house_json

    imported = time.perf_counter()
    name = next(e.name for e in house_entries() if e.split == "test" and e.rooms == rooms)
    house = house_json(load_house(name))
    loaded = time.perf_counter()
    simulator = Simulator(SIZE, SIZE)
    simulator.step({"action": "Reset", "sceneName": "Procedural"})
    options = {"renderDepthImage": True, "renderInstanceSegmentation": True}
    simulator.step(
        {
            "action": "Initialize",
            "snapToGrid": False,
            "rotateStepDegrees": 30,
            "fieldOfView": 63.453048374758716,
            **options,
        }
    )
    simulator.step({"action": "CreateHouse", "house": house})
    started = time.perf_counter()

    def walk(arguments: dict[str, bool]) -> float:
        random = np.random.default_rng(0)
        clock = time.perf_counter()
        for _ in range(steps):
            simulator.step({"action": _WALK[random.integers(len(_WALK))], **arguments})
        return steps / (time.perf_counter() - clock)

    walk({})
    full = walk({})
    parts = _parts(simulator, steps)
    simulator.step({"action": "SetObjectFilter", "objectIds": []})
    colour = walk(dict.fromkeys(options, False))
    return {
        "objects": len(simulator.world.entities) if simulator.world else 0,
        "import_s": imported - began,
        "start_s": started - loaded,
        "full_steps_s": full,
        "rgb_steps_s": colour,
        **parts,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _parts(simulator, steps: int) -> dict[str, float]:
    """Milliseconds of the parts of a step, each alone, and the renderer's floor."""
    import numpy as np

    from spatune.envs.mujoco_api import mujoco

    renderer, world = simulator.renderer, simulator.world
    rectangle, scene, context = renderer._rectangle, renderer._scene, renderer._context
    rgb = np.empty((SIZE, SIZE, 3), np.uint8)
    depth = np.empty((SIZE, SIZE), np.float32)
    names = ("aim", "colour floor", "label floor", "render", "metadata")
    spent: dict[str, float] = dict.fromkeys(names, 0.0)

    def clock(name: str, function) -> None:
        began = time.perf_counter()
        function()
        spent[name] += time.perf_counter() - began

    def colours() -> None:
        mujoco.mjr_render(rectangle, scene, context)
        mujoco.mjr_readPixels(rgb, None, rectangle, context)

    def labels() -> None:
        for flag in renderer._id_flags:
            scene.flags[flag] = 1
        mujoco.mjr_render(rectangle, scene, context)
        mujoco.mjr_readPixels(rgb, depth, rectangle, context)
        for flag in renderer._id_flags:
            scene.flags[flag] = 0

    random = np.random.default_rng(1)
    for _ in range(steps // 3):
        simulator.step({"action": _WALK[random.integers(len(_WALK))], "renderImage": False})
        camera = world.camera
        clock("aim", lambda camera=camera: renderer._aim(camera))
        clock("colour floor", colours)
        clock("label floor", labels)
        clock(
            "render",
            lambda camera=camera: renderer.render(camera, rgb=True, depth=True, owners=True),
        )
        clock("metadata", simulator._objects)
    return {f"{name}_ms": 1000 * value / (steps // 3) for name, value in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--turns", type=int, default=3, help="best and median of so many runs")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rooms", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rooms:
        print(json.dumps(measure(arguments.rooms, arguments.steps)))
        return
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LP_NUM_THREADS": "0"}
    results = {}
    for rooms in (2, 7):
        command = [sys.executable, __file__, "--steps", str(arguments.steps), "--rooms", str(rooms)]
        runs = [
            json.loads(subprocess.run(command, env=environment, capture_output=True, check=True,
                                      text=True).stdout)
            for _ in range(arguments.turns)
        ]  # fmt: skip
        results[f"{rooms} rooms"] = _summary(runs)
    text = _table(results)
    print(text)
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=2) + "\n")


def _summary(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    names = runs[0]
    best = {
        name: (max if name.endswith("steps_s") else min)(r[name] for r in runs) for name in names
    }
    middle = {name: sorted(r[name] for r in runs)[len(runs) // 2] for name in names}
    return {"best": best, "median": middle}


def _table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    columns = list(results)
    lines = [f"{'best (median) of runs':28}" + "".join(f"{name:>22}" for name in columns)]
    for name in results[columns[0]]["best"]:
        cells = [
            f"{results[c]['best'][name]:.1f} ({results[c]['median'][name]:.1f})" for c in columns
        ]
        lines.append(f"{name:28}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
