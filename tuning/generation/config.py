"""`GenerateConfig`: the arguments of `spatune data generate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...envs.houses.assets import Split
from ...envs.thor_backends.backend import Backend
from ..scenes.subject import Thresholds


@dataclass(frozen=True)
class GenerateConfig:
    """Trajectories through scenes, with annotations, and questions about them."""

    out: Path
    """Folder of the data. A stopped run goes on where it was; more scenes, trajectories or workers
    may be asked for later."""
    source: Literal["houses", "libero", "meta-info", "annotations"] = "houses"
    """Embedded houses; tabletops of LIBERO; VSI-Bench's public scene metadata (no pictures); or a
    folder of trajectories in SIMS-V's schema."""
    data: Path | None = None
    """`meta-info`: a JSON file. `annotations`: a folder with one folder a scene."""
    split: Split = "train"
    """`houses`: whose houses and assets."""
    backend: Backend = "embedded"
    """`houses`: who draws them: the embedded simulator, AI2-THOR's Unity build, or Unity where this
    machine has it."""
    motion: Literal["orbit", "expert"] = "orbit"
    """`libero`: the camera goes around the table, or on the robot's wrist while the scripted expert
    reaches for its object, until something moves."""
    scenes: tuple[str, ...] = ()
    """Names of houses, or LIBERO suites; all (for LIBERO: libero_object, libero_spatial and
    libero_goal) when empty."""
    trajectories: int = 2
    """Trajectories a scene (SIMS-V: 2)."""
    frames: int = 32
    """Frames of a trajectory that a model is shown, spread evenly; salience is judged on these."""
    every_frame: bool = False
    """Draw and annotate the frames between them as well."""
    video: bool = False
    """Write a video (10 frames a second) of every trajectory; needs `--every-frame`."""
    depth: bool = False
    """Keep depth of the shown frames: 16-bit PNG, millimetres."""
    segmentation: bool = False
    """Keep the object index of every pixel of the shown frames: 16-bit PNG, names in
    segmentation.json."""
    skills: tuple[str, ...] = ()
    """Skills, sets (3q, vsi), capabilities (MM, SR, MR, PT, CR) or groups; all when empty."""
    per_skill: int = 5
    """Most questions of a skill on a trajectory (SIMS-V: 5)."""
    tries: int = 10
    """Draws for one question before a skill gives up on a trajectory (SIMS-V: 10)."""
    reasoning: bool = True
    """Add a derivation of the answer to questions that have one (chain of thought)."""
    width: int = 224
    """Pixels."""
    height: int = 224
    """Pixels."""
    fov: float = 59.0
    """Houses: vertical field of view, degrees."""
    horizon: float = 15.0
    """Houses: degrees that the camera looks down."""
    salient: float | None = None
    """An object counts as seen from this share of a frame's pixels on (SIMS-V: 0.05); by default
    0.02, and 0.006 for the small things on LIBERO's tables."""
    faint: float | None = None
    """Below this share in all frames it is unseen; in between its category is not asked about. By
    default 0.002, and 0.001 for LIBERO."""
    seed: int = 0
    """Everything follows from the seed, the scene and the number of the trajectory."""
    workers: int = 2
    """Processes."""
    ray: str | None = None
    """Run on Ray instead: `local`, or the address of a cluster that shares the folder OUT."""

    @property
    def thresholds(self) -> Thresholds:
        """When an object counts as seen."""
        usual = Thresholds(0.006, 0.001) if self.source == "libero" else Thresholds()
        return Thresholds(
            usual.salient if self.salient is None else self.salient,
            usual.faint if self.faint is None else self.faint,
        )
