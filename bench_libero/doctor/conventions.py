"""`check_conventions`: does LIBERO on this machine show and do what policies were trained with?

Each check is measured in a scene, not read from a setting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ...envs.libero import LiberoEnv
from ...envs.spec import CameraSpec
from ...evaluation.keys import EpisodeKey
from .check import DETERMINISM, GRIPPER, MOTION, ORIENTATION, Check
from .painting import painted_pixels

SUITE, TASK = "libero_spatial", 4
"""A cabinet and a stove that every reset places anew, which tests the seeding of fixtures."""

_KEY = EpisodeKey("libero", SUITE, TASK, 3, env_seed=11)
_OTHER = EpisodeKey("libero", SUITE, TASK, 30, env_seed=12)
_STEPS = 20
_FEW_PIXELS, _MOST_PAINTED = 20, 3
_VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "upright": lambda image: image,
    "mirrored left to right": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1],
    "turned by 180 degrees": lambda image: image[::-1, ::-1],
}
_DECLARED = {"upright": "upright", "rot180": "mirrored left to right"}
"""What `CameraSpec.orientation` means beside the true view."""


def check_conventions(env: LiberoEnv) -> Iterator[Check]:
    """All checks, one after the other.

    Args:
        env: A scene in which nothing has been played yet.
    """
    yield check_determinism(env)
    yield check_orientation(env)
    yield check_motion(env)
    yield check_gripper(env)


def check_determinism(env: LiberoEnv) -> Check:
    """One episode key twice, with another episode between: the same states and pixels."""
    first = _play(env, _KEY)
    _play(env, _OTHER)
    again = _play(env, _KEY)
    names = ("state", "images")
    unequal = [name for name, a, b in zip(names, first, again, strict=True) if a != b]
    if unequal:
        text = f"after another episode a key gives other {' and '.join(unequal)}"
        return Check(DETERMINISM, False, text)
    text = f"a key gives the same {_STEPS} steps and pixels, fresh and after another episode"
    return Check(DETERMINISM, True, text)


def check_orientation(env: LiberoEnv) -> Check:
    """Objects are painted; the pixels that change must be those where the labels have them.

    The labels in turn must be where the camera matrix projects the objects to. Both are compared
    with the images of the observation, as a policy gets them.
    """
    env.reset(seed=_KEY.env_seed, options={"init_index": _KEY.init_index})
    before = {key: image.astype(int) for key, image in env.images.items()}
    cameras = {camera.key: camera for camera in env.env_spec.cameras}
    masks = {key: _masks(env, camera) for key, camera in cameras.items()}
    wanted = {name for found in masks.values() for name in list(found)[:_MOST_PAINTED]}
    painted = {name: painted_pixels(env, name, before) for name in sorted(wanted)}
    shown, on_label, objects = [], 0, 0
    for key, camera in cameras.items():
        pairs = [(painted[name][key], masks[key][name]) for name in wanted & masks[key].keys()]
        seen, declared = _view(pairs), _DECLARED[camera.orientation]
        if seen != declared:
            text = f"{key} is {seen or 'of something else'}, and not {declared} as EnvSpec says"
            return Check(ORIENTATION, False, text)
        shown.append(f"{key.rpartition('.')[2]} {seen}")
        matrices = env.privileged.camera(camera.name, camera.height, camera.width)
        for name, mask in masks[key].items():
            pixel, _ = matrices.project(env.privileged.position(name))
            column, row = np.floor(pixel).astype(int)
            inside = 0 <= row < camera.height and 0 <= column < camera.width
            objects += inside
            on_label += bool(inside and mask[row, column])
    if on_label <= objects / 2:
        text = f"the camera matrix puts {objects - on_label} of {objects} objects off their pixels"
        return Check(ORIENTATION, False, text)
    text = f"{', '.join(shown)}; {on_label} of {objects} objects project onto their own pixels"
    return Check(ORIENTATION, True, text)


def check_motion(env: LiberoEnv) -> Check:
    """A positive action along an axis moves the hand along that axis."""
    moved = []
    for axis, name in enumerate("xyz"):
        env.reset_scene(_KEY.env_seed, init_index=_KEY.init_index)
        start = env.proprioception()[:3]
        action = np.zeros(7)
        action[axis], action[6] = 1.0, -1.0
        for _ in range(5):
            env.step(action)
        way = env.proprioception()[:3] - start
        moved.append(f"+{name} {100 * way[axis]:+.1f} cm")
        if way[axis] < 0.02 or np.abs(way).argmax() != axis:
            centimetres = ", ".join(f"{100 * part:+.1f}" for part in way)
            text = f"5 actions of +{name} move the hand by ({centimetres}) cm"
            return Check(MOTION, False, text)
    return Check(MOTION, True, f"5 actions: {', '.join(moved)}")


def check_gripper(env: LiberoEnv) -> Check:
    """+1 brings the fingers together, -1 apart."""
    env.reset_scene(_KEY.env_seed, init_index=_KEY.init_index)
    widths = [_opening(env)]
    for sign in (1.0, -1.0):
        for _ in range(10):
            env.step(np.array([0, 0, 0, 0, 0, 0, sign]))
        widths.append(_opening(env))
    start, closed, opened = widths
    text = (
        f"opening {1000 * start:.0f} mm, {1000 * closed:.0f} after +1, {1000 * opened:.0f} after -1"
    )
    return Check(GRIPPER, closed < start - 0.02 and opened > closed + 0.02, text)


def _masks(env: LiberoEnv, camera: CameraSpec) -> dict[str, np.ndarray]:
    """Labelled pixels, upright, of the objects that a camera sees; those with most pixels first."""
    scene = env.privileged
    labels = scene.instances(camera.name, camera.height, camera.width)
    masks = {name: labels == scene.instance_names.index(name) for name in scene.objects}
    seen = {name: mask for name, mask in masks.items() if mask.sum() >= _FEW_PIXELS}
    return dict(sorted(seen.items(), key=lambda item: (-item[1].sum(), item[0])))


def _view(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> str:
    """How images show what lies upright under labels: of `_VIEWS`, or empty where none fits.

    Args:
        pairs: Pixels of an object in the image, and in the labels.
    """
    pairs = list(pairs)
    fits = {}
    for name, turn in _VIEWS.items():
        overlap = sum(int((image & turn(label)).sum()) for image, label in pairs)
        union = sum(int((image | turn(label)).sum()) for image, label in pairs)
        fits[name] = overlap / max(1, union)
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best] >= 0.5 else ""


def _opening(env: LiberoEnv) -> float:
    """Distance of the fingers, m."""
    left, right = env.proprioception()[6:]
    return float(left - right)


def _play(env: LiberoEnv, key: EpisodeKey) -> tuple[str, str]:
    """Digests of the state and of all images after some steps of the key's own actions."""
    env.reset(seed=key.env_seed, options={"init_index": key.init_index})
    for action in key.noise(0, (_STEPS, 7)):
        env.step(action)
    observation = env.observe()
    images = [observation[camera.key].tobytes() for camera in env.env_spec.cameras]
    return env.state_digest(), hashlib.sha256(b"".join(images)).hexdigest()
