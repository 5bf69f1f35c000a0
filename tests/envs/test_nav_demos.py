"""Navigation demonstrations: the same bits however they are made, and labels of the expert."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.experts.dataset_writer import ENV_SPEC_FILE, EPISODES_FILE
from spatune.envs.experts.nav_demos import plan_nav_episodes, write_nav_demos
from spatune.envs.experts.nav_demos_config import DemosNavConfig
from spatune.envs.experts.nav_episodes import LONGEST_BURST, Detours, NavEpisodePlan
from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.envs.navigation.episode import NavEpisode
from spatune.envs.navigation.task import DONE, IMAGE_KEY, NAV_ACTIONS, STATE_LAYOUT, nav_env_spec
from spatune.envs.spec import EnvSpec
from spatune.envs.thor import ThorEnv
from spatune.errors import SpatuneError

HOUSES = house_names("train")[:2]
SIZE = 32


def config(out: Path, **changes: Any) -> DemosNavConfig:
    settings = {"houses": HOUSES, "episodes": 2, "image_size": SIZE, "workers": 1, "detour": 0.3}
    return DemosNavConfig(out=out, **{**settings, **changes})


def rows(root: Path) -> pa.Table:
    """Every column of every frame, PNG files included."""
    return pa.concat_tables(
        [parquet.read_table(file) for file in sorted((root / "data").rglob("*.parquet"))]
    )


def entries(root: Path) -> list[dict[str, Any]]:
    return json.loads((root / EPISODES_FILE).read_text())


def numbers(table: pa.Table, column: str) -> np.ndarray:
    return np.array(table[column].to_pylist()).reshape(len(table)).astype(int)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nav_demos(config(tmp_path_factory.mktemp("nav") / "demos"))


def test_a_row_is_what_a_learner_needs(demos: Path) -> None:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    data: Any = LeRobotDataset("spatune/demos", root=demos)
    assert data.fps == 5
    assert data.num_episodes == len(entries(demos)) == 8
    frame = data[0]
    assert frame[IMAGE_KEY].shape == (3, SIZE, SIZE)
    assert frame["task"] == "go to the goal"
    assert data[data.num_frames - 1]["task"].startswith("find a")
    features = data.meta.features
    assert features["observation.state"]["names"] == list(STATE_LAYOUT)
    for column in ("action", "action.executed"):
        assert features[column]["names"] == ["nav_action"]
        assert features[column]["dtype"] == "float32"
    spec = EnvSpec.from_json(json.loads((demos / ENV_SPEC_FILE).read_text()))
    assert spec == nav_env_spec(SIZE)


def test_episodes_end_with_done_and_nowhere_else_is_it_carried_out(demos: Path) -> None:
    table = rows(demos)
    labels, executed = numbers(table, "action"), numbers(table, "action.executed")
    episode = numbers(table, "episode_index")
    last = np.append(episode[1:] != episode[:-1], True)
    assert (labels[last] == DONE).all()
    assert ((executed == DONE) == last).all()
    assert 0.05 < (labels != executed).mean() < 0.4


def test_an_episode_can_be_played_again_from_its_record(demos: Path) -> None:
    table, fields = rows(demos), NavEpisode.__dataclass_fields__
    index = numbers(table, "episode_index")
    for number in (0, 7):
        entry = entries(demos)[number]
        assert entry["house_sha256"] == house_sha256_of(entry["house"])
        episode = NavEpisode.from_json({name: entry[name] for name in fields})
        mine = table.filter(pa.array(index == number))
        assert entry["steps"] == len(mine)
        env = ThorEnv(episode.task, houses=HOUSES, backend="embedded", render_every=0)
        state = env.reset(options={"episode": episode})[0]["observation.state"]
        info: dict[str, Any] = {}
        for row, action in enumerate(numbers(mine, "action.executed")):
            np.testing.assert_array_equal(state, mine["observation.state"][row].as_py())
            observation, _, _, _, info = env.step(action)
            state = observation["observation.state"]
        env.close()
        assert info["success"]


def test_a_killed_run_goes_on_with_two_workers_to_the_same_bits(
    demos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "demos"
    code = (
        "from pathlib import Path\n"
        "from spatune.envs.experts.nav_demos import write_nav_demos as write\n"
        "from spatune.envs.experts.nav_demos_config import DemosNavConfig\n"
        f"write({config(out)!r})"
    ).replace("PosixPath", "Path")
    child = subprocess.Popen([sys.executable, "-c", code])
    work = tmp_path / "demos.work"
    while child.poll() is None and len(list(work.glob("*.npz"))) < 3:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not out.exists()
    finished = {file: file.stat().st_mtime_ns for file in work.glob("*.npz")}
    assert 3 <= len(finished) < 8
    write_nav_demos(config(out, workers=2, keep_work=True))
    assert {file: file.stat().st_mtime_ns for file in finished} == finished
    assert rows(out).equals(rows(demos))
    assert entries(out) == entries(demos)


def test_an_episode_does_not_depend_on_what_else_is_made(demos: Path, tmp_path: Path) -> None:
    alone = config(tmp_path / "alone", tasks=("objectnav",), houses=HOUSES[1:])
    write_nav_demos(alone)
    known = {(e["task"], e["house"], e["number"]): e["sha256"] for e in entries(demos)}
    for entry in entries(alone.out):
        assert entry["sha256"] == known[entry["task"], entry["house"], entry["number"]]
    other = config(tmp_path / "other", tasks=("pointnav",), houses=HOUSES[:1], seed=1)
    write_nav_demos(other)
    assert not {entry["sha256"] for entry in entries(other.out)} & set(known.values())


def test_arrays_hold_the_same_episodes(demos: Path, tmp_path: Path) -> None:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    out = tmp_path / "arrays"
    write_nav_demos(config(out, tasks=("pointnav",), houses=HOUSES[:1], pictures="arrays"))
    data: Any = LeRobotDataset("spatune/demos", root=demos)
    made = rows(out)
    pictures = np.load(out / "columns" / f"{IMAGE_KEY}.npy")
    executed = np.load(out / "columns" / "action.executed.npy")
    assert pictures.shape == (len(made), SIZE, SIZE, 3)
    # Episodes of the first house and task come first in the larger data set too.
    for row in (0, len(made) - 1):
        shown = (data[row][IMAGE_KEY].permute(1, 2, 0) * 255).round().byte().numpy()
        np.testing.assert_array_equal(pictures[row], shown)
        np.testing.assert_array_equal(executed[row], data[row]["action.executed"])


def test_left_out_episodes_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = 18
    short = config(tmp_path / "short", tasks=("pointnav",), episodes=4, max_steps=steps)
    write_nav_demos(short)
    kept = len(entries(short.out))
    assert 0 < kept < 8
    assert all(entry["steps"] <= steps for entry in entries(short.out))
    said = capsys.readouterr().out
    assert f"{kept}/8 episodes, {len(rows(short.out))} frames" in said
    assert f"left out: {8 - kept} too long" in said


def test_targets_that_no_house_has_leave_nothing_to_write(tmp_path: Path) -> None:
    none = config(tmp_path / "none", tasks=("objectnav",), houses=HOUSES[:1], targets=("Desktop",))
    with pytest.raises(SpatuneError, match="solved no episode"):
        write_nav_demos(none)
    with pytest.raises(SpatuneError, match="another configuration"):
        write_nav_demos(config(tmp_path / "none", targets=("Bed",)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ("teleport",)}, "unknown task"),
        ({"houses": house_names("test")[:1]}, "unknown house of split 'train'"),
        ({"targets": ("Unicorn",)}, "unknown target"),
        ({"detour": 0.6}, "detour is 0.6"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpatuneError, match=said):
        plan_nav_episodes(config(Path("unused"), **changes))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 0.5))
def test_the_share_of_detours_is_as_asked(seed: int, share: float) -> None:
    plan = NavEpisodePlan("pointnav", HOUSES[0], 0)
    detours = Detours(share, plan.random(seed, 1))
    moves = [detours.next() for _ in range(6000)]
    away = np.array([move is not None for move in moves])
    assert abs(away.mean() - share) < 0.06
    done = {move for move in moves if move is not None}
    assert done <= {NAV_ACTIONS.index(n) for n in ("MoveAhead", "RotateLeft", "RotateRight")}


def test_bursts_are_one_to_four_moves() -> None:
    detours = Detours(0.02, np.random.default_rng(0))
    away = np.array([detours.next() is not None for _ in range(20000)])
    edges = np.diff(np.concatenate([[0], away.astype(int), [0]]))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    assert set(lengths) >= set(range(1, LONGEST_BURST + 1))
    assert (lengths <= LONGEST_BURST).mean() > 0.95
