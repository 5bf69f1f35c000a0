"""Leaving out what is out of view changes no pixel."""

from __future__ import annotations

import numpy as np
import pytest

from spatune.envs.libero import LiberoEnv
from spatune.envs.view_culling import ViewCulling


@pytest.mark.parametrize("scene", ["spatial_env", "object_env"])
def test_pixels_ids_and_depth_are_those_of_the_whole_scene(
    scene: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    env: LiberoEnv = request.getfixturevalue(scene)
    env.reset(seed=3, options={"init_index": 1})
    rng = np.random.default_rng(1)
    hidden = []
    find = ViewCulling.hidden

    def everything_shown(culling: ViewCulling, data, camera: int, aspect: float) -> np.ndarray:
        hidden.append(int(find(culling, data, camera, aspect).sum()))
        return np.zeros(env.sim.model.ngeom, bool)

    for _ in range(2):
        for _ in range(6):
            env.step(rng.uniform(-1, 1, 7))
        for camera in env.sim.camera_names:
            for draw in (env.sim.render, env.sim.render_geoms, env.sim.render_depth):
                culled = draw(camera, 96, 128)
                with monkeypatch.context() as patch:
                    patch.setattr(ViewCulling, "hidden", everything_shown)
                    whole = draw(camera, 96, 128)
                np.testing.assert_array_equal(culled, whole)
    assert max(hidden) > 20


def test_the_model_is_left_as_it_was(object_env: LiberoEnv) -> None:
    object_env.reset(seed=3)
    before = object_env.sim.model.geom_group.copy()
    object_env.observe()
    np.testing.assert_array_equal(object_env.sim.model.geom_group, before)
