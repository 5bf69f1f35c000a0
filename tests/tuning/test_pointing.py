"""How well VLMs point, `recipes/evidence/pointing.py`: on episodes without training rows alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.tuning import DemoScenes
from spatune.tuning.grounding import inside
from spatune.tuning.grounding_rows import GroundingConfig, make_grounding_rows

from ..loaded import module_from

SCRIPT = Path(__file__).parents[2] / "recipes" / "evidence" / "pointing.py"


@pytest.fixture(scope="module")
def recipe() -> Iterator[ModuleType]:
    # It imports its neighbour by name.
    module_from(SCRIPT.with_name("one_line.py"))
    yield module_from(SCRIPT)
    for name in ("pointing", "one_line"):
        sys.modules.pop(name, None)


@pytest.fixture
def folder(demos: Path, tiny: Callable[[str], Path], tmp_path: Path) -> Path:
    """A folder of recipes/tiny with one untrained VLM; one of the two episodes is held out."""
    (tmp_path / "demos").symlink_to(demos)
    (tmp_path / "vlm").mkdir()
    (tmp_path / "vlm" / "sft").symlink_to(tiny("fastvlm"))
    make_grounding_rows(GroundingConfig(demos, tmp_path / "ground", held_out=0.5))
    return tmp_path


def test_frames_are_of_held_out_episodes_and_medians_of_the_others(
    recipe: ModuleType, folder: Path
) -> None:
    config = recipe.PointingConfig(folder, ("sft",), frames=10_000)
    found = recipe.measure_pointing(config)
    scenes = DemoScenes.load(folder / "demos")
    (held,) = json.loads((folder / "ground" / "summary.json").read_text())["held_out_episodes"]
    shown = np.array([inside(pixel) for pixel in scenes.goal_pixels[:, 0, 0]])
    ours, theirs = (scenes.goal_pixels[shown & mask, 0, 0, :2] for mask in
                    (scenes.episodes == held, scenes.episodes != held))  # fmt: skip
    assert found["frames"] == len(ours) > 0 and found["episodes"] == 1
    median, seeing, blind = found["rows"]
    off = 128 * np.linalg.norm(ours - np.median(theirs, axis=0), axis=1)
    assert median["median_px"] == pytest.approx(np.median(off), abs=0.01)
    assert median["near"] == pytest.approx(np.mean(off <= 6.4), abs=1e-4)
    assert median["unreadable"] == 0
    assert (seeing["control"], blind["control"]) == ("none", "blind")
    assert seeing["sha256"] == blind["sha256"] is not None
    assert recipe.measure_pointing(config) == found


def test_what_is_no_point_counts_as_wrong(recipe: ModuleType) -> None:
    truth = np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.1], [0.2, 0.2]])
    points = np.array([[0.5, 0.5 + 5 / 128], [np.nan] * 2, [0.1, 0.1 + 7 / 128], [0.2, 0.2]])
    found = recipe._errors(points, truth, [0, 0, 1, 1])
    assert found["median_px"] == 5.0 and found["unreadable"] == 1
    # One of two in each episode.
    assert found["near"] == 0.5 and found["near95"] == [0.5, 0.5]
    nothing = recipe._errors(np.full((4, 2), np.nan), truth, [0, 0, 1, 1])
    assert nothing["median_px"] is None and nothing["near"] == 0 and nothing["unreadable"] == 4


def test_what_is_lacking_is_named(recipe: ModuleType, folder: Path) -> None:
    with pytest.raises(SpatuneError, match="has no vlm/cot"):
        recipe.measure_pointing(recipe.PointingConfig(folder, ("sft", "cot")))
    (folder / "ground" / "summary.json").write_text('{"held_out_episodes": []}')
    with pytest.raises(SpatuneError, match="no held-out episode"):
        recipe.measure_pointing(recipe.PointingConfig(folder, ("sft",)))
