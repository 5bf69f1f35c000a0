"""How fast the spatial data engine draws, annotates and asks on one core; memory stays flat.

Frames: a walk through a training house at 224x224 with colour, depth and object images and SIMS-V's
annotations, beside MuJoCo's own drawing and reading of the same images (the floor). Questions: all
skills that need no pixels, and the three of SIMS-V's minimal mix, on trajectories in memory.
Memory: the process after each round of walks through the same ten houses.

Usage: python benchmarks/spatial_data.py [--trajectories 40] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPEATS = 3
QUESTIONS = ("3q", "vsi", "every skill without pixels", "every skill")


def frames(rooms: int) -> dict[str, float]:
    """Frames a second in a house with that many rooms."""
    import numpy as np

    from spatune.envs.embedded.settings import Settings
    from spatune.envs.embedded.world import World
    from spatune.envs.houses.library import house_entries, load_house
    from spatune.envs.houses.renderer import Camera, HouseRenderer
    from spatune.tuning.trajectories.house_trajectory import HouseWalker, WalkCamera

    name = next(e.name for e in house_entries() if e.split == "train" and e.rooms == rooms)
    settings = WalkCamera()
    with HouseWalker(load_house(name), name, settings) as walker:
        poses = (walker.plan(0, 0) + walker.plan(1, 0))[:100]
        walker.frame(poses[0])
        rates = []
        for _ in range(REPEATS):
            clock = time.perf_counter()
            for index, pose in enumerate(poses):
                walker.frame(pose, index)
            rates.append(len(poses) / (time.perf_counter() - clock))
    world = World(load_house(name), Settings())
    renderer = HouseRenderer(world.model, settings.width, settings.height)
    floor = []
    for _ in range(REPEATS):
        clock = time.perf_counter()
        for pose in poses:
            camera = Camera((pose.x, 1.576, pose.z), (settings.horizon, pose.yaw, 0), settings.fov)
            images = renderer.render(camera, depth=True, owners=True)
            assert images.owners is not None and np.asarray(images.owners).size
        floor.append(len(poses) / (time.perf_counter() - clock))
    renderer.close()
    return {
        "frames_s": max(rates),
        "frames_s_median": statistics.median(rates),
        "drawing_alone_frames_s": max(floor),
    }


def questions(trajectories: int) -> dict[str, dict[str, float]]:
    """Questions a second from trajectories in memory, five a skill."""
    from spatune.envs.houses.library import house_names, load_house
    from spatune.tuning.questions.ask import AskSettings, ask_all
    from spatune.tuning.questions.registry import all_skills, chosen_skills
    from spatune.tuning.scenes.subject import Subject
    from spatune.tuning.trajectories.house_trajectory import HouseWalker

    walks = []
    for name in house_names("train")[:: max(1, 40 // trajectories)][:trajectories]:
        with HouseWalker(load_house(name), name) as walker:
            walks.append(walker.walk(0, 0, 32))
    sets = dict(
        zip(
            QUESTIONS,
            (
                chosen_skills(["3q"]),
                chosen_skills(["vsi"]),
                [skill for skill in all_skills().values() if not skill.needs_labels],
                list(all_skills().values()),
            ),
            strict=True,
        )
    )
    found: dict[str, dict[str, float]] = {}
    for name, skills in sets.items():
        rates, count = [], 0
        for _ in range(REPEATS):
            clock = time.perf_counter()
            count = sum(len(ask_all(Subject(w), skills, AskSettings())[0]) for w in walks)
            rates.append(count / (time.perf_counter() - clock))
        found[name] = {
            "skills": len(skills),
            "questions": count,
            "questions_s": max(rates),
            "questions_s_median": statistics.median(rates),
        }
    return found


def memory(trajectories: int) -> dict[str, list[float]]:
    """Megabytes of this process after each round through the same ten houses."""
    from spatune.envs.houses.library import house_names, load_house
    from spatune.tuning.questions.ask import AskSettings, ask_all
    from spatune.tuning.questions.registry import all_skills
    from spatune.tuning.scenes.subject import Subject
    from spatune.tuning.trajectories.house_trajectory import HouseWalker

    held: list[float] = []
    names, skills = house_names("train")[::4], list(all_skills().values())
    for number in range(trajectories):
        name = names[number % len(names)]
        with HouseWalker(load_house(name), name) as walker:
            ask_all(Subject(walker.walk(number, 0, 32)), skills, AskSettings())
        if number % 10 == 9:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            held.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return {"megabytes": held}


PARTS = {
    "frames, 2 rooms": lambda count: frames(2),
    "frames, 6 rooms": lambda count: frames(6),
    "questions": lambda count: questions(min(count, 20)),
    "memory": memory,
}


def main() -> None:
    """Measure each part in a fresh process and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trajectories", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/spatial_data.json"))
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.trajectories)))
        return
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "MUJOCO_GL": os.environ.get("MUJOCO_GL", "egl"),
    }
    results = {}
    for part in PARTS:
        command = [sys.executable, __file__, "--part", part]
        command += ["--trajectories", str(options.trajectories)]
        output = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout
        results[part] = json.loads(output.splitlines()[-1])
        print(part, json.dumps(results[part], indent=1), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
