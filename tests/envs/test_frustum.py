"""Spheres that are called invisible hold no visible point."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spatune.envs.frustum import apart_from, outside_frustum

seeds = st.integers(0, 2**32 - 1)


def points_in_spheres(centres: np.ndarray, radii: np.ndarray, rng) -> np.ndarray:
    """(N, 200, 3): points within each sphere."""
    directions = rng.normal(size=(len(radii), 200, 3))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    lengths = radii[:, None, None] * rng.uniform(0, 1, (len(radii), 200, 1)) ** (1 / 3)
    return centres[:, None] + directions * lengths


@settings(deadline=None)
@given(seeds)
def test_no_point_of_a_sphere_outside_projects_into_the_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    position, rotation = rng.normal(size=3), Rotation.random(rng=rng).as_matrix()
    fov_y, aspect = rng.uniform(0.2, 2.5), rng.uniform(0.5, 2.0)
    centres, radii = position + rng.normal(size=(60, 3)), rng.uniform(0.01, 0.8, 60)
    outside = outside_frustum(centres, radii, position, rotation, fov_y, aspect)
    right, up, backward = np.moveaxis(
        (points_in_spheres(centres, radii, rng) - position) @ rotation, 2, 0
    )
    half = np.tan(fov_y / 2) * -backward
    seen = (backward < 0) & (np.abs(right) <= half * aspect) & (np.abs(up) <= half)
    assert not (seen.any(axis=1) & outside).any()
    # It is of use: of small spheres it hides nearly all that are out of view.
    small = outside_frustum(centres, np.zeros(60), position, rotation, fov_y, aspect)
    right, up, backward = ((centres - position) @ rotation).T
    half = np.tan(fov_y / 2) * -backward
    beside = (np.abs(right) > half * aspect + 0.01) | (np.abs(up) > half + 0.01)
    wide_of_apex = np.linalg.norm(centres - position, axis=1) > 0.1
    assert (small | ~(beside & wide_of_apex & (backward < 0))).mean() > 0.9


@settings(deadline=None)
@given(seeds)
def test_no_ray_meets_both_spheres_that_are_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    position, centre, radius = rng.normal(size=3), rng.normal(size=3), rng.uniform(0.01, 0.6)
    centres, radii = rng.normal(size=(60, 3)), rng.uniform(0.01, 0.6, 60)
    apart = apart_from(centre, radius, centres, radii, position)
    rays = points_in_spheres(centres, radii, rng) - position
    along = np.maximum((rays @ (centre - position)) / (rays**2).sum(2), 0.0)
    nearest = np.linalg.norm(along[..., None] * rays - (centre - position), axis=2)
    assert not ((nearest < radius).any(axis=1) & apart).any()
    assert apart.any() or np.linalg.norm(centre - position) < 2 * radius or radii.mean() > 0.3
