"""`spatune eval spatial` end to end with a tiny model that has learnt six questions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spatune.bench_spatial.config import EvalSpatialConfig
from spatune.bench_spatial.plan import make_plans
from spatune.bench_spatial.run import run_eval
from spatune.errors import SpatuneError
from spatune.evaluation.compare import compare_runs
from spatune.evaluation.compare_config import CompareConfig

RESULT_FILES = ("answers.jsonl", "episodes.jsonl", "report.json")


@pytest.fixture
def config(make_vsi: Callable[[], Path], trained_vlm: Path, tmp_path: Path) -> EvalSpatialConfig:
    return EvalSpatialConfig(
        vlm=str(trained_vlm),
        benchmark="vsi-bench",
        data=make_vsi(),
        frames=2,
        batch_size=2,
        max_new_tokens=1,
        device="cpu",
        out=tmp_path / "run",
    )


def read(config: EvalSpatialConfig, name: str = "report.json") -> dict:
    assert config.out is not None
    return json.loads((config.out / name).read_text())


def results(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in RESULT_FILES}


def test_sighted_answers_are_right_and_blind_ones_cannot_all_be(config: EvalSpatialConfig) -> None:
    sighted, blind, circular = run_eval(replace(config, mode="all"))
    assert {one.score for one in sighted.outcome.scored} == {1.0}
    assert sighted.totals.numbers["mean"] == 1.0
    # The same text is asked about both videos, whose answers differ.
    for name in ("object_rel_distance", "route_planning"):
        blinded = [one for one in blind.outcome.scored if one.sample.category == name]
        scores = [one.score or 0.0 for one in blinded]
        assert sorted(scores) in ([0.0, 1.0], [0.0, 0.0])
    # The model answers by letter and has never seen the options the other way round.
    assert circular.totals.samples == 4 and circular.totals.numbers["mean"] == 0.0
    assert circular.outcome.rotation_mean == 0.5
    assert set(circular.outcome.skipped) == {"3", "13"}
    assert config.out is not None
    modes = json.loads((config.out / "modes.json").read_text())
    assert modes["sighted"]["mean"] == 1.0
    paired = modes["blind"]["minus_sighted"]
    assert paired["episodes"] == 6 and paired["difference"] < -0.3


def test_report_has_intervals_and_a_receipt(config: EvalSpatialConfig) -> None:
    run_eval(config)
    report = read(config)
    choice, number = (report["categories"][n] for n in ("route_planning", "object_counting"))
    assert (choice["right"], choice["samples"], choice["chance"]) == (2, 2, 0.5)
    assert choice["wilson95"] == pytest.approx([0.342, 1.0], abs=1e-3)
    assert number["bootstrap95"] == [1.0, 1.0]
    assert report["totals"]["overall"]["value"] is None, "five types have no question"
    assert report["receipt"]["pictures"] == {"fewest": 2, "most": 2}
    assert report["receipt"]["variant"]["extractor"] == "first-word"
    assert report["receipt"]["model"]["class"] == "Qwen3VLForConditionalGeneration"
    assert len(report["config"]["vlm_sha256"]) == len(report["config"]["data_sha256"]) == 64
    assert set(report["same_answers_under_other_variants"]) == {"robust", "strict"}
    assert str(config.out) not in json.dumps(report)


def test_resumed_run_writes_the_files_of_an_uninterrupted_one(config: EvalSpatialConfig) -> None:
    run_eval(config)
    assert config.out is not None
    whole = results(config.out)
    lines = whole["answers.jsonl"].splitlines(keepends=True)
    other = replace(config, out=config.out.with_name("other"))
    run_eval(other)
    assert other.out is not None
    # Killed within the second batch, while a line was being written.
    (other.out / "answers.jsonl").write_text("".join(lines[:3]) + lines[3][:20])
    (other.out / "episodes.jsonl").write_text("")
    (other.out / "report.json").unlink()
    run_eval(other)
    assert results(other.out) == whole


def test_finished_run_does_not_load_the_model_again(
    config: EvalSpatialConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_eval(config)
    before = results(config.out or Path())
    (config.out or Path()).joinpath("report.json").unlink()
    monkeypatch.setattr("spatune.bench_spatial.run.load_vlm", None)
    run_eval(config)
    assert results(config.out or Path()) == before


def test_unreadable_video_is_reported_and_asked_again_when_repaired(
    config: EvalSpatialConfig,
) -> None:
    assert config.data is not None
    video = config.data / "scannet" / "dark.mp4"
    whole = video.read_bytes()
    video.write_bytes(b"this is no video")
    (broken,) = run_eval(config)
    assert set(broken.outcome.errors) == {"1", "2", "3"} and broken.totals.samples == 3
    report = read(config)
    assert "dark.mp4: not a readable video" in report["errors"]["1"]
    assert any("3 questions could not be shown" in note for note in report["notes"])
    again = results(config.out or Path())
    run_eval(config)
    assert results(config.out or Path()) == again
    video.write_bytes(whole)
    (repaired,) = run_eval(config)
    assert not repaired.outcome.errors and repaired.totals.numbers["mean"] == 1.0


def test_questions_with_unequal_numbers_of_pictures_share_no_batch(
    config: EvalSpatialConfig, make_own: Callable[[], Path]
) -> None:
    config = replace(config, benchmark="own", data=make_own(), mode="all")
    sighted, blind, circular = make_plans(config)
    asked = {sample.id: len(sample.media) for sample in sighted.samples}
    assert set(asked.values()) == {1, 2}
    assert all(len({asked[id] for id, _ in batch}) == 1 for batch in sighted.batches)
    assert [len(plan.asks) for plan in (sighted, blind, circular)] == [5, 5, 8]
    reports = run_eval(config)
    assert [report.totals.samples for report in reports] == [5, 5, 4]


def test_other_settings_are_refused_in_the_same_directory(config: EvalSpatialConfig) -> None:
    run_eval(config)
    with pytest.raises(SpatuneError, match="frames = 2.*frames = 3"):
        run_eval(replace(config, frames=3))


def test_compare_pairs_runs_of_two_modes(
    config: EvalSpatialConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    run_eval(replace(config, mode="all"))
    assert config.out is not None
    (pairs,) = compare_runs(CompareConfig(config.out / "sighted", (config.out / "blind",)))
    assert pairs.episodes == 6 and pairs.second_only == 0 and pairs.first_only >= 3
    assert "score" in capsys.readouterr().out


def test_a_folder_of_all_modes_is_not_compared_as_one_run(config: EvalSpatialConfig) -> None:
    run_eval(replace(config, mode="all", limit=2))
    assert config.out is not None
    with pytest.raises(SpatuneError, match="two runs of the same episodes"):
        compare_runs(CompareConfig(config.out / "sighted", (config.out,)))


def test_a_judge_is_for_openeqa_alone(config: EvalSpatialConfig) -> None:
    with pytest.raises(SpatuneError, match="--judge is for openeqa; vsi-bench needs none"):
        make_plans(replace(config, judge="embedded"))


def test_kept_ids_are_scored_apart(config: EvalSpatialConfig, tmp_path: Path) -> None:
    ids = tmp_path / "kept.txt"
    ids.write_text("1\n12\n")
    run_eval(replace(config, kept_ids=ids))
    kept = read(config)["kept_ids"]
    assert kept["samples"] == 2 and set(kept["categories"]) == {
        "object_rel_distance",
        "route_planning",
    }
    ids.write_text("1\n99\n")
    with pytest.raises(SpatuneError, match="1 ids are not in the benchmark, such as '99'"):
        run_eval(replace(config, kept_ids=ids, out=tmp_path / "other"))


def test_limit_asks_the_same_questions_in_any_order_of_rows(config: EvalSpatialConfig) -> None:
    assert config.data is not None
    rows = (config.data / "test.jsonl").read_text().splitlines(keepends=True)
    (first,) = make_plans(replace(config, limit=3))
    (config.data / "test.jsonl").write_text("".join(reversed(rows)))
    (second,) = make_plans(replace(config, limit=3))
    assert first.asks == second.asks and len(first.asks) == 3
    assert first.identity == second.identity
    assert first.row_order_sha256 != second.row_order_sha256
    assert len({sample.category for sample in first.samples}) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": "nothing"}, "no benchmark 'nothing'; choose one of: .*vsi-bench"),
        ({"variant": "nothing"}, "no variant 'nothing'; choose one of: official, robust"),
        ({"data": None}, "vsi-bench does not come with the package.*--data"),
        ({"data": Path("/nowhere")}, "no such file"),
        ({"vlm": "/nowhere"}, "/nowhere: no such checkpoint"),
        ({"frames": 0}, "frames is 0"),
        ({"limit": 0}, "limit is 0"),
    ],
)
def test_bad_argument_is_one_clear_line(
    config: EvalSpatialConfig, change: dict, message: str
) -> None:
    with pytest.raises(SpatuneError, match=message):
        run_eval(replace(config, **change))
    assert config.out is not None and not config.out.exists()
