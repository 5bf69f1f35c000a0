"""Conventions are data: they survive JSON, and a mismatch names the field and both values."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spatune.envs.spec import (
    LIBERO_ACTION_LAYOUT,
    CameraSpec,
    EnvSpec,
)
from spatune.errors import SpatuneError
from spatune.policies import PolicySpec, check_compatible

STATE_LAYOUT = ("eef_x", "eef_y", "eef_z", "gap")
CAMERAS = (
    CameraSpec("observation.images.image", "agentview", 128, 128),
    CameraSpec("observation.images.image2", "robot0_eye_in_hand", 128, 128),
)
ENV = EnvSpec(
    name="libero",
    cameras=CAMERAS,
    state_layout=STATE_LAYOUT,
    action_layout=LIBERO_ACTION_LAYOUT,
    action_low=(-1.0,) * 7,
    action_high=(1.0,) * 7,
    gripper_convention="-1 open, +1 close",
    control_hz=20.0,
)
POLICY = PolicySpec(
    cameras=CAMERAS,
    resize="exact",
    state_layout=STATE_LAYOUT,
    action_layout=LIBERO_ACTION_LAYOUT,
    gripper_convention="-1 open, +1 close",
    action_low=(-1.0,) * 7,
    action_high=(1.0,) * 7,
    state_normalisation="mean_std",
    action_normalisation="quantile",
    statistics_sha256="0" * 64,
    chunk_length=16,
    execute_steps=8,
    control_hz=20.0,
)


def test_json_round_trip() -> None:
    assert PolicySpec.from_json(json.loads(json.dumps(POLICY.to_json()))) == POLICY


def test_dimensions_follow_the_layouts() -> None:
    assert (POLICY.state_dim, POLICY.action_dim, POLICY.gripper_index) == (4, 7, 6)


def test_equal_conventions_are_compatible() -> None:
    check_compatible(POLICY, ENV)


def test_environment_may_have_more_cameras_in_another_order() -> None:
    extra = CameraSpec("observation.images.side", "side", 64, 64)
    check_compatible(POLICY, replace(ENV, cameras=(extra, *reversed(CAMERAS))))


def test_simulator_camera_names_do_not_matter() -> None:
    check_compatible(POLICY, replace(ENV, cameras=tuple(replace(c, name="?") for c in CAMERAS)))


@pytest.mark.parametrize(
    ("change", "field", "theirs", "ours"),
    [
        ({"cameras": CAMERAS[:1]}, "cameras", "image2", "observation.images.image"),
        (
            {"cameras": tuple(replace(c, orientation="rot180") for c in CAMERAS)},
            "orientation of observation.images.image",
            "'upright'",
            "'rot180'",
        ),
        (
            {"cameras": tuple(replace(c, height=256, width=256) for c in CAMERAS)},
            "image size of observation.images.image",
            "128, 128",
            "256, 256",
        ),
        ({"state_layout": STATE_LAYOUT[::-1]}, "state_layout", "eef_x, eef_y", "gap, eef_z"),
        ({"action_layout": LIBERO_ACTION_LAYOUT[::-1]}, "action_layout", "delta_x", "gripper, "),
        ({"gripper_convention": "0 open, 1 close"}, "gripper_convention", "-1 open", "0 open"),
        ({"control_hz": 10.0}, "control_hz", "20.0", "10.0"),
        ({"action_high": (0.5,) * 7}, "action_high", "1.0", "0.5"),
    ],
)
def test_mismatch_names_the_field_and_both_values(
    change: dict, field: str, theirs: str, ours: str
) -> None:
    with pytest.raises(SpatuneError) as raised:
        check_compatible(POLICY, replace(ENV, **change))
    message = str(raised.value)
    assert field in message and theirs in message and ours in message and "\n" not in message


def test_image_size_is_free_where_the_vlm_resizes() -> None:
    cameras = tuple(replace(c, height=256, width=256) for c in CAMERAS)
    check_compatible(replace(POLICY, resize="vlm"), replace(ENV, cameras=cameras))


@pytest.mark.parametrize(
    "change",
    [
        {"execute_steps": 17},
        {"execute_steps": 0},
        {"resize": "crop"},
        {"action_normalisation": "whiten"},
        {"action_low": (-1.0,)},
    ],
)
def test_bad_conventions_are_refused(change: dict) -> None:
    with pytest.raises(SpatuneError):
        replace(POLICY, **change)


def test_json_of_another_version_is_one_clear_error() -> None:
    with pytest.raises(SpatuneError, match="policy_spec.json does not fit this version"):
        PolicySpec.from_json({"cameras": []})
