"""Training data of every form become rows, and what cannot be used is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from spatune.errors import SpatuneError
from spatune.tuning.mixes.config import MixConfig
from spatune.tuning.mixes.mix import make_mix
from spatune.tuning.questions.question import AnswerForm, Question
from spatune.tuning.samples.pictures import ArrayFrame, VideoFrame, decode
from spatune.tuning.samples.read import read_rows

from ..llava_files import record, write_pictures, write_records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 6), (ord(name[0]), 0, 0)).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["train.jsonl", "own.json"])
def test_conversations_in_llavas_form(name: str, folder: Path) -> None:
    records = [
        record("one", ["a.png"], "Which?", "this", task="toy", form="text"),
        record("two", ["a.png", "b.png"], "Which?", " that "),
    ]
    file = write_records(folder / name, records)
    rows = read_rows([folder if name == "train.jsonl" else file])
    assert [row.id for row in rows] == ["one", "two"]
    assert rows[0].pictures == (folder / "a.png",)
    assert rows[0].parts == (None, "Which?")
    assert (rows[0].task, rows[0].form, rows[0].truth) == ("toy", "text", "this")
    assert rows[1].parts == (None, None, "Which?") and rows[1].answer == "that"
    assert [decode(picture)[0, 0, 0] for picture in rows[1].pictures] == [97, 98]


def test_each_answer_of_a_conversation_is_a_row_that_shows_all_pictures(folder: Path) -> None:
    turns = ("Which?", "this", "Where?", "there", "a question without an answer")
    write_records(folder / "train.jsonl", [record("talk", ["a.png", "b.png"], *turns)])
    first, second = read_rows([folder])
    assert (first.id, second.id) == ("talk/0", "talk/1")
    assert first.parts == (None, None, "Which?") and second.parts == (None, None, "Where?")
    assert second.pictures == first.pictures and second.answer == "there"


def test_placeholders_stay_between_their_texts(folder: Path) -> None:
    each = record("q", ["a.png", "b.png"], "?", "yes")
    each["conversations"][0]["value"] = "Is <image>\nlike <image>?"
    write_records(folder / "train.jsonl", [each])
    (row,) = read_rows([folder])
    assert row.parts == ("Is ", None, "like ", None, "?")
    assert row.prompt == "Is \nlike \n?"


def test_one_image_may_be_a_name_and_none_is_a_question_in_words(folder: Path) -> None:
    named: dict[str, Any] = record("named", ["a.png"], "?", "a") | {"image": "a.png"}
    blind = {"conversations": record("x", [], "?", "b")["conversations"]}
    write_records(folder / "train.jsonl", [named, blind])
    rows = read_rows([folder])
    assert [len(row.pictures) for row in rows] == [1, 0]
    assert rows[1].parts == ("?",) and rows[1].id == "1"


def test_a_video_is_frames_at_even_distances(folder: Path) -> None:
    levels = np.linspace(0, 250, 9).astype(np.uint8)
    frames = np.broadcast_to(levels[:, None, None, None], (9, 32, 32, 3))
    iio.imwrite(folder / "walk.mp4", frames, plugin="pyav", codec="libx264", fps=5)
    each: dict[str, Any] = record("v", [], "?", "left") | {"video": "walk.mp4"}
    each["conversations"][0]["value"] = "<video>\nWhere?"
    write_records(folder / "train.jsonl", [each])
    (row,) = read_rows([folder], video_frames=3)
    assert row.parts == (None, None, None, "Where?")
    assert row.pictures[2] == VideoFrame(folder / "walk.mp4", 2, 3)
    seen = [decode(picture).mean() for picture in row.pictures]
    np.testing.assert_allclose(seen, levels[[0, 4, 8]], atol=8)


def test_a_place_in_an_array_is_a_picture(folder: Path) -> None:
    pixels = write_pictures(folder / "columns" / "seen.npy", 5)
    write_records(folder / "train.jsonl", [record("q", ["columns/seen.npy#3"], "?", "a")])
    (row,) = read_rows([folder])
    assert row.pictures == (ArrayFrame(folder / "columns" / "seen.npy", 3),)
    np.testing.assert_array_equal(decode(row.pictures[0]), pixels[3])


def mixed_data(folder: Path) -> Path:
    """Questions as `spatune data generate` leaves them."""
    frames = folder / "trajectories" / "s" / "walk" / "frames"
    frames.mkdir(parents=True)
    for index in (0, 1):
        Image.new("RGB", (12, 8), (100 * index, 0, 0)).save(frames / f"{index:06d}.jpg")
    asked: list[tuple[str, AnswerForm, str, tuple[str, ...], str]] = [
        ("object_rel_direction_easy", "choice", "left", ("left", "right"), "A"),
        ("object_abs_distance", "number", "1.5", (), ""),
    ]
    questions = [
        Question(
            f"s/walk/{place}", task, "SR", "video", form, "procthor", "s", "walk", (0, 1), "Where?",
            answer, options=options, letter=letter, reasoning="It is there.",
            provenance={"key": [str(place)]},
        )
        for place, (task, form, answer, options, letter) in enumerate(asked)
    ]  # fmt: skip
    file = folder / "questions" / "s" / "walk.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("".join(question.to_line() for question in questions))
    return folder


@pytest.mark.parametrize("reasoning", [False, True])
def test_both_forms_of_a_mix_give_the_same_rows(reasoning: bool, tmp_path: Path) -> None:
    data = mixed_data(tmp_path / "data")
    rows = {}
    for form in ("llava", "parquet"):
        config = MixConfig(data, tmp_path / form, "all", formats=(form,), reasoning=reasoning)
        rows[form] = read_rows([make_mix(config)])
    for left, right in zip(rows["llava"], rows["parquet"], strict=True):
        for name in ("id", "parts", "answer", "task", "capability", "form", "truth"):
            assert getattr(left, name) == getattr(right, name), name
        seen = [[decode(picture) for picture in row.pictures] for row in (left, right)]
        np.testing.assert_array_equal(seen[0], seen[1])
    by_form = {row.form: row for row in rows["llava"]}
    assert by_form["number"].truth == "1.5" and by_form["choice"].truth in ("A", "B")
    assert by_form["choice"].answer.startswith("<think>") == reasoning


def refused(paths: list[Path]) -> str:
    with pytest.raises(SpatuneError) as error:
        read_rows(paths)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_rows_that_cannot_be_used_are_counted_and_named(folder: Path) -> None:
    write_pictures(folder / "seen.npy", 2)
    records = [
        record("good", ["a.png"], "?", "a"),
        record("gone", ["c.png"], "?", "a"),
        record("gone-too", ["a.png", "none.npy#0"], "?", "a"),
        record("gone-three", ["c.png"], "?", "a"),
        record("mute", ["a.png"], "?", "  "),
        record("half", ["a.png"], "?", "", "Where?", "there"),
        record("one-short", ["a.png"], "?", "a") | {"image": ["a.png", "b.png"]},
        {"id": "silent", "image": [], "conversations": []},
    ]
    file = write_records(folder / "train.jsonl", records)
    line = refused([file])
    assert line.startswith("7 of 9 rows cannot be used: 3 without their picture (such as gone, go")
    assert "2 with an empty answer (such as mute, half/0)" in line
    assert "1 with another number of pictures than placeholders (such as one-short)" in line
    assert "1 without a conversation (such as silent)" in line


def test_rows_of_parquet_files_are_counted_too(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "there.png")

    def row(name: str, answer: str, images: list[dict[str, Any]], shown: int = 1) -> dict[str, Any]:
        content = [{"type": "image", "text": None}] * shown + [{"type": "text", "text": "?"}]
        return {
            "id": name, "task": "toy", "capability": "SR", "images": images,
            "prompt": [{"role": "user", "content": content}],
            "completion": [{"role": "assistant", "content": [{"type": "text", "text": answer}]}],
            "meta_info": json.dumps({"form": "text", "letter": "", "answer": answer}),
        }  # fmt: skip

    there = {"bytes": None, "path": str(tmp_path / "there.png")}
    inside = {"bytes": (tmp_path / "there.png").read_bytes(), "path": "anywhere.png"}
    gone = {"bytes": None, "path": str(tmp_path / "gone.png")}
    rows = [
        row("named", "a", [there]),
        row("blind", "a", [], shown=0),
        row("stored", "a", [inside, inside], shown=2),
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train-00000-of-00001.parquet")
    assert [decode(p).shape for r in read_rows([tmp_path]) for p in r.pictures] == [(4, 4, 3)] * 3
    rows += [row("gone", "a", [there, gone], shown=2), row("mute", "", [there])]
    rows += [row("short", "a", [there], shown=2), row("void", "a", [{"bytes": None, "path": None}])]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train-00000-of-00001.parquet")
    line = refused([tmp_path])
    assert line.startswith("4 of 7 rows cannot be used: 2 without their picture (such as gone, voi")
    assert "1 with an empty answer (such as mute)" in line and "than placeholders (such as" in line


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("train.jsonl", '{"id": 1}\n{"id"', "no file of JSON records"),
        ("train.jsonl", "\n", "no training row"),
        ("own.json", '{"id": 1}', "no list of JSON objects"),
        ("own.json", "[1]", "no list of JSON objects"),
        ("own.parquet", "PAR1", "was not written by `spatune data mix`"),
    ],
)
def test_damaged_files_are_one_line(name: str, text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert line in refused([tmp_path / name])


def test_folders_without_data_say_what_to_give(tmp_path: Path) -> None:
    assert "no training data; give a folder of `spatune data mix`" in refused([tmp_path])
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "x.parquet")
    assert "was not written by `spatune data mix`" in refused([tmp_path])


def test_data_of_several_places_follow_one_another(folder: Path) -> None:
    files = [
        write_records(folder / f"{name}.json", [record(name, ["a.png"], "?", "a")])
        for name in ("second", "first")
    ]
    assert [row.id for row in read_rows(files)] == ["second", "first"]
