"""`thor_walk`: a walk through any scene behind AI2-THOR's controller - Unity or embedded.

It needs nothing but what AI2-THOR's events hold, so that its annotations are the same kind for
every backend; for embedded houses `HouseWalker` gives the same ones several times faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...envs.houses.frames import rotation_matrix
from ...errors import SpatuneError
from ..scenes.box import Box
from ..scenes.pinhole import Pinhole
from ..scenes.scene import Scene, SceneObject, SceneRoom
from ..scenes.trajectory import Frame, Labels, Sighting, Trajectory
from ..scenes.words import words_of
from .house_trajectory import FRAMES_A_SECOND
from .walkthrough import WalkPose

_STRUCTURE = frozenset(("Wall", "Floor", "Ceiling", "Doorway", "Doorframe", "Window", "Room"))


def thor_scene(metadata: Mapping[str, Any], name: str, rooms: Sequence[SceneRoom] = ()) -> Scene:
    """Objects of AI2-THOR's metadata, with their axis-aligned boxes.

    Args:
        metadata: `event.metadata`.
        name: Name of the scene.
        rooms: Its rooms, which metadata do not hold.

    Raises:
        SpatuneError: An object lacks a field.
    """
    things = [thing for thing in metadata["objects"] if thing["objectType"] not in _STRUCTURE]
    try:
        return Scene(name, "ai2thor", tuple(_scene_object(thing) for thing in things), tuple(rooms))
    except (KeyError, TypeError) as error:
        raise SpatuneError(f"{name}: not AI2-THOR's object metadata: {error}") from None


def thor_frame(event: Any, scene: Scene, index: int) -> Frame:
    """What an event shows.

    Args:
        event: AI2-THOR's event with `frame`, `depth_frame` and `instance_masks`.
        scene: Its scene.
        index: Number of the frame.

    Raises:
        SpatuneError: The controller was not asked for depth and instance segmentation.
    """
    if event.depth_frame is None or event.instance_masks is None:
        raise SpatuneError(
            "start the controller with renderDepthImage=True and renderInstanceSegmentation=True"
        )
    metadata = event.metadata
    agent, eye = metadata["agent"], metadata["cameraPosition"]
    position = np.array([eye[axis] for axis in "xyz"], float)
    height, width = event.depth_frame.shape
    rotation = (float(agent["cameraHorizon"]), float(agent["rotation"]["y"]), 0.0)
    visible = {thing["objectId"] for thing in metadata["objects"] if thing["visible"]}
    names = ("", *sorted(event.instance_masks))
    owners = np.zeros((height, width), np.int32)
    sightings: dict[str, Sighting] = {}
    for number, name in enumerate(names[1:], 1):
        mask = event.instance_masks[name]
        owners[mask] = number
        pixels = int(np.count_nonzero(mask))
        if name in scene.by_id and pixels:
            gap = float(np.linalg.norm(scene.by_id[name].box.center - position))
            sightings[name] = Sighting(pixels, pixels / owners.size, gap, name in visible)
    return Frame(
        index=index,
        time=index / FRAMES_A_SECOND,
        camera=Pinhole.looking(position.tolist(), rotation, float(metadata["fov"]), width, height),
        sightings=sightings,
        agent=(agent["position"]["x"], agent["position"]["y"], agent["position"]["z"]),
        labels=Labels(np.asarray(event.depth_frame, np.float32), owners, names),
        image=np.asarray(event.frame),
    )


def thor_walk(
    controller: Any,
    scene: Scene,
    poses: Sequence[WalkPose],
    name: str,
    horizon: float = 15.0,
    places: Sequence[int] | None = None,
) -> Trajectory:
    """Put the agent at each pose of a walk and note what it sees.

    Args:
        controller: AI2-THOR's controller, of Unity or of the embedded backend.
        scene: Its scene, by `thor_scene`.
        poses: The walk, for example of `WalkPlanner`.
        name: Name of the trajectory.
        horizon: Degrees that the camera looks down.
        places: Of the poses that are looked at; all when None.

    Raises:
        SpatuneError: The agent cannot stand at a pose.
    """
    frames = []
    for index in range(len(poses)) if places is None else places:
        pose = poses[index]
        agent = controller.last_event.metadata["agent"]
        event = controller.step(
            action="TeleportFull",
            position={"x": pose.x, "y": agent["position"]["y"], "z": pose.z},
            rotation={"x": 0.0, "y": pose.yaw, "z": 0.0},
            horizon=horizon,
            standing=True,
            forceAction=True,
        )
        if not event.metadata["lastActionSuccess"]:
            reason = event.metadata["errorMessage"]
            raise SpatuneError(f"the agent cannot stand at pose {index} of {name}: {reason}")
        frames.append(thor_frame(event, scene, index))
    return Trajectory(name, scene, _with_common_names(frames))


def _with_common_names(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Events name what they show; `Labels.names` of a trajectory's frames are the same."""
    labelled = [(frame, frame.labels) for frame in frames if frame.labels is not None]
    names = ("", *sorted({name for _, labels in labelled for name in labels.names[1:]}))
    numbers = {name: number for number, name in enumerate(names)}
    common = []
    for frame, labels in labelled:
        table = np.array([numbers[name] for name in labels.names], np.int32)
        common.append(replace(frame, labels=Labels(labels.depth, table[labels.owners], names)))
    return tuple(common)


def _scene_object(thing: Mapping[str, Any]) -> SceneObject:
    bounds = thing["axisAlignedBoundingBox"]
    center = np.array([bounds["center"][axis] for axis in "xyz"], float)
    size = np.array([bounds["size"][axis] for axis in "xyz"], float)
    oriented = thing.get("objectOrientedBoundingBox")
    turn = rotation_matrix(tuple(float(thing["rotation"][axis]) for axis in "xyz"))  # pyright: ignore[reportArgumentType]
    box = Box(center, np.eye(3), size)
    if oriented:
        corners = np.array(oriented["cornerPoints"], float)
        local = corners @ turn
        lengths = np.ptp(local, axis=0)
        box = Box((local.min(axis=0) + lengths / 2) @ turn.T, turn.T, lengths)
    return SceneObject(
        id=thing["objectId"],
        category=words_of(thing["objectType"]),
        box=box,
        asset_id=thing.get("assetId", ""),
        parents=tuple(thing.get("parentReceptacles") or ()),
        object_type=thing["objectType"],
    )
