"""The gallery is one page that shows what the questions are about."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatune.errors import SpatuneError
from spatune.tuning.quality.box_lines import box_lines
from spatune.tuning.quality.gallery import make_gallery
from spatune.tuning.quality.gallery_config import GalleryConfig
from spatune.tuning.questions.question import Question
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject
from spatune.tuning.scenes.simsv import write_frames, write_scene
from spatune.tuning.scenes.trajectory import Frame, Sighting, Trajectory

SIZE = 96
CAMERA = Pinhole.looking((0, 1, 0), (0, 0, 0), 60, SIZE, SIZE)
SEEN = SceneObject("Bed|1", "bed", Box.from_bounds((-0.5, 0.5, 3), (0.5, 1.5, 4)))
HIDDEN = SceneObject("Sofa|1", "sofa", Box.from_bounds((-0.5, 0.5, 6), (0.5, 1.5, 7)))


def question(number: int, task: str = "object_size", **changes) -> Question:
    """A question about both objects."""
    facts = {
        "question": "Is <this> longer & wider?", "answer": "yes", "options": ("no", "yes"),
        "letter": "B", "reasoning": "It is so.",
        "provenance": {"objects": ["Bed|1", "Sofa|1"], "length": 1.5},
    } | changes  # fmt: skip
    return Question(
        f"house/walk/{task}/{number}", task, "MM", "video", "choice", "x", "house", "walk", (0, 4),
        **facts,
    )  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One scene, two grey frames, six questions of two tasks."""
    folder = tmp_path / "data" / "trajectories" / "house" / "walk"
    scene = Scene("house", "x", (SEEN, HIDDEN))
    sightings = {"Bed|1": Sighting(900, 0.1, 3.5)}
    frames = tuple(
        Frame(i, 0.1 * i, CAMERA, sightings, (0, 0, 0), file=f"frames/{i:06d}.jpg") for i in (0, 4)
    )
    write_scene(folder.parent, scene)
    write_frames(folder, Trajectory("walk", scene, frames))
    (folder / "frames").mkdir()
    for frame in frames:
        Image.new("RGB", (SIZE, SIZE), (128, 128, 128)).save(folder / frame.file)
    file = tmp_path / "data" / "questions" / "house" / "walk.jsonl"
    file.parent.mkdir(parents=True)
    held = [question(i) for i in range(5)] + [question(0, "other", marks=((), (("X", 0.5, 0.2),)))]
    file.write_text("".join(q.to_line() for q in held))
    return tmp_path / "data"


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects text, images and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.images: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.right: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.images.append(facts["src"])
        elif tag not in ("meta",):
            self.open.append(tag)
        if tag == "a":
            self.links.append(facts["href"])
        if "id" in facts:
            self.ids.append(facts["id"])
        self.marked = facts.get("class") == "right"

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag:
            assert self.open.pop() in ("html", "body"), f"{tag} closes too early"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.marked:
            self.right.append(data)
            self.marked = False


def test_page_holds_everything_and_needs_nothing_else(data: Path) -> None:
    text = make_gallery(GalleryConfig(data, per_task=2)).read_text()
    page = Page(text)
    shown = " ".join(page.words)
    assert not re.search(r"(?:src|href)=\"(?!data:|#)|url\(", text) and "<script" not in text
    assert page.ids == ["object_size", "other"]
    assert {"#object_size", "#other"} <= set(page.links)
    assert text.count("<article>") == 3
    assert len(page.images) == 6
    assert "Is <this> longer & wider?" in shown
    assert page.right == ["B. yes"] * 3
    assert "It is so." in shown and "length: 1.5" in shown


def picture(source: str) -> np.ndarray:
    """Pixels of an image in a page."""
    return np.asarray(Image.open(BytesIO(b64decode(source.split(",")[1]))).convert("RGB"), int)


def test_seen_objects_get_their_box_and_hidden_ones_none(data: Path) -> None:
    config = GalleryConfig(data, per_task=1, tasks=("object_size",), width=SIZE)
    pixels = picture(Page(make_gallery(config).read_text()).images[0])
    reddish = pixels[..., 0] - pixels[..., 1] > 60
    bluish = pixels[..., 2] - pixels[..., 0] > 60
    rows, columns = np.nonzero(reddish)
    # The near face of the bed: 1 m wide, 3 m away, focal length 83 pixels.
    assert abs(columns.min() - (48 - 0.5 / 3 * 83.1)) <= 2
    assert abs(rows.max() - (48 + 0.5 / 3 * 83.1)) <= 2
    assert not bluish.any()


def test_marks_are_on_the_image_that_they_belong_to(data: Path) -> None:
    text = make_gallery(GalleryConfig(data, tasks=("other",), width=SIZE)).read_text()
    first, second = (picture(source) for source in Page(text).images)
    top = np.s_[10:24, 40:56]
    assert np.ptp(first[top]) < 30 < np.ptp(second[top])


def test_long_videos_are_thinned_and_the_page_says_so(data: Path) -> None:
    text = make_gallery(GalleryConfig(data, per_task=1, frames=1)).read_text()
    assert "1 of 2 frames" in text and len(Page(text).images) == 2


def test_the_same_seed_gives_the_same_page(data: Path) -> None:
    first = make_gallery(GalleryConfig(data, per_task=2)).read_text()
    assert make_gallery(GalleryConfig(data, per_task=2)).read_text() == first
    ids = {
        re.findall(
            "<header>(.*?)</header>", make_gallery(GalleryConfig(data, seed=seed)).read_text()
        )[0]
        for seed in range(8)
    }
    assert len(ids) > 1


def test_edges_behind_the_camera_are_cut() -> None:
    around = Box.from_bounds((-1, 0, -1), (1, 2, 2))
    lines = np.array(box_lines(around, CAMERA))
    assert len(lines) == 8, "four edges in front, four cut, four behind"
    assert np.isfinite(lines).all()
    assert box_lines(Box.from_bounds((-1, 0, -3), (1, 2, -1)), CAMERA) == []


def test_bad_input_is_one_clear_error(data: Path, tmp_path: Path) -> None:
    for config, message in (
        (GalleryConfig(tmp_path / "none"), "none is not a folder"),
        (GalleryConfig(data, tasks=("more",)), "there is no task 'more'; tasks are: object_size"),
        (GalleryConfig(data, per_task=0), "--per-task is 0"),
        (GalleryConfig(data, width=5), "--width is 5"),
    ):
        with pytest.raises(SpatuneError, match=message):
            make_gallery(config)
    (data / "trajectories" / "house" / "walk" / "frames" / "000004.jpg").write_bytes(b"half")
    with pytest.raises(SpatuneError, match="000004.jpg cannot be read"):
        make_gallery(GalleryConfig(data))
    assert not (data / "gallery.html").exists()
    (data / "trajectories" / "house" / "walk" / "frames.jsonl").unlink()
    with pytest.raises(SpatuneError, match="holds no frames.jsonl"):
        make_gallery(GalleryConfig(data))
