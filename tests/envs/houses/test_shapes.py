"""Every asset is drawn with a few parts that fill its bounding box and look like what it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.assets import Asset, all_assets, assets_of_type, find_asset, object_types
from spatune.envs.houses.shapes import Part, parts_of
from spatune.envs.houses.shapes.build import TEMPLATES
from spatune.envs.houses.shapes.sketch import Sketch
from spatune.errors import SpatuneError

ASSETS = tuple(all_assets().values())
Kind = Literal["box", "cylinder", "ellipsoid"]
Axis = Literal["x", "y", "z"]
axes = st.sampled_from(("x", "y", "z"))


def joint_bounds(parts: tuple[Part, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Bounding box of all parts together, metres."""
    lows, highs = zip(*(part.bounds() for part in parts), strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def holds(part: Part, point: tuple[float, float, float]) -> bool:
    """Whether a point, metres in the asset's frame, is inside a part."""
    inner = np.array(part.rotation()).T @ (np.array(point) - part.centre)
    share = np.abs(inner) / (np.array(part.size) / 2)
    if part.kind == "box":
        return bool((share <= 1).all())
    if part.kind == "ellipsoid":
        return bool((share**2).sum() <= 1)
    along = "xyz".index(part.axis)
    return bool(share[along] <= 1 and (np.delete(share, along) ** 2).sum() <= 1)


def solid_at(asset: Asset, x: float, y: float, z: float, *, with_leaf: bool = True) -> bool:
    """Whether anything is at a place, given in shares (0..1) of the bounding box."""
    width, height, depth = asset.size
    point = ((x - 0.5) * width, (y - 0.5) * height, (z - 0.5) * depth)
    return any(holds(p, point) for p in parts_of(asset) if with_leaf or not p.leaf)


def test_every_type_has_a_template() -> None:
    assert set(TEMPLATES) == set(object_types())


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(SpatuneError, match="Piano"):
        parts_of(replace(find_asset("Fridge_1"), object_type="Piano"))


def test_the_parts_of_every_asset_fill_its_bounding_box_and_stay_in_it() -> None:
    for asset in ASSETS:
        half = np.array(asset.size) / 2
        low, high = joint_bounds(parts_of(asset))
        assert (low >= -half - 1e-9).all() and (high <= half + 1e-9).all(), asset.id
        matters = half * 2 >= 0.002
        assert (low - -half <= 0.001)[matters].all(), asset.id
        assert (half - high <= 0.001)[matters].all(), asset.id


def test_no_part_is_thinner_than_a_millimetre() -> None:
    thinnest = {asset.id: min(min(part.size) for part in parts_of(asset)) for asset in ASSETS}
    assert min(thinnest.values()) >= 0.001 - 1e-12


def test_the_number_of_parts_stays_in_its_budget() -> None:
    counts = [len(parts_of(asset)) for asset in ASSETS]
    assert max(counts) <= 12
    assert np.mean(counts) <= 6
    small = [asset for asset in ASSETS if max(asset.size) < 0.4 and asset.object_type != "Sink"]
    assert {a.id for a in small if len(parts_of(a)) > 6} == set()


def test_nothing_is_a_bare_box() -> None:
    assert all(len(parts_of(asset)) >= 2 for asset in ASSETS)
    # What one picks up has a round or a slanted part, unless it is made of flat sides.
    flat = {"Book", "Box", "Cloth", "Newspaper"}
    for asset in ASSETS:
        if asset.primary == "CanPickup" and asset.object_type not in flat:
            assert any(p.kind != "box" or p.tilt for p in parts_of(asset)), asset.id


def faces_in_one_plane(first: Part, second: Part, least: float) -> Iterator[str]:
    """Axes on which two untilted parts show faces in one plane that overlap by `least` m2."""
    (low, high), (other_low, other_high) = first.bounds(), second.bounds()
    overlap = np.minimum(high, other_high) - np.maximum(low, other_low)
    for index, axis in enumerate("xyz"):
        across = np.delete(overlap, index)
        if (across <= 0).any() or across.prod() < least:
            continue
        # Undersides do not show.
        under = axis != "y" and abs(low[index] - other_low[index]) < 1e-5
        if under or abs(high[index] - other_high[index]) < 1e-5:
            yield axis


def test_faces_of_two_colours_do_not_share_a_plane() -> None:
    """The renderer would draw them as noise."""
    for asset in ASSETS:
        flat = [p for p in parts_of(asset) if p.kind == "box" and not p.tilt]
        for first, second in combinations(flat, 2):
            if first.colour != second.colour:
                least = 0.005 * max(asset.size) ** 2
                shared = list(faces_in_one_plane(first, second, least))
                assert not shared, (asset.id, first, second)


def test_assets_of_a_type_differ_in_colour_and_an_asset_never_does() -> None:
    for object_type in ("Fridge", "Mug", "Bed", "Sofa", "Apple", "Vase"):
        group = assets_of_type(object_type)
        assert len({frozenset(p.colour for p in parts_of(a)) for a in group}) > len(group) / 2
    script = (
        "import hashlib;from spatune.envs.houses.assets import all_assets;"
        "from spatune.envs.houses.shapes import parts_of;"
        "print(hashlib.sha256(repr([parts_of(a) for a in all_assets().values()]).encode())"
        ".hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1 and len(digests.pop().strip()) == 64


def biggest(asset: Asset) -> Part:
    return max(parts_of(asset), key=lambda part: float(np.prod(part.size)))


def test_colours_are_typical_of_the_type() -> None:
    for apple in assets_of_type("Apple"):
        red, green, blue = biggest(apple).colour
        assert max(red, green) > 2 * blue
    for ball in assets_of_type("BasketBall"):
        red, green, blue = biggest(ball).colour
        assert red > 1.5 * green > 2 * blue
    for toilet in assets_of_type("Toilet"):
        assert min(biggest(toilet).colour) > 0.8
    for plant in assets_of_type("HousePlant"):
        top = max(parts_of(plant), key=lambda part: part.bounds()[1][1])
        red, green, blue = top.colour
        assert green > 1.5 * max(red, blue), plant.id
    for television in assets_of_type("Television"):
        screen = max(
            (p for p in parts_of(television) if p.size[0] > 0.9 * television.size[0]),
            key=lambda part: part.bounds()[1][2],
        )
        assert max(screen.colour) < 0.1 and screen.size[1] > 0.7 * television.size[1]


def test_assets_face_forward() -> None:
    for object_type in ("Chair", "Sofa", "ArmChair", "Toilet"):
        for asset in assets_of_type(object_type):
            tallest = max(parts_of(asset), key=lambda part: part.bounds()[1][1])
            assert tallest.centre[2] < -0.1 * asset.size[2], asset.id
    for asset in assets_of_type("Bed"):
        pillows = [p for p in parts_of(asset) if p.kind == "ellipsoid"]
        assert pillows and all(p.centre[2] < -0.2 * asset.size[2] for p in pillows)
    for asset in assets_of_type("Fridge"):
        handles = [p for p in parts_of(asset) if p.bounds()[1][2] > 0.49 * asset.size[2]]
        assert handles and all(p.size[0] < 0.7 * asset.size[0] for p in handles)
    for asset in assets_of_type("Laptop"):
        (lid, screen) = (p for p in parts_of(asset) if p.tilt)
        facing = np.array(lid.rotation())[:, 2]
        assert facing[2] > 0.5 and facing[1] > 0
        assert np.dot(np.subtract(screen.centre, lid.centre), facing) > 0


@pytest.mark.parametrize(
    ("object_type", "place"),
    [("Box", (0.5, 0.6, 0.5)), ("Sink", (0.5, 0.95, 0.6)), ("TVStand", (0.5, 0.75, 0.7))],
)
def test_what_holds_things_is_hollow(object_type: str, place: tuple[float, float, float]) -> None:
    open_ones = [a for a in assets_of_type(object_type) if "Decorative" not in a.id]
    assert open_ones and not any(solid_at(asset, *place) for asset in open_ones)


def test_shelves_are_open_to_the_front() -> None:
    for asset in assets_of_type("ShelvingUnit"):
        column = [solid_at(asset, 0.3, y, 0.6) for y in np.linspace(0, 1, 101)]
        assert 0 < np.mean(column) < 0.4, asset.id


def test_only_the_leaf_bars_a_doorway() -> None:
    for asset in assets_of_type("Doorway"):
        assert solid_at(asset, 0.25, 0.5, 0.5)
        for x in (0.25, 0.5, 0.75):
            assert not solid_at(asset, x, 0.5, 0.5, with_leaf=False)
    for asset in assets_of_type("Doorframe"):
        assert not solid_at(asset, 0.5, 0.5, 0.5)
    with_leaf = {a.object_type for a in ASSETS if any(p.leaf for p in parts_of(a))}
    assert with_leaf == {"Doorway"}


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(
        [a for kind in ("Doorframe", "Doorway", "Window") for a in assets_of_type(kind)]
    ),
    st.tuples(st.floats(0.6, 3), st.floats(0.5, 2.5), st.floats(0.05, 0.6)),
)
def test_openings_fill_holes_of_other_sizes(asset: Asset, size: tuple[float, float, float]) -> None:
    low, high = joint_bounds(parts_of(replace(asset, size=size)))
    np.testing.assert_allclose(high, np.array(size) / 2, atol=1e-6)
    np.testing.assert_allclose(low, -np.array(size) / 2, atol=1e-6)


def test_a_cylinder_is_round_and_no_extent_is_zero() -> None:
    Part("cylinder", (0, 0, 0), (1, 2, 1), (0, 0, 0))
    with pytest.raises(SpatuneError, match="cylinder along x"):
        Part("cylinder", (0, 0, 0), (1, 2, 1), (0, 0, 0), axis="x")
    with pytest.raises(SpatuneError, match="positive"):
        Part("box", (0, 0, 0), (1, 0, 1), (0, 0, 0))


def surface_points(kind: Kind, size: np.ndarray, axis: Axis) -> np.ndarray:
    """(N, 3): points all over the surface of a part, in its own frame."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3))
    if kind == "box":
        return np.sign(directions) * size / 2
    if kind == "ellipsoid":
        return directions / np.linalg.norm(directions, axis=1, keepdims=True) * size / 2
    along = "xyz".index(axis)
    ends = np.sign(directions[:, along])
    directions[:, along] = 0
    points = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    points[:, along] = ends
    return points * size / 2


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(("box", "cylinder", "ellipsoid")),
    axes,
    axes,
    st.floats(-180, 180),
    st.lists(st.floats(0.01, 3), min_size=3, max_size=3),
)
def test_bounds_are_those_of_the_turned_surface(
    kind: Kind, axis: Axis, tilt_axis: Axis, tilt: float, extents: list[float]
) -> None:
    size = np.array(extents)
    if kind == "cylinder":
        size = np.where(np.arange(3) == "xyz".index(axis), size, size[0])
    part = Part(kind, (0.1, -0.2, 0.3), tuple(size.tolist()), (0, 0, 0), axis, tilt, tilt_axis)
    points = surface_points(kind, size, axis) @ np.array(part.rotation()).T + part.centre
    low, high = (np.array(corner) for corner in part.bounds())
    assert (points >= low - 1e-9).all() and (points <= high + 1e-9).all()
    slack = 0 if kind == "box" else 0.02 * (high - low)
    assert (points.min(axis=0) - low <= slack + 1e-9).all()
    assert (high - points.max(axis=0) <= slack + 1e-9).all()


@pytest.mark.parametrize(
    ("axis", "begin", "end"), [("x", "y", "z"), ("y", "z", "x"), ("z", "x", "y")]
)
def test_a_quarter_turn_takes_one_axis_to_the_next(axis: Axis, begin: str, end: str) -> None:
    part = Part("box", (0, 0, 0), (1, 1, 1), (0, 0, 0), tilt=90.0, tilt_axis=axis)
    unit = np.eye(3)
    turned = np.array(part.rotation()) @ unit["xyz".index(begin)]
    np.testing.assert_allclose(turned, unit["xyz".index(end)], atol=1e-12)


spans = st.tuples(st.floats(0, 0.8), st.floats(0.1, 1)).map(lambda s: (s[0], min(1.0, s[0] + s[1])))


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(("box", "cylinder", "ellipsoid")),
    axes,
    st.tuples(spans, spans, spans),
    st.floats(0.001, 0.4),
    st.booleans(),
)
def test_a_leaning_part_reaches_every_side_of_its_place(
    kind: Kind, about: Axis, place: tuple, thick: float, back: bool
) -> None:
    asset = find_asset("Fridge_1")
    part = Sketch(asset).lean((0, 0, 0), *place, about=about, thick=thick, back=back, kind=kind)
    low, high = (np.array(corner) / asset.size + 0.5 for corner in part.bounds())
    wanted_low, wanted_high = np.array(place).T
    checked = np.ones(3, dtype=bool)
    if kind == "cylinder":
        # It is as wide as it is thick.
        checked["xyz".index(about)] = False
    np.testing.assert_allclose(low[checked], wanted_low[checked], atol=1e-6)
    np.testing.assert_allclose(high[checked], wanted_high[checked], atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.tuples(spans, spans, spans), axes)
def test_an_oval_reaches_every_side_of_its_place(place: tuple, axis: Axis) -> None:
    asset = find_asset("Fridge_1")
    sketch = Sketch(asset)
    sketch.oval((0, 0, 0), *place, axis=axis)
    assert len(sketch.parts) <= 2
    low, high = joint_bounds(tuple(sketch.parts))
    wanted_low, wanted_high = (np.array(place).T - 0.5) * asset.size
    assert (np.abs(low - wanted_low) <= 0.001).all()
    assert (np.abs(high - wanted_high) <= 0.001).all()
