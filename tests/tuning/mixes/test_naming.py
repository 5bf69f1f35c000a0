"""The naming mix says what is there and not where; tasks may be left out or bounded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatune.errors import SpatuneError
from spatune.tuning.mixes.config import MixConfig
from spatune.tuning.mixes.mix import make_mix
from spatune.tuning.mixes.named import quotas
from spatune.tuning.mixes.naming import QUESTION, without_places
from spatune.tuning.quality.question_files import QuestionFiles
from spatune.tuning.questions.question import Question

from .conftest import FRAMES, asked

CAPTION = (
    "The image shows a bed, two chairs and a lamp. The camera stands in a bedroom. "
    "The bed is on the left of the image, about 2.0 meters from the camera."
)
PLACES = ("left", "right", "meters", "behind", "closest")
ASKED = {"options": ("yes", "no")}
FACTS = {
    "scene_caption": {
        "question": "Describe the image.",
        "answer": CAPTION,
        "form": "text",
        "media": "image",
    },
    "object_present": {"question": "Does the image show a bed?", "answer": "yes", **ASKED},
    "was_seen": {"question": "Was a lamp seen?", "answer": "no", **ASKED},
    "object_rel_distance": {"question": "Is it close?", "answer": "yes", **ASKED},
}


@pytest.fixture(scope="module")
def named_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scene with twelve questions of four tasks each."""
    folder = tmp_path_factory.mktemp("named")
    frames = folder / "trajectories" / "s" / "walk" / "frames"
    frames.mkdir(parents=True)
    for index in FRAMES:
        Image.new("RGB", (8, 8)).save(frames / f"{index:06d}.jpg")
    file = folder / "questions" / "s" / "walk.jsonl"
    file.parent.mkdir(parents=True)
    questions = []
    for task, facts in FACTS.items():
        shown = {"frames": FRAMES[:1]} if task == "scene_caption" else {}
        questions += [asked(task, "s", number, facts | shown) for number in range(12)]
    file.write_text("".join(question.to_line() for question in questions))
    return folder


def tasks(out: Path) -> Counter[str]:
    return Counter(question.task for question in QuestionFiles(out))


def test_naming_says_nothing_about_places(named_data: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(named_data, tmp_path / "out", "naming"))
    assert tasks(out) == {"object_present": 12, "scene_caption": 12, "was_seen": 12}
    for line in (out / "train.jsonl").read_text().splitlines():
        human, model = json.loads(line)["conversations"]
        assert not any(word in model["value"] for word in PLACES)
        if model["value"].startswith("The image"):
            assert model["value"] == "The image shows a bed, two chairs and a lamp."
            assert QUESTION in human["value"].split("\n")
    # Reasoning about places is left out with them.
    thinking = MixConfig(named_data, tmp_path / "thinking", "naming", reasoning=True)
    assert "2.0 meters" not in (make_mix(thinking) / "train.jsonl").read_text()


def test_other_mixes_keep_their_captions(named_data: Path, tmp_path: Path) -> None:
    out = make_mix(MixConfig(named_data, tmp_path / "out", "all"))
    assert CAPTION in (out / "train.jsonl").read_text()
    assert tasks(out).total() == 48


@given(tail=st.lists(st.sampled_from(["It is on the left.", "About 2.5 meters."]), max_size=3))
def test_only_captions_lose_what_follows_their_first_sentence(tail: list[str]) -> None:
    first = "The image shows a bed."
    facts = FACTS["scene_caption"] | {"answer": " ".join([first, *tail]), "reasoning": "I see."}
    caption = without_places(asked("scene_caption", "s", 0, facts))
    assert (caption.question, caption.answer, caption.reasoning) == (QUESTION, first, "")
    other: Question = asked("was_seen", "s", 0, FACTS["was_seen"])
    assert without_places(other) is other


def test_tasks_are_left_out_and_bounded(named_data: Path, tmp_path: Path) -> None:
    config = MixConfig(
        named_data, tmp_path / "out", "all", without=("was_seen", "scene_caption"), most=5
    )
    out = make_mix(config)
    assert tasks(out) == {"object_present": 5, "object_rel_distance": 5}
    stored = json.loads((out / "config.json").read_text())
    assert (stored["without"], stored["most"]) == (["was_seen", "scene_caption"], 5)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["wanted"] == summary["questions"] == 10


def test_what_is_left_shares_the_quota_of_what_is_left_out(
    named_data: Path, tmp_path: Path
) -> None:
    out = make_mix(
        MixConfig(named_data, tmp_path / "out", "naming", without=("was_seen",), size=20)
    )
    assert tasks(out) == {"object_present": 10, "scene_caption": 10}
    with pytest.raises(SpatuneError, match="--without leaves no task of mix '3q'"):
        quotas("3q", {}, 10, tuple(quotas("3q", {}, 10)))
    with pytest.raises(SpatuneError, match="--without leaves no task of mix 'all'"):
        make_mix(MixConfig(named_data, tmp_path / "none", "all", without=tuple(FACTS), size=3))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"without": ("walking",)}, "--without walking: .* has no question of this task"),
        ({"most": 0}, "--most is 0; use 1 or more"),
    ],
)
def test_bad_settings_are_one_line(
    options: dict, line: str, named_data: Path, tmp_path: Path, make_question: Callable
) -> None:
    with pytest.raises(SpatuneError, match=line):
        make_mix(MixConfig(named_data, tmp_path / "out", "all", **options))
    assert not (tmp_path / "out").exists()
