"""Draws the stored navigation episodes of the validation and test houses.

Each is played once by the expert: its number of steps is stored, and an episode that it does not
solve is drawn anew (the closing line says how many).

Usage: python recipes/nav/episodes.py [--episodes 10] [--only objectnav-test ...]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from spatune.envs.experts.navigation import NavExpert
from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.envs.navigation.episode import NavEpisode, episodes_json
from spatune.envs.navigation.sampling import sample_episode
from spatune.envs.navigation.task import NAV_TASKS
from spatune.envs.thor import ThorEnv
from spatune.progress import Progress

OUT = Path(__file__).resolve().parents[2] / "envs" / "navigation" / "data"
SPLITS = ("val", "test")


def expert_steps(env: ThorEnv, expert: NavExpert, episode: NavEpisode) -> int | None:
    """Actions that the expert needs, Done included; None where it fails."""
    env.reset(options={"episode": episode})
    while True:
        _, reward, terminated, truncated, info = env.step(expert.action())
        if terminated or truncated:
            return int(info["steps"]) if reward else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    for task_number, task in enumerate(NAV_TASKS):
        for split_number, split in enumerate(SPLITS):
            name = f"{task}-{split}"
            if arguments.only and name not in arguments.only:
                continue
            env = ThorEnv(task, split=split, backend="embedded", image_size=224, render_every=0)
            expert, kept, dropped = NavExpert(env), [], 0
            names = house_names(split)
            with Progress(len(names) * arguments.episodes, name) as progress:
                for house_number, house in enumerate(names):
                    random = np.random.default_rng([task_number, split_number, house_number])
                    env.enter(house)
                    here = 0
                    while here < arguments.episodes:
                        episode = sample_episode(
                            env.guide, task, house, house_sha256_of(house), random
                        )
                        steps = expert_steps(env, expert, episode)
                        if steps is None:
                            dropped += 1
                            continue
                        kept.append(replace(episode, optimal_steps=steps))
                        here += 1
                        progress.update(len(kept), f"{dropped} dropped")
            env.close()
            (OUT / f"{name}.json").write_text(episodes_json(kept))
            print(f"{name}: {len(kept)} episodes, {dropped} not solved by the expert")


if __name__ == "__main__":
    main()
