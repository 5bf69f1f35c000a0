"""Materials look like their names, always the same, and without seams."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spatune.envs.houses.house import Material
from spatune.envs.houses.library import house_names, load_house
from spatune.envs.houses.palette import Palette
from spatune.envs.houses.surfaces import TEXTURE_PIXELS, Surface, surface_of

GREY = (0.5, 0.5, 0.5)
PATTERNS = ("plain", "planks", "tiles", "bricks", "carpet")


def hashes() -> list[str]:
    """One for each pattern, and one for a look that depends on a material's name."""
    looks = [Surface(GREY, pattern).texture().tobytes() for pattern in PATTERNS]
    looks.append(repr(surface_of(Material("Unheard"))).encode())
    return [hashlib.sha256(look).hexdigest() for look in looks]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("DarkWoodSmooth", "planks"),
        ("WhiteKitchenTile", "tiles"),
        ("RedBrick", "bricks"),
        ("CarpetWhite", "carpet"),
        ("Drywall", "plain"),
        ("", "plain"),
    ],
)
def test_the_pattern_follows_the_name(name: str, pattern: str) -> None:
    assert surface_of(Material(name)).pattern == pattern


def test_the_colour_follows_the_name() -> None:
    dark = surface_of(Material("DarkWood")).colour
    light = surface_of(Material("LightWood")).colour
    assert sum(dark) < sum(light) - 0.5
    red, green, blue = surface_of(Material("RedBrick")).colour
    assert red > green + 0.2 and red > blue + 0.2


def test_a_tint_replaces_the_colour_and_keeps_the_pattern() -> None:
    assert surface_of(Material("RedBrick", (0.1, 0.2, 0.3))) == Surface((0.1, 0.2, 0.3), "bricks")


def test_two_materials_of_a_kind_differ_and_one_does_not() -> None:
    assert surface_of(Material("WoodOak")) == surface_of(Material("WoodOak"))
    assert surface_of(Material("WoodOak")) != surface_of(Material("WoodPine"))


def test_every_material_of_the_houses_has_a_look() -> None:
    materials = set()
    for name in house_names("val"):
        house = load_house(name)
        materials |= {room.floor_material for room in house.rooms}
        materials |= {wall.material for wall in house.walls}
        materials.add(house.ceiling_material)
    assert len(materials) > 20
    looks = [surface_of(material) for material in materials]
    assert {look.pattern for look in looks} <= set(PATTERNS)
    assert all(0.0 <= part <= 1.0 for look in looks for part in look.colour)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_texture_is_its_colour_on_average(pattern) -> None:
    picture = Surface((0.5, 0.4, 0.3), pattern).texture()
    assert picture.shape == (TEXTURE_PIXELS, TEXTURE_PIXELS, 3) and picture.dtype == np.uint8
    np.testing.assert_allclose(picture.mean(axis=(0, 1)) / 255, (0.5, 0.4, 0.3), rtol=0.1)
    assert (picture.std() > 1) == (pattern != "plain") or picture[..., 0].std() == 0


@pytest.mark.parametrize("pattern", ["tiles", "bricks"])
def test_joints_are_evenly_spaced_across_the_seam(pattern) -> None:
    """The first row of a texture is a joint, and the last is none: copies meet as pieces do."""
    rows = Surface(GREY, pattern).texture()[..., 0].astype(float).mean(axis=1)
    joint = np.abs(rows - np.median(rows)) > 12
    starts = np.flatnonzero(joint & ~np.roll(joint, 1))
    assert len(starts) >= 4
    assert len(set(np.diff([*starts, starts[0] + TEXTURE_PIXELS]))) == 1


def test_textures_are_the_same_in_every_process() -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    program += f"from {Path(__file__).stem} import hashes; print(*hashes())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == hashes()
    assert len(set(hashes())) == len(PATTERNS) + 1


def test_a_palette_gives_each_colour_a_place_of_its_own() -> None:
    palette = Palette()
    colours = [(i / 255, (7 * i % 256) / 255, 0.5) for i in range(200)]
    places = [palette.coordinates(colour) for colour in colours]
    assert places == [palette.coordinates(colour) for colour in colours]
    picture = palette.texture()
    size = len(picture)
    for colour, (u, v) in zip(colours, places, strict=True):
        # The coordinate is where four pixels meet: all of them have the colour.
        row, column = round(v * size), round(u * size)
        block = picture[row - 1 : row + 1, column - 1 : column + 1].reshape(-1, 3)
        np.testing.assert_array_equal(block, np.tile(np.rint(255 * np.array(colour)), (4, 1)))


def test_a_palette_that_is_full_says_so() -> None:
    palette = Palette()
    for number in range(64**2 + 1):
        palette.coordinates((number % 256 / 255, number // 256 / 255, 0.0))
    with pytest.raises(ValueError, match="4097 colours"):
        palette.texture()
