"""Which rows GRPO takes, how it asks, and in what order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatune.agent.question_wording import LETTER, THINK_LETTER
from spatune.errors import SpatuneError
from spatune.tuning.grpo.config import GrpoConfig
from spatune.tuning.grpo.questions import VST_SYSTEM, RewardedQuestions
from spatune.tuning.samples.row import TrainingRow

CONFIG = GrpoConfig("none", (), Path("none"))


def questions_of(folder: Path) -> RewardedQuestions:
    return RewardedQuestions.read(replace(CONFIG, data=(folder,)))


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"form": "position", "answer": "(1, 2, 3)"}, "3 of the form 'position', which has no"),
        ({"form": ""}, "3 without a `form`, which has no reward"),
        ({"form": "number"}, "3 whose answer is no number"),
        ({"form": "boxes3d"}, "3 whose answer is no boxes3d"),
        ({"answer": ""}, "3 with an empty answer"),
    ],
)
def test_rows_that_cannot_be_rewarded_are_refused_with_counts(
    fields: dict[str, str], line: str, tmp_path: Path, make_toy: Callable[..., Path]
) -> None:
    folder = make_toy(tmp_path / "data", (1, 1, 1), **fields)
    with pytest.raises(SpatuneError, match="3 of 3 rows cannot be") as error:
        questions_of(folder)
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_pictures_are_counted(tmp_path: Path, make_toy: Callable[..., Path]) -> None:
    folder = make_toy(tmp_path / "data", (1, 2, 1))
    (folder / "1-1.png").unlink()
    with pytest.raises(SpatuneError, match="1 of 3 rows cannot be used: 1 without their picture"):
        questions_of(folder)
    with pytest.raises(SpatuneError, match="1 of 2 rows cannot be rewarded: 1 without their"):
        questions_of(make_toy(tmp_path / "none", (1, 0)))


def test_pictures_that_a_parquet_file_names_and_that_are_gone_are_counted(tmp_path: Path) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"a picture")
    paths = (str(there), str(tmp_path / "gone.png"), None)
    content = [{"type": "image", "text": None}, {"type": "text", "text": "Which letter?"}]
    rows = [
        {
            "id": f"q{number}",
            "task": "toy",
            "capability": "MM",
            "prompt": [{"role": "user", "content": content}],
            "completion": [{"role": "assistant", "content": [{"type": "text", "text": "B"}]}],
            "images": [{"bytes": b"a picture" if path is None else None, "path": path}],
            "meta_info": json.dumps({"form": "choice", "letter": "B", "answer": "left"}),
        }
        for number, path in enumerate(paths)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train-00000-of-00001.parquet")
    with pytest.raises(SpatuneError, match="1 of 3 rows cannot be used: 1 without their picture"):
        questions_of(tmp_path)


@pytest.mark.parametrize(
    ("form", "answer", "completion"),
    [
        ("choice", "B. the mug", "B"),
        ("choice", "<think>Left is B.</think><answer>B</answer>", "<think>Hm.</think>B"),
        ("number", "<think>2 + 1</think><answer>3</answer>", "<think>1</think>3"),
    ],
)
def test_answers_with_their_text_or_their_reasoning_are_truths_too(
    form: str, answer: str, completion: str, tmp_path: Path, make_toy: Callable[..., Path]
) -> None:
    questions = questions_of(make_toy(tmp_path / "data", form=form, answer=answer))
    (earned,) = questions.rewards([0], [completion])
    assert earned.accuracy == 1


def asked(row: TrainingRow, **settings: object) -> list[dict]:
    questions = RewardedQuestions([row], replace(CONFIG, **settings))  # type: ignore[arg-type]
    return questions.example(0)["prompt"]


def test_reasoning_is_asked_for_in_the_words_of_the_mix_or_of_vst() -> None:
    row = TrainingRow("q", (), (f"Left?\nA. yes\nB. no\n{LETTER}",), "A", form="choice", truth="A")
    (turn,) = asked(row)
    assert turn["content"][0]["text"] == f"Left?\nA. yes\nB. no\n{THINK_LETTER}"
    bare = replace(row, parts=("Left?",))
    assert asked(bare)[0]["content"][0]["text"] == f"Left?\n{THINK_LETTER}"
    thinks = replace(row, parts=(f"Left?\n{THINK_LETTER}",))
    assert asked(thinks)[0]["content"][0]["text"] == f"Left?\n{THINK_LETTER}"
    system, turn = asked(row, think_prompt="vst")
    assert system == {"role": "system", "content": [{"type": "text", "text": VST_SYSTEM}]}
    assert turn["content"][0]["text"].endswith(LETTER)
    (turn,) = asked(row, thinking=False)
    assert turn["content"][0]["text"].endswith(LETTER)
    assert asked(row, thinking=False, system="Be short.")[0]["content"][0]["text"] == "Be short."


def test_every_question_is_asked_before_one_is_asked_again() -> None:
    rows = [TrainingRow(f"q{n}", (), ("?",), "A", form="choice", truth="A") for n in range(5)]
    order = RewardedQuestions(rows, CONFIG).order(13)
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5))
    assert order[:5] != order[5:10]
    assert RewardedQuestions(rows, CONFIG).order(20)[:13] == order
    assert RewardedQuestions(rows, replace(CONFIG, seed=1)).order(13) != order
