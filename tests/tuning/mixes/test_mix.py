"""`spatune data mix` from a data folder to files that trainers read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spatune.errors import SpatuneError
from spatune.tuning.mixes.config import MixConfig
from spatune.tuning.mixes.mix import make_mix
from spatune.tuning.quality.question_files import QuestionFiles


def lines(out: Path) -> list[dict]:
    """Records of the LLaVA file."""
    return [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    """All files by relative path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_the_mix_has_its_quotas_balanced_letters_and_answers(data: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(data, tmp_path / "out", mix="all", size=150))
    questions = list(QuestionFiles(out))
    assert list(Counter(question.task for question in questions).values()) == [30] * 5
    for task, count in (("object_rel_direction_easy", 2), ("obj_appearance_order", 4)):
        letters = Counter(question.letter for question in questions if question.task == task)
        assert len(letters) == count and max(letters.values()) - min(letters.values()) <= 1
    easy = [q for q in questions if q.task == "object_rel_direction_easy"]
    assert Counter(q.answer for q in easy) == {"left": 15, "right": 15}
    assert all(q.options["AB".index(q.letter)] == q.answer for q in easy)


def test_summary_reports_deficits_and_strict_refuses_them(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = make_mix(MixConfig(data, tmp_path / "out", mix="3q", size=1000))
    summary = json.loads((out / "summary.json").read_text())
    assert summary["deficits"] == {
        "object_abs_distance": 345 - 120,
        "obj_appearance_order": 255 - 120,
        "object_rel_direction_medium": 156,
        "object_rel_direction_hard": 154,
    }
    assert summary["questions"] + sum(summary["deficits"].values()) == summary["wanted"] == 1000
    assert "deficit: object_rel_direction_hard lacks 154 of 154" in capsys.readouterr().out
    with pytest.raises(SpatuneError, match="object_rel_direction_hard lacks 154"):
        make_mix(MixConfig(data, tmp_path / "strict", mix="3q", size=1000, strict=True))
    assert not (tmp_path / "strict").exists()


def test_records_have_one_image_token_a_file_that_exists(data: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(data, tmp_path / "deep" / "out", mix="all", choices="both"))
    records = lines(out)
    assert len(records) == 600
    assert {record["type"] for record in records} == {"mc", "mc_direct", "oe"}
    for record in records:
        human, answer = record["conversations"]
        assert (human["from"], answer["from"]) == ("human", "gpt")
        assert human["value"].count("<image>") == len(record["image"])
        assert all((out / name).is_file() for name in record["image"])
        assert not any(Path(name).is_absolute() for name in record["image"])
        if record["type"] == "mc":
            assert f"\n{answer['value']}\n" in human["value"]


def test_marked_images_are_drawn_and_others_are_those_of_the_data(
    data: Path, tmp_path: Path
) -> None:
    out = make_mix(MixConfig(data, tmp_path / "out", mix="all"))
    kinds = {"object_at_point": set(), "object_abs_distance": set()}
    for record in lines(out):
        task = record["id"].split("/")[-2]
        for name in record["image"] if task in kinds else ():
            with Image.open(out / name) as image:
                spread = np.asarray(image).reshape(-1, 3).std(axis=0).max()
            kinds[task].add(bool(spread > 10))
    assert kinds == {"object_at_point": {True}, "object_abs_distance": {False}}


def test_copied_images_make_the_mix_independent_of_the_data(data: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(data, tmp_path / "out", mix="all", size=50, copy_images=True))
    for record in lines(out):
        assert all(
            name.startswith("images/") and (out / name).is_file() for name in record["image"]
        )


def test_video_is_named_where_there_is_one(own_data: Path, tmp_path: Path) -> None:
    config = MixConfig(own_data, tmp_path / "out", mix="all", size=50, video=True)
    with pytest.raises(SpatuneError, match="video.mp4 is missing; generate with"):
        make_mix(config)
    for folder in (own_data / "trajectories").glob("*/*"):
        (folder / "video.mp4").write_bytes(b"video")
    records = lines(make_mix(config))
    shown = [record for record in records if "video" in record]
    assert len(shown) == 40
    for record in shown:
        assert record["conversations"][0]["value"].startswith("<video>\nThese are frames")
        assert (config.out / record["video"]).read_bytes() == b"video"


def test_datasets_reads_the_parquet_with_its_images(data: Path, tmp_path: Path) -> None:
    import datasets

    config = MixConfig(data, tmp_path / "out", mix="all", size=60, formats=("parquet",))
    out = make_mix(config)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(out / "train-*.parquet"), cache_dir=str(tmp_path / "cache")
    )
    assert isinstance(loaded, datasets.DatasetDict)
    rows = loaded["train"]
    assert isinstance(rows.features["images"].feature, datasets.Image)
    questions = {question.id: question for question in QuestionFiles(out)}
    assert list(rows["id"]) == list(questions)
    for number in range(len(rows)):
        row: dict[str, Any] = rows[number]
        question = questions[row["id"]]
        user, assistant = row["prompt"][0], row["completion"][0]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert [part["type"] for part in user["content"]] == ["image"] * len(row["images"]) + [
            "text"
        ]
        assert question.question in user["content"][-1]["text"]
        assert all(image.size == (48, 32) for image in row["images"])
        assert row["task"] == question.task and row["capability"] == question.capability
        assert json.loads(row["meta_info"])["provenance"] == question.provenance
        expected = question.letter or question.answer
        if question.form != "number":
            assert assistant["content"][0]["text"] == expected


def test_parquet_may_hold_paths_and_is_split_by_size(data: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from spatune.tuning.mixes.parquet import ParquetWriter
    from spatune.tuning.mixes.pictures import Pictures
    from spatune.tuning.mixes.prompts import turn
    from spatune.tuning.mixes.sample import Sample

    writer = ParquetWriter(tmp_path, Pictures(data), paths_only=True, file_bytes=1500)
    questions = [q for q in QuestionFiles(data) if q.task == "object_abs_distance"][:30]
    for question in questions:
        writer.write(Sample(question, turn(question, letter_only=True, reasoning=False)))
    writer.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        f"train-{i:05d}-of-{len(files):05d}.parquet" for i in range(len(files))
    ]
    assert len(files) > 1
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    assert [row["id"] for row in rows] == [question.id for question in questions]
    assert all(Path(i["path"]).is_file() and not i["bytes"] for row in rows for i in row["images"])


def test_equal_settings_give_equal_files_whatever_the_files_are_called(
    data: Path, own_data: Path, tmp_path: Path
) -> None:
    first = make_mix(MixConfig(data, tmp_path / "first", mix="all", size=77, copy_images=True))
    for file in sorted((own_data / "questions").glob("*/*.jsonl")):
        turned = "".join(reversed(file.read_text().splitlines(keepends=True)))
        (own_data / "questions" / f"z{9 - int(file.parent.name[-1])}.jsonl").write_text(turned)
        file.unlink()
    again = make_mix(MixConfig(own_data, tmp_path / "again", mix="all", size=77, copy_images=True))
    other = make_mix(MixConfig(data, tmp_path / "other", mix="all", size=77, seed=1))
    assert contents(first) == contents(again)
    assert (first / "train.jsonl").read_text() != (other / "train.jsonl").read_text()


def test_questions_without_pictures_are_left_out_and_counted(
    own_data: Path, tmp_path: Path
) -> None:
    file = own_data / "questions" / "scene-0" / "walk.jsonl"
    blind = file.read_text().replace('"frames": [0, 3, 6]', '"frames": []')
    file.write_text(blind)
    out = make_mix(MixConfig(own_data, tmp_path / "out", mix="all"))
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["without_pictures"], summary["questions"]) == (80, 520)


def test_asking_again_is_reported(own_data: Path, tmp_path: Path) -> None:
    file = own_data / "questions" / "scene-0" / "walk.jsonl"
    file.write_text(file.read_text().replace('"key": ["1"]', '"key": ["0"]'))
    out = make_mix(MixConfig(own_data, tmp_path / "out", mix="all"))
    summary = json.loads((out / "summary.json").read_text())
    assert summary["repeated"] == 4 + 1
    assert summary["repeated_share"] == round(5 / 600, 4)


def damage_line(data: Path) -> str:
    file = data / "questions" / "scene-1" / "walk.jsonl"
    file.write_text(file.read_text()[:-40])
    return r"scene-1/walk.jsonl:100: not a question"


def damage_field(data: Path) -> str:
    file = data / "questions" / "scene-1" / "walk.jsonl"
    file.write_text('{"id": "a"}\n')
    return r"scene-1/walk.jsonl:1: not a question"


def damage_letter(data: Path) -> str:
    file = data / "questions" / "scene-2" / "walk.jsonl"
    file.write_text(file.read_text().replace('"letter": "A"', '"letter": "B"'))
    return "is not its answer"


def damage_twice(data: Path) -> str:
    file = data / "questions" / "scene-2" / "walk.jsonl"
    (file.parent / "copy.jsonl").write_text(file.read_text())
    return "was there before"


def damage_number(data: Path) -> str:
    file = data / "questions" / "scene-2" / "walk.jsonl"
    text = file.read_text().splitlines(keepends=True)
    text[60] = text[60].replace('"answer": "', '"answer": "about ')
    file.write_text("".join(text))
    return "of object_abs_distance is no number"


def damage_image(data: Path) -> str:
    (data / "trajectories" / "scene-3" / "walk" / "frames" / "000003.jpg").unlink()
    return "000003.jpg, which question .* shows, is missing"


def damage_all_questions(data: Path) -> str:
    for file in (data / "questions").rglob("*.jsonl"):
        file.unlink()
    return "holds no questions"


@pytest.mark.parametrize(
    "damage",
    [
        damage_line, damage_field, damage_letter, damage_twice, damage_number, damage_image,
        damage_all_questions,
    ],
)  # fmt: skip
def test_damaged_data_is_one_clear_error_and_leaves_no_mix(
    damage, own_data: Path, tmp_path: Path
) -> None:
    message = damage(own_data)
    with pytest.raises(SpatuneError, match=message) as caught:
        make_mix(MixConfig(own_data, tmp_path / "out", mix="all"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_leftovers_of_a_stopped_run_do_not_get_into_the_mix(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out.work").mkdir()
    (tmp_path / "out.work" / "train-00000.part").write_text("half")
    out = make_mix(MixConfig(data, tmp_path / "out", mix="all", size=10))
    assert not (out / "train-00000.part").exists() and not (tmp_path / "out.work").exists()


def test_bad_settings_are_one_clear_error(data: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for config, message in (
        (MixConfig(tmp_path / "none", tmp_path / "out"), "none is not a folder"),
        (MixConfig(data, tmp_path / "there"), "there exists; remove it"),
        (MixConfig(data, tmp_path / "out", formats=()), "nothing to write"),
        (MixConfig(data, tmp_path / "out", mix="4q"), "there is no mix '4q'"),  # pyright: ignore
        (MixConfig(data, tmp_path / "out", size=-1), "--size is -1"),
    ):
        with pytest.raises(SpatuneError, match=message):
            make_mix(config)
