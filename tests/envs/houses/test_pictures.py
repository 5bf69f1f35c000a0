"""Pictures of houses, the page of many houses, and the check of house files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from math import dist
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatune.envs.houses.floorplan import FloorPlan
from spatune.envs.houses.generation.config import GenerateHousesConfig
from spatune.envs.houses.generation.generate import generate_houses
from spatune.envs.houses.generation.simple import simple_house
from spatune.envs.houses.house import House
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.pictures.check import check_houses
from spatune.envs.houses.pictures.config import CheckHousesConfig, RenderHousesConfig
from spatune.envs.houses.pictures.facts import HouseFacts
from spatune.envs.houses.pictures.render import SHEET_FILE, render_houses
from spatune.envs.houses.pictures.selection import house_sources
from spatune.envs.houses.pictures.sheet import Card, contact_sheet
from spatune.envs.houses.pictures.viewpoint import EYE
from spatune.envs.houses.pictures.views import DARKEST_DEPTH, HouseViews
from spatune.envs.houses.polygon import contains
from spatune.envs.houses.write import house_json, house_sha256, save_house
from spatune.errors import SpatuneError

TRAIN = house_names("train")[0]
SIZE = 96


@pytest.fixture(scope="module")
def house() -> House:
    """Two furnished rooms."""
    return simple_house(3, 2)


@pytest.fixture(scope="module")
def views(house: House) -> Iterator[HouseViews]:
    """Pictures of it."""
    drawn = HouseViews(house, SIZE)
    yield drawn
    drawn.close()


# Which houses


def test_words_name_houses_each_once_in_their_order() -> None:
    names = [source.name for source in house_sources(("val", TRAIN, "all"))]
    assert names[:10] == list(house_names("val")) and names[10] == TRAIN
    assert sorted(names) == sorted(house_names())
    assert house_sources((TRAIN,))[0].load() == load_house(TRAIN)


def test_a_folder_of_the_generator_gives_its_houses(tmp_path: Path) -> None:
    generate_houses(GenerateHousesConfig(tmp_path / "a", 2, generator="simple", workers=1))
    sources = house_sources((str(tmp_path / "a"),))
    assert len(sources) == 2
    for source in sources:
        assert house_sha256(source.load()) == source.sha256


def test_a_file_gives_its_house(tmp_path: Path, house: House) -> None:
    save_house(house, tmp_path / "mine.json.gz")
    (source,) = house_sources((str(tmp_path / "mine.json.gz"),))
    assert source.name == "mine" and source.load().rooms == house.rooms


def test_words_that_name_no_house_are_refused(tmp_path: Path, house: House) -> None:
    with pytest.raises(SpatuneError, match="no house 'trian'; use train, val, test, all"):
        house_sources(("trian",))
    with pytest.raises(SpatuneError, match="name a house"):
        house_sources(())
    with pytest.raises(SpatuneError, match="has no houses in a houses.json"):
        house_sources((str(tmp_path),))
    for folder in ("a", "b"):
        save_house(house, tmp_path / folder / "mine.json")
    with pytest.raises(SpatuneError, match="two houses have the name 'mine'"):
        house_sources([str(tmp_path / folder / "mine.json") for folder in ("a", "b")])


# Views


def test_the_map_is_white_outside_and_only_there() -> None:
    house = load_house("train-749c0bae92e1")
    (room,) = house.rooms
    assert len(room.floor) > 4
    drawn = HouseViews(house, SIZE)
    picture = drawn.top()
    drawn.close()
    corners = np.array(room.floor)
    low, high = corners.min(axis=0), corners.max(axis=0)
    metres = ((high - low).max() + 0.6) / SIZE
    middle = (low + high) / 2
    inside, outside = [], []
    for row in range(4, SIZE, 8):
        for column in range(4, SIZE, 8):
            x = middle[0] + (column + 0.5 - SIZE / 2) * metres
            z = middle[1] - (row + 0.5 - SIZE / 2) * metres
            around = [(x + a, z + b) for a in (-0.4, 0.4) for b in (-0.4, 0.4)]
            held = [contains(room.floor, (float(a), float(b))) for a, b in around]
            if all(held):
                inside.append(picture[row, column].tolist())
            elif not any(held):
                outside.append(picture[row, column].tolist())
    assert len(inside) > 20 and len(outside) > 20
    assert all(colour == [255, 255, 255] for colour in outside)
    assert [255, 255, 255] not in inside


def test_an_agent_can_stand_where_a_room_is_seen_from(views: HouseViews, house: House) -> None:
    plan = FloorPlan(house)
    for room in house.rooms:
        best, other = views.viewpoints(room, 2)
        assert best.interest >= other.interest
        turn = (best.camera.rotation[1] - other.camera.rotation[1]) % 360
        assert 90 <= turn <= 270
        for view in (best, other):
            x, y, z = view.camera.position
            assert y == EYE and contains(room.floor, (x, z)) and plan.free(np.array([[x, z]]))[0]


def test_the_best_view_shows_the_furniture(views: HouseViews, house: House) -> None:
    colours = views.object_colours()
    for room in house.rooms:
        camera = views.viewpoints(room)[0].camera
        picture = views.objects(camera)
        seen = {"#" + bytes(colour).hex() for colour in np.unique(picture.reshape(-1, 3), axis=0)}
        assert seen <= {*colours.values(), "#000000"}
        things = [thing.id for thing, _ in house.all_objects()]
        assert sum(colours[name] in seen for name in things) >= 3


def test_every_object_has_a_colour_of_its_own(views: HouseViews) -> None:
    colours = list(views.object_colours().values())
    assert len(set(colours)) == len(colours) and "#000000" not in colours


def test_depth_is_white_near_and_black_far(views: HouseViews, house: House) -> None:
    camera = views.viewpoints(house.rooms[0])[0].camera
    wall_ahead = views.depth(camera)
    # A step back makes everything darker by as much as the step is of the whole range.
    yaw = np.radians(camera.rotation[1])
    x, y, z = camera.position
    level = replace(camera, rotation=(0.0, camera.rotation[1], 0.0))
    back = replace(level, position=(x - 0.1 * np.sin(yaw), y, z - 0.1 * np.cos(yaw)))
    middle = SIZE // 2
    change = int(views.depth(level)[middle, middle]) - int(views.depth(back)[middle, middle])
    assert change == pytest.approx(255 * 0.1 / DARKEST_DEPTH, abs=1.01)
    assert wall_ahead.dtype == np.uint8 and wall_ahead.max() > wall_ahead.min()


def test_pictures_of_a_house_repeat(views: HouseViews, house: House) -> None:
    again = HouseViews(house, SIZE)
    for room in house.rooms:
        camera = views.viewpoints(room)[0].camera
        assert again.viewpoints(room)[0].camera == camera
        np.testing.assert_array_equal(again.colours(camera), views.colours(camera))
    np.testing.assert_array_equal(again.top(), views.top())
    again.close()


# Files


def test_render_writes_what_is_asked_for(tmp_path: Path, house: House) -> None:
    save_house(house, tmp_path / "mine.json")
    config = RenderHousesConfig(
        (str(tmp_path / "mine.json"), TRAIN),
        tmp_path / "out",
        views=("top", "room", "depth", "objects"),
        size=SIZE,
        sheet=True,
    )
    render_houses(config)
    kinds = [room.room_type for room in house.rooms]
    wanted = {"top.png", "objects.json"}
    for number, kind in enumerate(kinds):
        wanted |= {f"{number}-{kind}{ending}.png" for ending in ("", "-depth", "-objects")}
    assert {path.name for path in (tmp_path / "out" / "mine").iterdir()} == wanted
    for path in (tmp_path / "out").glob("*/*.png"):
        assert Image.open(path).size == (SIZE, SIZE)
    ids = json.loads((tmp_path / "out" / "mine" / "objects.json").read_text())
    assert {thing.id for thing, _ in house.all_objects()} <= set(ids)
    assert Image.open(tmp_path / "out" / SHEET_FILE).width > 2 * SIZE


def test_render_of_a_sheet_alone_writes_nothing_else(tmp_path: Path) -> None:
    render_houses(RenderHousesConfig((TRAIN,), tmp_path, views=(), size=SIZE, sheet=True))
    assert [path.name for path in tmp_path.iterdir()] == [SHEET_FILE]


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("{}")
    for settings, message in (
        ({"size": 8}, "--size is 8; use 32 to 4096"),
        ({"views": ()}, "nothing to draw"),
        ({"houses": (str(file),)}, "file: house"),
        ({"out": file}, "cannot be written"),
    ):
        config = replace(RenderHousesConfig((TRAIN,), tmp_path / "out", size=SIZE), **settings)
        with pytest.raises(SpatuneError, match=message):
            render_houses(config)


# The page of many houses


def card(group: str, name: str = "house") -> Card:
    red, green = (np.full((8, 8, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 200, 0)))
    return Card(group, name, "1 room", red, (green, green))


def test_a_page_has_a_place_for_every_card() -> None:
    page = np.asarray(contact_sheet([card("a")] * 5 + [card("b")], columns=3))
    red = (page == (200, 0, 0)).all(axis=-1)
    green = (page == (0, 200, 0)).all(axis=-1)
    single = np.asarray(contact_sheet([card("a")]))
    assert red.sum() == 6 * (single == (200, 0, 0)).all(axis=-1).sum() > 0
    assert green.sum() == 6 * (single == (0, 200, 0)).all(axis=-1).sum() > 0
    # Two rows of group a and one of b; three columns.
    assert np.count_nonzero(np.diff(red.any(axis=1).astype(int)) == 1) == 3
    assert np.count_nonzero(np.diff(red.any(axis=0).astype(int)) == 1) == 3


def test_long_names_stay_in_their_card() -> None:
    page = np.asarray(contact_sheet([card("a", "x" * 300), card("a", "y")]))
    red = (page == (200, 0, 0)).all(axis=-1).any(axis=0)
    second = np.flatnonzero(np.diff(red.astype(int)) == 1)[1]
    below = np.flatnonzero((page == (200, 0, 0)).all(axis=-1).any(axis=1)).max() + 1
    gap = page[below:, second - 10 : second]
    assert (gap == 255).all()


def test_facts_are_those_of_the_house(house: House) -> None:
    facts = HouseFacts.of(house)
    assert facts.rooms == 2 and facts.objects == len(list(house.all_objects()))
    room = house.rooms[0].floor
    assert facts.floor > dist(room[0], room[1])
    assert str(facts) == f"2 rooms, {facts.objects} objects, {facts.floor:.0f} m2"


# The check


def test_houses_of_the_package_pass(capsys: pytest.CaptureFixture[str]) -> None:
    reports = check_houses(CheckHousesConfig((TRAIN, house_names("test")[0])))
    assert [report.fault for report in reports] == [None, None]
    printed = capsys.readouterr().out
    assert all(report.name in printed and report.sha256[:12] in printed for report in reports)


def test_every_house_is_reported_before_the_check_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], house: House
) -> None:
    digest = house_sha256(house)
    changed = house_json(house)
    changed["metadata"]["agent"]["horizon"] = 60
    (tmp_path / f"train-{digest[:12]}.json").write_text(json.dumps(changed))
    (tmp_path / "broken.json").write_text('{"rooms": [')
    thing = house.objects[0]
    moved = replace(thing, position=(thing.position[0] + 50.0, *thing.position[1:]), children=())
    save_house(replace(house, objects=(moved, *house.objects[1:])), tmp_path / "outside.json")
    impossible = house_json(house)
    impossible["walls"] = impossible["walls"][1:]
    (tmp_path / "open.json").write_text(json.dumps(impossible))
    save_house(house, tmp_path / f"val-{digest[:12]}.json")
    files = sorted(str(path) for path in tmp_path.iterdir())
    with pytest.raises(SpatuneError, match="^4 of 5 houses wrong, the first broken:") as raised:
        check_houses(CheckHousesConfig(tuple(files)))
    assert "\n" not in str(raised.value)
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("broken", "outside", "open", f"train-{digest[:12]}", f"val-{digest[:12]}", "ok"):
        assert words in printed


def test_a_changed_file_is_told_from_its_name(tmp_path: Path, house: House) -> None:
    path = tmp_path / f"train-{'0' * 12}.json"
    save_house(house, path)
    with pytest.raises(SpatuneError, match="was changed: its content hash is .*, not 000000000000"):
        house_sources((str(path),))[0].load()
    shutil.copy(path, tmp_path / "free.json")
    assert house_sources((str(tmp_path / "free.json"),))[0].load().rooms == house.rooms
