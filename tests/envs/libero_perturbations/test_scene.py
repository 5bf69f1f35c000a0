"""Perturbed LIBERO scenes: what changes, what does not, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_perturbations import DIMENSIONS
from spatune.envs.libero_perturbations.camera import DEGREES
from spatune.envs.libero_perturbations.look_at import look_at_point
from spatune.envs.libero_perturbations.start import RADIANS
from spatune.errors import SpatuneError

AGENT, WRIST = "observation.images.image", "observation.images.image2"
TASK = ("libero_spatial", 4)
JOINTS = slice(1, 8)


@pytest.fixture(scope="module")
def env() -> Iterator[LiberoEnv]:
    """An environment that plays whatever the tests ask for, in whatever order."""
    env = LiberoEnv(*TASK, image_size=64, render_every=0, settle_steps=1)
    yield env
    env.close()


@pytest.fixture(scope="module")
def fresh() -> dict[str, tuple]:
    """What an environment that has never been perturbed shows, and then one change of each kind."""
    env = LiberoEnv(*TASK, image_size=64, render_every=0, settle_steps=1)
    shown = {name: look(env, name) for name in ("none", *(f"{d}:1.5" for d in DIMENSIONS))}
    env.close()
    return shown


def look(env: LiberoEnv, perturbation: str = "none", init: int = 2) -> tuple:
    options = {"init_index": init, "perturbation": perturbation}
    observation, _ = env.reset(seed=9, options=options)
    return observation[AGENT], observation[WRIST], env.state_digest()


def same(one: tuple, other: tuple) -> list[bool]:
    """Whether agent view, wrist view and state are equal bit by bit."""
    return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_nothing_is_left_behind_and_nothing_before_matters(
    env: LiberoEnv, fresh: dict[str, tuple], dimension: str
) -> None:
    look(env, "texture:2" if dimension == "light" else "light:2", init=7)
    assert same(look(env, f"{dimension}:1.5"), fresh[f"{dimension}:1.5"]) == [True] * 3
    for _ in range(3):
        env.step(np.array([0.5, 0.5, -1.0, 0.0, 0.0, 0.3, 1.0]))
    assert same(look(env), fresh["none"]) == [True] * 3


@pytest.mark.parametrize(
    ("dimension", "kept"),
    [
        ("camera", [False, True, True]),
        ("light", [False, False, True]),
        ("texture", [False, False, True]),
        ("start", [False, False, False]),
    ],
)
def test_a_change_shows_where_it_should_and_nowhere_else(
    env: LiberoEnv, fresh: dict[str, tuple], dimension: str, kept: list[bool]
) -> None:
    assert same(look(env, f"{dimension}:1"), fresh["none"]) == kept


def test_every_episode_has_a_change_of_its_own(env: LiberoEnv) -> None:
    agent = [look(env, "light:1", init)[0] for init in range(3)]
    assert len({image.tobytes() for image in agent}) == 3


def test_the_camera_goes_around_what_it_looks_at(env: LiberoEnv) -> None:
    env.reset_scene(9, init_index=2)
    target = look_at_point(env.sim)
    plain, _, fov = env.sim.camera_pose("agentview")
    for init in range(3):
        ways = []
        for magnitude in (0.5, 1, 2):
            env.reset_scene(9, init_index=init, perturbation=f"camera:{magnitude}")
            position, rotation, moved_fov = env.sim.camera_pose("agentview")
            arm, before = position - target, plain - target
            cosine = arm @ before / np.linalg.norm(arm) / np.linalg.norm(before)
            assert np.linalg.norm(arm) == pytest.approx(np.linalg.norm(before))
            assert np.degrees(np.arccos(cosine)) == pytest.approx(DEGREES * magnitude)
            # Level, looking at the same point, with the same lens.
            np.testing.assert_allclose(rotation[:, 2], arm / np.linalg.norm(arm), atol=1e-6)
            assert abs(rotation[2, 0]) < 1e-6 and moved_fov == fov
            assert 15 <= np.degrees(np.arcsin(arm[2] / np.linalg.norm(arm))) <= 75
            ways.append(np.cross(before, arm) / np.linalg.norm(np.cross(before, arm)))
        # The same way for every magnitude, or the opposite one where that would leave the room.
        assert ways[0] @ ways[1] == pytest.approx(1) and abs(ways[0] @ ways[2]) == pytest.approx(1)


def test_textures_change_around_the_objects_not_on_them(env: LiberoEnv) -> None:
    size = 64
    plain = look(env)[0].astype(int)
    geoms = env.sim.render_geoms("agentview", size, size)
    owned = env.sim.core.model.instances_to_ids.values()
    things = np.isin(geoms, sorted({g for ids in owned for g in geom_ids(ids)}))
    inner = things.copy()
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        inner &= np.roll(things, shift, (0, 1))
    changed = np.abs(look(env, "texture:2")[0] - plain).max(axis=2) > 0
    assert inner.sum() > 100
    assert changed[inner].mean() < 0.05 and changed[~things].mean() > 0.9


def geom_ids(ids: dict | list) -> list[int]:
    """Geoms of an instance in robosuite's table."""
    return ids["geom"] if isinstance(ids, dict) else ids


def test_the_arm_starts_elsewhere_in_free_space() -> None:
    env = LiberoEnv(*TASK, cameras={}, settle_steps=0)
    model = env.sim.model
    robot = [
        body
        for body in range(model.nbody)
        if model.body(body).name.startswith(("robot0_", "gripper0_"))
    ]
    for init in range(3):
        env.reset_scene(9, init_index=init)
        plain, directions = env.sim.state(), []
        for magnitude in (1, 2):
            env.reset_scene(9, init_index=init, perturbation=f"start:{magnitude}")
            offset = env.sim.state() - plain
            directions.append(offset[JOINTS] / np.linalg.norm(offset[JOINTS]))
            assert np.linalg.norm(offset[JOINTS]) == pytest.approx(RADIANS * magnitude)
            assert not np.delete(offset, np.arange(8)).any() and offset[0] == 0
            touching = model.geom_bodyid[env.sim.data.contact.geom]
            assert not np.isin(touching, robot).any()
        assert directions[0] @ directions[1] == pytest.approx(1)
    env.close()


def test_bad_names_are_refused_before_anything_changes(env: LiberoEnv) -> None:
    env.reset_scene(9, init_index=2)
    before = env.state_digest()
    for name, message in (
        ("fog:1", "unknown perturbation 'fog:1'"),
        ("pro:swap", r"is a suite of its own: build LiberoEnv\('libero_spatial_swap', 4\)"),
    ):
        with pytest.raises(SpatuneError, match=message):
            env.reset(seed=1, options={"init_index": 0, "perturbation": name})
    assert env.state_digest() == before
