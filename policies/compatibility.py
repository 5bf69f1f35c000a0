"""Whether a policy and an environment speak the same language: `check_compatible`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..envs.spec import CameraSpec, EnvSpec
from ..errors import SpatuneError
from .spec import PolicySpec


def check_compatible(
    policy_spec: PolicySpec, env_spec: EnvSpec, *, history: Sequence[int] = ()
) -> None:
    """Compares every convention that a rollout depends on; cheap, to be called before loading.

    The environment may have more cameras than the policy reads. Image sizes matter only where the
    policy's resize rule is `exact`; a camera's simulator name never does.

    Args:
        policy_spec: Of the policy.
        env_spec: Of the environment.
        history: Past frames that observations hold, in control steps back (`history.past_key`).

    Raises:
        SpatuneError: A field differs; the message names the field and both values.
    """
    for field, of_policy, of_env in _comparisons(policy_spec, env_spec, history):
        if of_policy != of_env:
            raise SpatuneError(
                f"policy and environment {env_spec.name!r} differ in {field}: the policy has "
                f"{_show(of_policy)}, the environment {_show(of_env)}; "
                "use the environment settings that the policy was trained with"
            )


def _comparisons(
    policy: PolicySpec, env: EnvSpec, history: Sequence[int]
) -> Iterator[tuple[str, Any, Any]]:
    cameras = {camera.key: camera for camera in env.cameras}
    keys = [camera.key for camera in policy.cameras]
    if not set(keys) <= set(cameras):
        yield "cameras", keys, list(cameras)
    for camera in policy.cameras:
        yield from _camera_comparisons(camera, cameras[camera.key], policy.resize == "exact")
    yield "state_layout", policy.state_layout, env.state_layout
    yield "action_layout", policy.action_layout, env.action_layout
    if policy.gripper_index is not None:
        yield "gripper_convention", policy.gripper_convention, env.gripper_convention
    yield "control_hz", float(policy.control_hz), float(env.control_hz)
    for name in ("action_low", "action_high"):
        yield name, tuple(map(float, getattr(policy, name))), tuple(map(float, getattr(env, name)))
    if not set(policy.history) <= set(history):
        yield "history", policy.history, tuple(history) or "no past frames"


def _camera_comparisons(
    policy: CameraSpec, env: CameraSpec, exact: bool
) -> Iterator[tuple[str, Any, Any]]:
    yield f"the orientation of {policy.key}", policy.orientation, env.orientation
    if exact:
        size = (env.height, env.width)
        yield f"the image size of {policy.key}", (policy.height, policy.width), size


def _show(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else repr(value)
