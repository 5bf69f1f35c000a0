"""The stage report on the held-out benchmark with two tiny models, and asking for reasoning."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.bench_spatial.benchmarks.general import GeneralQA
from spatune.bench_spatial.benchmarks.own import DATA_FOLDER, OwnBenchmark
from spatune.bench_spatial.config import EvalSpatialConfig
from spatune.bench_spatial.plan import make_plans
from spatune.bench_spatial.run import run_eval
from spatune.bench_spatial.sample import Sample
from spatune.bench_spatial.stages import EvalStagesConfig, run_stages
from spatune.bench_spatial.stages.lineage import read_lineage, step_text
from spatune.bench_spatial.thinking import after_thinking, think_prompt
from spatune.errors import SpatuneError
from spatune.tuning.mixes.prompts import turn
from spatune.tuning.questions.question import Question

REPORTS = ("stages.json", "stages.md")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two random models of different architectures; the second says how it was tuned."""
    from spatune.agent import build_fastvlm, build_tiny

    folder = tmp_path_factory.mktemp("stages")
    corpus = ["Is there a bed in this image? Options: A. yes B. no 1 2 3 <think> </think>"]
    first = build_tiny("qwen3_vl", folder / "first", corpus=corpus)
    second = build_fastvlm(
        folder / "second", corpus=corpus, hidden_size=32, layers=2, image_size=32,
        vocab_size=300, pretrained_backbone=False,
    )  # fmt: skip
    caption = {"stage": "caption", "base": {"sha256": "a" * 64}, "minutes": 1.0}
    caption["data"] = [{"name": "naming", "rows": 7, "sha256": "b" * 64}]
    sft = {"stage": "sft", "base": {"sha256": "c" * 64, "tuning": caption}, "minutes": 2.5}
    sft["data"] = [{"name": "3q", "rows": 9, "sha256": "d" * 64}]
    (second / "tuning.json").write_text(json.dumps(sft))
    return first, second


@pytest.fixture
def config(
    checkpoints: tuple[Path, Path], make_own: Callable[[], Path], tmp_path: Path
) -> EvalStagesConfig:
    first, second = checkpoints
    return EvalStagesConfig(
        vlm=(f"random={first}", f"sft={second}"),
        out=tmp_path / "out",
        data=make_own(),
        max_new_tokens=2,
        max_think_tokens=3,
        device="cpu",
    )


def written(config: EvalStagesConfig) -> dict[str, str]:
    return {name: (config.out / name).read_text() for name in REPORTS}


def test_report_joins_all_runs_of_all_stages(config: EvalStagesConfig) -> None:
    # Three of its own questions name or count; those of the small benchmark do not.
    stages = run_stages(replace(config, data=None, limit=8, frames=2))
    assert [stage.name for stage in stages] == ["random", "sft"]
    report = json.loads((config.out / "stages.json").read_text())
    first, second = report["stages"]
    assert report["config"]["limit"] == 8 and report["config"]["variant"] == "spatune"
    assert report["max_new_tokens"]["reasoning"] == 3
    for entry in (first, second):
        assert entry["samples"] == 8 and len(entry["vlm_sha256"]) == 64
        assert 0 <= entry["sighted"]["value"] <= 1 and len(entry["blind"]["scene_bootstrap95"]) == 2
        assert entry["minus_blind"]["episodes"] == 8
        assert entry["reasoning"]["minus_without"]["episodes"] == 8
        assert set(entry["unreadable"]) == {"sighted", "blind", "circular", "reasoning"}
        # Three random tokens hold no </think>.
        assert entry["unreadable"]["reasoning"] == {"answers": 8, "unreadable": 8}
        assert entry["general"]["samples"] == 1, "count_in_image is among the eight"
    assert first["minus_first"] is None and first["tuning"] == []
    assert second["minus_first"] == second["minus_before"]
    assert second["minus_first"]["difference"] == pytest.approx(second["mean"] - first["mean"])
    assert second["groups"]["SR"]["minus_first"]["episodes"] >= 1
    assert [step["stage"] for step in second["tuning"]] == ["sft", "caption"]
    assert "tuning" not in second["tuning"][0]["base"]
    page = (config.out / "stages.md").read_text()
    assert "| **overall** |" in page and f"9 rows of 3q (sha256 `{'d' * 64}`)" in page
    assert (config.out / "stages.png").read_bytes().startswith(b"\x89PNG")
    assert str(config.out) not in written(config)["stages.json"]
    run = json.loads((config.out / "sft" / "think" / "sighted" / "report.json").read_text())
    assert run["config"]["reasoning"] == "think" and "<think>" in json.dumps(run["receipt"])


def test_stopped_run_goes_on_and_finished_ones_are_not_asked_again(
    config: EvalStagesConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_stages(config)
    whole = written(config)
    answers = config.out / "sft" / "direct" / "blind" / "answers.jsonl"
    lines = answers.read_text().splitlines(keepends=True)
    answers.write_text("".join(lines[:1]) + lines[1][:9])
    (config.out / "stages.json").unlink()
    loaded: list[str] = []
    from spatune.bench_spatial import run

    load = run.load_vlm

    def noted(name: str, *rest: Any) -> Any:
        loaded.append(Path(name).name)
        return load(name, *rest)

    monkeypatch.setattr(run, "load_vlm", noted)
    run_stages(config)
    assert loaded == ["second"], "only the stage with a pending answer is loaded, and once"
    assert written(config) == whole
    with pytest.raises(SpatuneError, match="limit = null, this run has limit = 2: choose another"):
        run_stages(replace(config, limit=2))


def test_general_ability_is_a_file_of_other_questions(
    config: EvalStagesConfig, tmp_path: Path
) -> None:
    import imageio.v3 as iio
    import numpy as np

    iio.imwrite(tmp_path / "red.png", np.full((40, 40, 3), (250, 0, 0), np.uint8))
    options = {"options": ["red", "blue"], "answer": "A"}
    rows = [
        {"question": "Which colour?", "images": "red.png", **options},
        {"question": "Which colour is it?", "images": ["red.png"], "answer": "red"},
        {"question": "Which colour?", "images": "lost.png", "answer": "red"},
    ]
    file = tmp_path / "general.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    chosen = replace(config, general=file, modes=("sighted",), reasoning="on")
    _, stage = run_stages(chosen)
    report = json.loads((config.out / "stages.json").read_text())
    assert stage.general is not None and stage.general.samples == 2
    assert report["stages"][1]["general"]["minus_first"]["episodes"] == 2
    assert report["stages"][1]["blind"] is None and report["stages"][1]["reasoning"] is None
    assert report["stages"][1]["reasons_always"] and len(report["general"]["data_sha256"]) == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vlm": ()}, "no stage; give --vlm NAME="),
        ({"vlm": ("runs/sft",)}, "--vlm 'runs/sft': give NAME=FOLDER_OR_HUB_ID"),
        ({"vlm": ("a=x/y", "a=x/z")}, "two stages 'a'"),
        ({"vlm": ("a=/nowhere",)}, "/nowhere: no such checkpoint"),
        ({"modes": ("blind",)}, "--modes lacks sighted"),
        ({"modes": ("sighted", "deaf")}, "no mode 'deaf'"),
        ({"reasoning": "deep"}, "no reasoning 'deep'"),
        ({"benchmark": "nothing"}, "no benchmark 'nothing'"),
        ({"general": Path("/nowhere.jsonl")}, "/nowhere.jsonl: no such file"),
    ],
)
def test_bad_argument_is_one_line_before_anything_is_asked(
    config: EvalStagesConfig, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpatuneError, match=message) as caught:
        run_stages(replace(config, **change))
    assert "\n" not in str(caught.value) and not config.out.exists()


def test_damaged_record_of_tuning_is_refused(tmp_path: Path) -> None:
    assert read_lineage("owner/name") == read_lineage(str(tmp_path)) == ()
    (tmp_path / "tuning.json").write_text("[1]")
    with pytest.raises(SpatuneError, match="tuning.json is not a JSON object; restore it"):
        read_lineage(str(tmp_path))
    assert step_text({}) == "stage ?"


def question(sample: Sample) -> Question:
    """What the training mix would hold for a question of the benchmark."""
    return Question(
        id=sample.id, task=sample.category, capability=sample.extra["capability"],
        media=sample.extra["media"], form="choice" if sample.options else "number", source="",
        scene="", trajectory="", frames=(0,), question=sample.question, answer=sample.truth,
        options=sample.options, letter=sample.truth if sample.options else "", reasoning="So.",
    )  # fmt: skip


def test_benchmark_asks_in_the_words_of_the_training_data() -> None:
    bench = OwnBenchmark()
    samples = bench.load(DATA_FOLDER)
    kinds = {(sample.extra["media"], sample.form) for sample in samples}
    assert len(kinds) == 8, "four kinds of pictures, choices and numbers"
    for sample in samples:
        asked = bench.prompt(sample, bench.variant())
        made = question(sample)
        assert asked == turn(made, letter_only=True, reasoning=False).prompt
        assert think_prompt(asked) == turn(made, letter_only=True, reasoning=True).prompt


def test_answer_of_the_training_data_is_right(tmp_path: Path) -> None:
    bench = OwnBenchmark()
    for sample in bench.load(DATA_FOLDER):
        if sample.skip:
            continue
        for reasoning in (False, True):
            raw = turn(question(sample), letter_only=True, reasoning=reasoning).answer
            text = after_thinking(raw) if reasoning else raw
            assert text is not None
            found = bench.extract(text, sample, bench.variant())
            assert bench.score(sample, found, bench.variant()) == 1.0


def test_reasoning_run_reads_only_what_follows_it(
    make_vsi: Callable[[], Path], trained_vlm: Path, tmp_path: Path
) -> None:
    asked = EvalSpatialConfig(
        vlm=str(trained_vlm), benchmark="vsi-bench", data=make_vsi(), frames=2, batch_size=2,
        max_new_tokens=1, device="cpu", out=tmp_path / "run", reasoning="think",
    )  # fmt: skip
    (plan,) = make_plans(replace(asked, max_new_tokens=None))
    assert plan.max_new_tokens == 512 and plan.identity["reasoning"] == "think"
    (report,) = run_eval(asked)
    # Right letters, but the reasoning has not ended.
    assert len(report.outcome.unparsable) == 6 and report.totals.numbers["mean"] == 0.0
    answers = tmp_path / "run" / "answers.jsonl"
    lines = [json.loads(line) for line in answers.read_text().splitlines()]
    truths = {sample.id: sample.truth for sample in plan.samples}
    for line in lines:
        line["raw"] = f"<think>A or B, 3 or 4</think><answer>{truths[line['id']]}</answer>"
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (report,) = run_eval(asked)
    assert report.totals.numbers["mean"] == 1.0 and not report.outcome.unparsable


def test_benchmark_with_another_closing_line_is_refused() -> None:
    with pytest.raises(SpatuneError, match="end with 'Give me the answer'.*--reasoning off"):
        think_prompt("Where?\nGive me the answer")


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<think>x</think><answer>B</answer>", "B"),
        ("x</think> 2.5 ", "2.5"),
        ("<think>A</think>\nB", "B"),
        ("<think></think><answer>A</answer> or <answer>C</answer>", "C"),
        ("<think>x</think><answer>12", None),
        ("<think>x</think><answer>B</answer><answer>C", None),
        ("<think>x</think><answer> </answer>", None),
        ("<think>x</think>", None),
        ("<think>B", None),
        ("<answer>B</answer>", None),
        ("B", None),
        ("", None),
    ],
)
def test_answer_after_reasoning(raw: str, read: str | None) -> None:
    assert after_thinking(raw) == read


@given(st.lists(st.sampled_from(["<think>", "</think>", "<answer>", "</answer>", "B", "7 ", "\n"])))
def test_malformed_reasoning_never_raises_and_never_leaks(pieces: Sequence[str]) -> None:
    raw = "".join(pieces)
    read = after_thinking(raw)
    if "</think>" not in pieces:
        assert read is None
    if read is not None:
        tail = raw.rpartition("</think>")[2]
        assert read and read == read.strip() and read in tail


@given(st.text(), st.text(alphabet="ABCD123. ", min_size=1).filter(str.strip))
def test_well_formed_answer_is_read_whatever_was_thought(thought: str, answer: str) -> None:
    raw = f"<think>{thought}</think><answer>{answer}</answer>"
    assert after_thinking(raw) == answer.strip()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ["A. red"]}, "has one entry"),
        ({"answer": "C"}, "'C' is the letter of no option"),
        ({"answer": None}, "field 'answer' is missing"),
        ({"images": None}, "field 'images' is missing"),
    ],
)
def test_bad_general_row_is_one_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    row = {"question": "?", "options": ["A. red", "B. blue"], "answer": "A", "images": "x.png"}
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({**row, **change}) + "\n")
    with pytest.raises(SpatuneError, match=message):
        GeneralQA().load(file)
