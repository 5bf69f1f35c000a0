"""The harness of docs/evidence.md: its matrix, what it plays, its numbers, its page."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spatune.errors import SpatuneError
from spatune.evaluation import EngineOptions, EnvFactory, EpisodeKey, EpisodeStore

from ..episode_records import episode_record
from ..loaded import module_from

RECIPE = Path(__file__).parents[2] / "recipes" / "evidence"
REACH = Path(__file__).parents[1] / "evaluation" / "reach_env.py"
TASKS, INITS = 4, 5


@pytest.fixture(scope="module")
def recipe() -> Iterator[SimpleNamespace]:
    """The recipe's modules; they import each other by name, in this order."""
    names = ("one_line", "matrix", "measures", "figure", "page", "evaluate", "collect")
    found = {name: module_from(RECIPE / f"{name}.py") for name in names}
    yield SimpleNamespace(**found)
    for name in names:
        sys.modules.pop(name, None)


def write_run(runs: Path, cell: str, solved: np.ndarray, **changes) -> None:
    """A run directory with (task, init) outcomes, one line a record."""
    control = "blind" if cell.endswith("-blind") else "none"
    lines = ""
    for task, init in np.ndindex(*solved.shape):
        key = EpisodeKey("libero", "libero_spatial", task, init, env_seed=7 + init)
        steps = 50 if solved[task, init] else None
        lines += episode_record(task, init, steps, key=key, control=control, **changes).to_line()
    (runs / cell).mkdir(parents=True)
    (runs / cell / "episodes.jsonl").write_text(lines)
    (runs / cell / "config.json").write_text('{"protocol": "paired", "policy_sha256": "0"}')


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three seeds of caption and sft on libero_spatial, with a blind control."""
    rng = np.random.default_rng(0)
    for seed in range(3):
        for vlm, rate in (("caption", 0.4), ("sft", 0.8)):
            solved = rng.random((TASKS, INITS)) < rate
            write_run(tmp_path / "runs", f"libero_spatial/frozen-{vlm}-seed{seed}", solved)
    blind = rng.random((TASKS, INITS)) < 0.1
    write_run(tmp_path / "runs", "libero_spatial/frozen-sft-seed0-blind", blind)
    return tmp_path / "runs"


@pytest.fixture
def collect(recipe: SimpleNamespace, tmp_path: Path) -> Callable[[Path], dict]:
    """Collects into a copy of the page."""
    page, readme = tmp_path / "evidence.md", tmp_path / "README.md"
    page.write_text((RECIPE.parents[1] / "docs" / "evidence.md").read_text())
    readme.write_text((RECIPE.parents[1] / "README.md").read_text())

    def run(runs: Path) -> dict:
        config = recipe.collect.CollectConfig(
            runs, tmp_path / "results.json", page, readme, tmp_path / "evidence.png"
        )
        return recipe.collect.collect(config)

    return run


def outcomes(runs: Path, cell: str) -> dict[tuple[int, int], bool]:
    """Success by task and init state, straight from the file."""
    lines = (runs / cell / "episodes.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return {(row["key"]["task_id"], row["key"]["init_index"]): row["success"] for row in rows}


def test_every_declared_cell_is_found_again_by_its_run_directory(recipe) -> None:
    cells = recipe.matrix.cells()
    assert len({cell.run for cell in cells}) == len(cells)
    for cell in cells:
        assert recipe.matrix.cell_of(cell.run) == cell
    for run in ("libero_spatial/frozen-other-seed0", "objectnav/frozen-sft-seed0", "x"):
        assert recipe.matrix.cell_of(run) is None


def test_every_arm_can_be_planned_with_all_its_stored_episodes(recipe, tmp_path: Path) -> None:
    """The suites, perturbations and stored episodes that the matrix names exist."""
    config = recipe.evaluate.EvaluateConfig(tmp_path, tmp_path / "runs", 0.0)
    for arm in recipe.matrix.ARMS.values():
        nav = arm.benchmark == "nav"
        folder = RECIPE.parents[1] / "policies" / ("embedded_navigation" if nav else "embedded")
        cell = recipe.matrix.Cell(arm.name, "nav" if nav else "frozen", "sft", 0)
        plan = recipe.evaluate.make_plan(cell, folder, config)
        assert len(plan.keys) == arm.TASKS * arm.stored >= arm.TASKS * arm.episodes
        assert {key.perturbation for key in plan.keys} == {arm.perturbation}


def test_comparisons_name_declared_trainings_and_vlms_and_known_tables(recipe) -> None:
    found = list(recipe.matrix.comparisons())
    assert len(set(found)) == len(found)
    for one in found:
        for training, vlm in (one.first, one.second):
            assert training in recipe.matrix.TRAININGS and vlm in recipe.matrix.VLMS
        assert one.table in recipe.page.TABLES


@given(lacking=st.lists(st.integers(0, 511), min_size=1, max_size=4), size=st.integers(1, 12))
def test_units_hold_every_episode_once_and_keep_cells_together(
    recipe, lacking: list[int], size: int
) -> None:
    keys = [EpisodeKey("b", "s", task, init) for init in range(3) for task in range(3)]
    ready = [
        SimpleNamespace(cell=index, wanted=[k for i, k in enumerate(keys) if lacks >> i & 1])
        for index, lacks in enumerate(lacking)
    ]
    units = list(recipe.evaluate.units(ready, size))
    played = [(one.cell, key) for unit in units for one, part in unit for key in part]
    assert sorted(played) == sorted((one.cell, key) for one in ready for key in one.wanted)
    whens = [{(key.init_index, key.task_id) for _, part in unit for key in part} for unit in units]
    for earlier, later in zip(whens, whens[1:], strict=False):
        assert max(earlier) < min(later)
    for unit in units[:-1]:
        assert sum(len(part) for _, part in unit) >= size


def test_a_budget_of_zero_plays_nothing_and_a_missing_policy_is_said(
    recipe, tmp_path: Path
) -> None:
    said: list[str] = []
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    config = recipe.evaluate.EvaluateConfig(
        checkpoints, tmp_path / "runs", 0.0, only=("libero_object/frozen-sft-seed?",), episodes=1
    )
    with pytest.raises(SpatuneError, match="none of the 3 cells has a policy"):
        recipe.evaluate.evaluate(config, said.append)
    embedded = RECIPE.parents[1] / "policies" / "embedded"
    (checkpoints / "policies-frozen-sft-seed0").symlink_to(embedded)
    assert recipe.evaluate.evaluate(config, said.append) == 0
    assert said[0].startswith("1 cells of 1 policies, 10 episodes to play; 2 cells wait")
    assert said[-1].startswith("0 of 10 episodes")
    (records,) = (tmp_path / "runs").glob("*/*/episodes.jsonl")
    assert records.read_text() == ""
    assert recipe.measures.read_runs(tmp_path / "runs") == []


def test_the_end_of_the_budget_keeps_what_is_played_and_the_rest_is_played_later(
    recipe, tmp_path: Path
) -> None:
    reach = module_from(REACH)
    keys = [EpisodeKey("reach", "plain", task, init) for init in range(2) for task in range(2)]

    def cell(vlm: str):
        plan = SimpleNamespace(
            directory=tmp_path / vlm,
            identity={"seed": 0},
            factory=EnvFactory(f"{REACH}:ReachEnv", {}),
            options=EngineOptions(workers=1),
            load_actor=reach.SeekPolicy,
        )
        matrix_cell = recipe.matrix.Cell("libero_spatial", "frozen", vlm, 0)
        with EpisodeStore(plan.directory, plan.identity) as store:
            return recipe.evaluate.Ready(matrix_cell, plan, store.pending(keys))

    def lines() -> list[int]:
        files = [tmp_path / vlm / "episodes.jsonl" for vlm in ("caption", "sft")]
        return [len(file.read_text().splitlines()) for file in files]

    progress = recipe.evaluate.TimedProgress(8, deadline=0.0)
    (unit,) = recipe.evaluate.units([cell("caption"), cell("sft")], 60)
    with pytest.raises(recipe.evaluate.OutOfTime):
        recipe.evaluate.Player(progress).play(unit)
    assert lines() == [1, 0]
    progress = recipe.evaluate.TimedProgress(7, deadline=float("inf"))
    player = recipe.evaluate.Player(progress)
    for unit in recipe.evaluate.units([cell("caption"), cell("sft")], 1):
        player.play(unit)
    assert lines() == [4, 4] and player.refused == {} and progress.done == 7


def test_more_episodes_go_on_in_the_same_run_directory(recipe, tmp_path: Path) -> None:
    embedded = RECIPE.parents[1] / "policies" / "embedded"
    config = recipe.evaluate.EvaluateConfig(tmp_path, tmp_path / "runs", 0.0, tasks="0")
    cell = recipe.matrix.Cell("libero_object", "frozen", "sft", 0)
    few, more = (
        recipe.evaluate.prepare(cell, embedded, replace(config, episodes=n)) for n in (1, 3)
    )
    with EpisodeStore(few.plan.directory, few.plan.identity) as store:
        store.append(episode_record(0, 0, None, key=few.wanted[0]))
    assert len(more.wanted) == 3
    again = recipe.evaluate.prepare(cell, embedded, replace(config, episodes=3))
    assert [k.init_index for k in again.wanted] == [1, 2]
    with pytest.raises(SpatuneError, match="has 1 to 50 a task"):
        recipe.evaluate.prepare(cell, embedded, replace(config, episodes=51))


def test_a_policy_without_its_vlm_is_given_the_one_beside_it(recipe, tmp_path: Path) -> None:
    policy, vlm = tmp_path / "policies-frozen-sft-seed1", tmp_path / "vlm-sft"
    for folder, vlm_name in ((policy, "vlm"), (vlm, "")):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"type": "spatune", "vlm": vlm_name}))
    assert recipe.evaluate.find_policy(tmp_path, "frozen-sft-seed1") == policy
    assert (policy / "vlm").resolve() == vlm.resolve()
    assert recipe.evaluate.find_policy(tmp_path, "frozen-sft-seed2") is None


def test_numbers_are_those_of_scipy_and_numpy(recipe, collect, runs: Path) -> None:
    results = collect(runs)
    solved = {
        (vlm, seed): outcomes(runs, f"libero_spatial/frozen-{vlm}-seed{seed}")
        for vlm in ("caption", "sft")
        for seed in range(3)
    }
    for cell in results["cells"]:
        if cell["control"] == "none":
            mine = solved[cell["vlm"], cell["seed"]]
            assert (cell["successes"], cell["episodes"]) == (sum(mine.values()), len(mine))
            test = binomtest(cell["successes"], cell["episodes"])
            assert cell["wilson95"] == pytest.approx(list(test.proportion_ci(method="wilson")))
    for group in results["groups"]:
        rates = [float(np.mean(list(solved[group["vlm"], seed].values()))) for seed in range(3)]
        assert group["mean"] == pytest.approx(np.mean(rates))
        assert group["sd_over_seeds"] == pytest.approx(stdev(rates))
        assert group["interval"][0] < group["mean"] < group["interval"][1]
        assert group["episodes_a_seed"] == TASKS * INITS and group["left_out"] == 0
    (pair,) = results["comparisons"]
    assert (pair["first"], pair["second"]) == (["frozen", "caption"], ["frozen", "sft"])
    changes = {
        key: [int(solved["sft", s][key]) - int(solved["caption", s][key]) for s in range(3)]
        for key in solved["sft", 0]
    }
    assert pair["difference"] == pytest.approx(np.mean(list(changes.values())))
    for seed in range(3):
        column = [change[seed] for change in changes.values()]
        discordant = column.count(1) + column.count(-1)
        expected = binomtest(column.count(1), discordant).pvalue
        assert pair["seeds"][str(seed)]["mcnemar_p"] == pytest.approx(expected)
    # The bootstrap against the formula for the mean of stratified samples.
    tasks = np.array([[np.mean(changes[t, i]) for i in range(INITS)] for t in range(TASKS)])
    error = np.sqrt(np.sum(tasks.var(axis=1, ddof=1) / INITS)) / TASKS
    low, high = pair["interval"]
    assert (high - low) / (2 * 1.96) == pytest.approx(error, rel=0.08)
    (blind,) = results["blind"]
    assert blind["difference"] > 0


def test_collecting_twice_writes_the_same_files_and_keeps_the_prose(
    collect, runs: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("evidence.md", "results.json", "evidence.png")]
    empty = tmp_path / "empty"
    empty.mkdir()
    collect(empty)
    before = files[0].read_text()
    collect(runs)
    first = [file.read_bytes() for file in files]
    collect(runs)
    assert [file.read_bytes() for file in files] == first
    assert json.loads(first[1])["cells"]
    assert "frozen caption → frozen sft" in first[0].decode()
    collect(empty)
    assert files[0].read_text() == before and not files[2].exists()


def test_seeds_are_compared_on_the_episodes_that_all_have(recipe, collect, runs: Path) -> None:
    path = runs / "libero_spatial/frozen-sft-seed2/episodes.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-3]))
    results = collect(runs)
    (group,) = [group for group in results["groups"] if group["vlm"] == "sft"]
    assert group["episodes_a_seed"] == TASKS * INITS - 3
    assert group["left_out"] == 6
    (pair,) = results["comparisons"]
    assert pair["seeds"]["2"]["episodes"] == TASKS * INITS - 3
    assert any("share other episodes" in note for note in pair["notes"])


def test_no_disagreement_still_has_an_interval(collect, tmp_path: Path) -> None:
    for vlm in ("caption", "sft"):
        for seed in range(2):
            run = f"libero_spatial/frozen-{vlm}-seed{seed}"
            write_run(tmp_path / "runs", run, np.ones((2, 2), bool))
    (pair,) = collect(tmp_path / "runs")["comparisons"]
    assert pair["interval_is"] == "paired counts"
    assert pair["interval"][0] < 0 < pair["interval"][1]


def test_what_should_be_shared_and_is_not_is_said(collect, runs: Path) -> None:
    policy = {"sha256": "0", "features_vlm": "one", "settings": {"width": 64}}
    noted = {
        f"frozen-{vlm}-seed{seed}": {**policy, "features_vlm": vlm}
        for vlm in ("caption", "sft")
        for seed in range(3)
    }
    noted["frozen-sft-seed2"]["features_vlm"] = "another"
    noted["frozen-sft-seed1"]["settings"] = {"width": 96}
    (runs / "policies.json").write_text(json.dumps(noted))
    write_run(runs, "libero_spatial/frozen-random-seed0", np.zeros((2, 2), bool), backend="else")
    results = collect(runs)
    assert results["checks"] == [
        "frozen-random-seed0: nothing is noted about this policy",
        "frozen-sft-seed1 and frozen-caption-seed0 differ in width",
        "frozen-sft-seed2 and frozen-sft-seed0 name one VLM and were trained on two",
    ]
    notes = {note for pair in results["comparisons"] for note in pair["notes"]}
    assert "backends differ: else against numpy" in notes


def test_a_foreign_run_directory_is_refused(recipe, collect, runs: Path) -> None:
    write_run(runs, "libero_goal/frozen-sft-seed0", np.ones((1, 1), bool))
    with pytest.raises(SpatuneError, match="which is not libero_goal/frozen-sft-seed0"):
        collect(runs)
    (runs / "libero_goal").rename(runs / "elsewhere")
    with pytest.raises(SpatuneError, match="is no cell of"):
        collect(runs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("<!-- end -->", ""), "has no end"),
        (("<!-- table: vlm -->", "<!-- table: other -->"), "the page has the tables"),
    ],
)
def test_a_page_without_its_markers_is_left_alone(
    collect, runs: Path, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    page = tmp_path / "evidence.md"
    page.write_text(page.read_text().replace(*change, 1))
    before = page.read_text()
    with pytest.raises(SpatuneError, match=said):
        collect(runs)
    assert page.read_text() == before and not (tmp_path / "results.json").exists()
