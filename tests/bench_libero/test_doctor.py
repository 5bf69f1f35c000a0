"""The doctor's checks of conventions pass on LIBERO as it is, and catch what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from spatune.bench_libero.doctor import conventions
from spatune.bench_libero.doctor.probe import start
from spatune.bench_libero.doctor.run import CONVENTIONS_CODE, read_conventions
from spatune.cli import main
from spatune.envs.libero import LiberoEnv
from spatune.envs.libero_privileged import CameraMatrices
from spatune.envs.libero_spec import libero_env_spec


@pytest.fixture(scope="module")
def env() -> Iterator[LiberoEnv]:
    env = LiberoEnv(conventions.SUITE, conventions.TASK, render_every=0)
    yield env
    env.close()


def changed_images(env: LiberoEnv, change: Callable[[np.ndarray], np.ndarray]) -> Callable:
    draw = env.draw

    def changed() -> None:
        draw()
        env.images.update({key: change(image) for key, image in env.images.items()})

    return changed


def test_all_is_well(env: LiberoEnv) -> None:
    colours = env.sim.model.geom_rgba.copy()
    checks = list(conventions.check_conventions(env))
    assert [(check.name, check.works) for check in checks] == [
        (name, True) for name in ("determinism", "image orientation", "motion sign", "gripper sign")
    ]
    np.testing.assert_array_equal(env.sim.model.geom_rgba, colours)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda image: image[:, ::-1], "image is mirrored left to right, and not upright"),
        (lambda image: image[::-1], "image is upside down, and not upright"),
        (lambda image: image[::-1, ::-1], "image is turned by 180 degrees, and not upright"),
        (np.zeros_like, "image is of something else, and not upright"),
    ],
)
def test_turned_images_are_caught(env: LiberoEnv, monkeypatch, change, text: str) -> None:
    monkeypatch.setattr(env, "draw", changed_images(env, change))
    check = conventions.check_orientation(env)
    assert not check.works and text in check.text


def test_rot180_must_be_mirrored(env: LiberoEnv, monkeypatch) -> None:
    spec = libero_env_spec(128, orientation="rot180")
    monkeypatch.setattr(env, "env_spec", spec)
    assert conventions.check_orientation(env).works
    monkeypatch.setattr(env, "draw", changed_images(env, lambda image: image[:, ::-1]))
    assert "is upright, and not mirrored" in conventions.check_orientation(env).text


def test_wrong_camera_matrix_is_caught(env: LiberoEnv, monkeypatch) -> None:
    camera = env.privileged.camera

    def flipped(name: str, height: int, width: int) -> CameraMatrices:
        right = camera(name, height, width)
        return CameraMatrices(
            right.intrinsics * np.array([[-1], [1], [1]]), right.position, right.rotation
        )

    monkeypatch.setattr(env.privileged, "camera", flipped)
    check = conventions.check_orientation(env)
    assert not check.works and "off their pixels" in check.text


@pytest.mark.parametrize(
    ("entry", "check"), [(0, "motion"), (1, "motion"), (2, "motion"), (6, "gripper")]
)
def test_wrong_signs_are_caught(env: LiberoEnv, monkeypatch, entry: int, check: str) -> None:
    step, signs = env.step, np.ones(7)
    signs[entry] = -1.0
    monkeypatch.setattr(env, "step", lambda action: step(action * signs))
    assert not getattr(conventions, f"check_{check}")(env).works


def test_history_that_leaks_into_an_episode_is_caught(env: LiberoEnv, monkeypatch) -> None:
    reset, calls = env.reset, iter(range(100))
    monkeypatch.setattr(env, "reset", lambda seed, **k: reset(seed=seed + next(calls), **k))
    check = conventions.check_determinism(env)
    assert not check.works and "other state" in check.text


def test_a_scene_that_cannot_be_built_fails_every_check_with_its_error() -> None:
    findings = read_conventions(start(CONVENTIONS_CODE, {"MUJOCO_GL": "nothing"}))
    assert len(findings) == 4 and not any(finding.works for finding in findings)
    assert all("MUJOCO_GL" in finding.text for finding in findings)


@pytest.mark.slow
def test_doctor_by_the_command(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["doctor"]) == 0
    output = capsys.readouterr().out
    assert "objects project onto their own pixels" in output
    monkeypatch.setenv("MUJOCO_GL", "nothing")
    assert main(["doctor"]) == 2
    assert "missing or wrong: " in capsys.readouterr().err
