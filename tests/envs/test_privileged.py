"""Privileged labels agree with the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.libero import LiberoEnv

SIZE = 128


@pytest.mark.parametrize("camera", ["agentview", "robot0_eye_in_hand"])
def test_depth_and_cameras_agree_with_object_poses(object_env: LiberoEnv, camera: str) -> None:
    object_env.reset(seed=0, options={"init_index": 0})
    scene = object_env.privileged
    matrices = scene.camera(camera, SIZE, SIZE)
    labels, depth = scene.instances(camera, SIZE, SIZE), scene.depth(camera, SIZE, SIZE)
    checked = 0
    for name in scene.objects:
        mask = labels == scene.instance_names.index(name)
        if mask.sum() < 20:
            continue
        rows, columns = np.nonzero(mask)
        pixels = np.stack([columns + 0.5, rows + 0.5], axis=1)
        surface = matrices.unproject(pixels, depth[mask])
        points = scene.collision_points(name)
        low, high = points.min(axis=0) - 0.02, points.max(axis=0) + 0.02
        # Meshes overhang their collision boxes a little, and edge pixels mix two depths.
        assert ((surface > low) & (surface < high)).all(axis=1).mean() > 0.85, name
        checked += 1
    assert checked >= (3 if camera == "agentview" else 1)


def test_projection_is_undone(object_env: LiberoEnv) -> None:
    object_env.reset(seed=0, options={"init_index": 0})
    matrices = object_env.privileged.camera("agentview", 96, SIZE)
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (40, 3)) + [0, 0, 0.2]
    pixels, depth = matrices.project(points)
    np.testing.assert_allclose(matrices.unproject(pixels, depth), points, atol=1e-9)


def test_unknown_names_are_listed(object_env: LiberoEnv) -> None:
    with pytest.raises(ValueError, match="no object, fixture or region 'teapot'"):
        object_env.privileged.position("teapot")
