"""The declared matrix of the ablation: which policy is played where, by which control, how often.

    python recipes/evidence/matrix.py        # print it

A policy's folder name says its training, its VLM and its training seed. Cells whose policy does not
exist yet, or is never trained, stay unmeasured and are shown as such; nothing here is a result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

EPISODES_AN_HOUR = {"libero": 860, "nav": 1300}
"""On two cores. libero: measured with the embedded policy (docs/evaluation.md). nav: 19 PointNav
episodes of the embedded policy and its blind control, played by `evaluate.py` in 52 s, start
included, while other work shared the cores. A policy that answers before it acts, or whose VLM is
larger, is slower; `evaluate.py` prints what it measures."""

SEEDS = (0, 1, 2)

VLMS = {
    "random": "random weights, vision tower included",
    "imagenet": "ImageNet vision tower, untrained language model",
    "caption": "the same start, tuned to name things alone: the untuned twin, equally many steps",
    "sft": "spatially tuned on questions and answers",
    "cot": "then with derivations",
    "grpo": "then with rewards",
}
"""What the policy reads its features from; `recipes/tiny` makes them in this order."""

Benchmark = Literal["libero", "nav"]
Control = Literal["none", "blind"]


@dataclass(frozen=True)
class Arm:
    """Where policies are played.

    Attributes:
        name: Folder of its runs.
        title: In words.
        benchmark: `libero` or `nav`.
        suite: LIBERO suite, or navigation task.
        perturbation: As in `spatune eval libero --perturb`.
        episodes: Episodes a task (navigation: a house) that the ablation asks for.
        stored: Episodes a task that exist. A run directory is made for all of them, so `episodes`
            can be raised later; what is played of them are the first ones.
        blind: Whether the policies of training seed 0 are also played with black images.
    """

    name: str
    title: str
    benchmark: Benchmark
    suite: str
    perturbation: str = "none"
    episodes: int = 10
    stored: int = 50
    blind: bool = False

    TASKS = 10
    """Tasks of every suite here, and houses of the test split."""

    @property
    def minutes(self) -> float:
        """Expected minutes of one cell on two cores."""
        return 60 * self.TASKS * self.episodes / EPISODES_AN_HOUR[self.benchmark]


LIBERO_ARMS = (
    Arm("libero_spatial", "libero_spatial", "libero", "libero_spatial", blind=True),
    Arm("libero_goal", "libero_goal", "libero", "libero_goal", blind=True),
    Arm("pro-object", "LIBERO-PRO: other objects", "libero", "libero_spatial", "pro:object", 5),
    Arm("pro-swap", "LIBERO-PRO: objects swapped", "libero", "libero_spatial", "pro:swap", 5),
    Arm("camera", "camera moved", "libero", "libero_spatial", "camera:1", 5),
    Arm("start", "robot starts elsewhere", "libero", "libero_spatial", "start:1", 5),
    Arm("libero_object", "libero_object", "libero", "libero_object", episodes=5, blind=True),
)
NAV_ARMS = (
    Arm("objectnav", "ObjectNav, test houses", "nav", "objectnav", stored=10, blind=True),
    Arm("pointnav", "PointNav, test houses", "nav", "pointnav", stored=10, blind=True),
)
ARMS = {arm.name: arm for arm in (*LIBERO_ARMS, *NAV_ARMS)}


@dataclass(frozen=True)
class Training:
    """How policies were trained.

    Attributes:
        name: In tables and result files.
        title: In words.
        prefix: What their folders' names start with; `<prefix>-<vlm>-seed<k>` is the whole.
        arms: Where they are played.
        seeds: Training seeds that are asked for.
    """

    name: str
    title: str
    prefix: str
    arms: tuple[Arm, ...] = LIBERO_ARMS
    seeds: tuple[int, ...] = SEEDS

    def policy(self, vlm: str, seed: int) -> str:
        """Name of a policy's folder."""
        return f"{self.prefix}-{vlm}-seed{seed}"


TRAININGS = {
    training.name: training
    for training in (
        Training("frozen", "VLM frozen", "frozen"),
        Training("reason", "VLM frozen, asked before acting", "reason"),
        Training("tuned-language", "VLM tuned with the policy, vision frozen", "tuned-language"),
        Training("tuned-free", "VLM tuned with the policy, vision too", "tuned-free"),
        Training("tokens", "action tokens of the VLM (VST's head)", "tokens", seeds=(0,)),
        Training("nav", "navigation, VLM frozen", "nav", NAV_ARMS),
        Training("nav-reason", "navigation, asked before acting", "nav-reason", NAV_ARMS),
    )
}


@dataclass(frozen=True, order=True)
class Cell:
    """One policy on one arm, by itself or as its blind control."""

    arm: str
    training: str
    vlm: str
    seed: int
    control: Control = "none"

    @property
    def policy(self) -> str:
        """Name of the policy's folder."""
        return TRAININGS[self.training].policy(self.vlm, self.seed)

    @property
    def run(self) -> str:
        """Its run directory, relative to the folder of all runs; what `--only` is matched with."""
        return f"{self.arm}/{self.policy}{'' if self.control == 'none' else '-blind'}"


Side = tuple[str, str]
"""Training and VLM."""


@dataclass(frozen=True)
class Comparison:
    """Two groups of policies whose runs are compared on shared episodes, second minus first.

    Attributes:
        table: Table of the page in which it stands.
        first: Training and VLM.
        second: Training and VLM.
    """

    table: str
    first: Side
    second: Side


STEPS = (
    ("random", "imagenet"),
    ("imagenet", "caption"),
    ("random", "caption"),
    ("caption", "sft"),
    ("sft", "cot"),
    ("cot", "grpo"),
    ("caption", "grpo"),
    ("random", "sft"),
)
"""VLMs that are compared under every training; caption against sft is the question."""
FACTORS = (
    ("reasoning", "frozen", "reason"),
    ("reasoning", "nav", "nav-reason"),
    ("tuning", "frozen", "tuned-language"),
    ("tuning", "frozen", "tuned-free"),
    ("tuning", "tuned-language", "tuned-free"),
    ("tokens", "frozen", "tokens"),
)
"""Table and trainings that are compared for every VLM."""


def cells() -> tuple[Cell, ...]:
    """Every declared cell."""
    found = []
    for training in TRAININGS.values():
        for arm in training.arms:
            for vlm in VLMS:
                found += [Cell(arm.name, training.name, vlm, seed) for seed in training.seeds]
                if arm.blind:
                    found.append(Cell(arm.name, training.name, vlm, training.seeds[0], "blind"))
    return tuple(found)


def cell_of(run: str) -> Cell | None:
    """The cell of a run directory `<arm>/<policy>` or `<arm>/<policy>-blind`, if it is one.

    Seeds beyond the declared ones are cells too: more of them can be trained.
    """
    arm, _, name = run.partition("/")
    match = re.fullmatch(r"(?P<prefix>[\w-]+)-(?P<vlm>[a-z]+)-seed(?P<seed>\d+)(-blind)?", name)
    if match is None or match["vlm"] not in VLMS:
        return None
    for training in TRAININGS.values():
        if training.prefix == match["prefix"] and arm in {one.name for one in training.arms}:
            control: Control = "blind" if name.endswith("-blind") else "none"
            return Cell(arm, training.name, match["vlm"], int(match["seed"]), control)
    return None


def comparisons() -> Iterator[Comparison]:
    """Every comparison that the page can show."""
    for training in TRAININGS:
        for first, second in STEPS:
            yield Comparison("vlm", (training, first), (training, second))
    for table, first, second in FACTORS:
        for vlm in VLMS:
            yield Comparison(table, (first, vlm), (second, vlm))


def main() -> None:
    """Print arms and trainings."""
    for arm in ARMS.values():
        words = f"{arm.TASKS} x {arm.episodes} episodes, {arm.minutes:.0f} min"
        more = ", blind beside it" * arm.blind
        print(f"{arm.name:16}{words}{more}")
    for training in TRAININGS.values():
        pattern = training.policy("<vlm>", 0).replace("seed0", "seed<k>")
        print(f"{training.name:16}{pattern}, seeds {', '.join(map(str, training.seeds))}")
    hours = sum(ARMS[cell.arm].minutes for cell in cells()) / 60
    print(f"{len(cells())} cells, {hours:.0f} h on two cores if every policy existed")


if __name__ == "__main__":
    main()
