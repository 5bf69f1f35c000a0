"""Boxes, cameras and what they see, for tests of questions about single images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatune.tuning.questions.question import Draft
from spatune.tuning.questions.skill import Skill, Unsuitable
from spatune.tuning.scenes.box import Box
from spatune.tuning.scenes.pinhole import Pinhole
from spatune.tuning.scenes.scene import Scene, SceneObject, SceneRoom
from spatune.tuning.scenes.subject import Subject
from spatune.tuning.scenes.trajectory import Frame, Labels, Sighting, Trajectory

SIZE = 96
FAR = 50.0


def thing(
    name: str,
    centre: Sequence[float],
    lengths: Sequence[float],
    *,
    yaw: float = 0.0,
    parents: tuple[str, ...] = (),
    category: str = "",
) -> SceneObject:
    """An object; its category is its id without trailing digits, unless given."""
    angle = np.radians(yaw)
    axes = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    box = Box(np.array(centre, float), axes, np.array(lengths, float))
    return SceneObject(name, category or name.rstrip("0123456789"), box, parents=parents)


def camera(
    position: Sequence[float] = (0, 1, 0), yaw: float = 0.0, pitch: float = 0.0, size: int = SIZE
) -> Pinhole:
    """A square camera with a vertical field of view of 60 degrees."""
    return Pinhole.looking(position, (pitch, yaw, 0.0), 60.0, size, size)


def frame(things: Sequence[SceneObject], view: Pinhole, index: int = 0) -> Frame:
    """What a camera sees of boxes, by casting one ray a pixel; it sees nothing else."""
    columns, rows = np.meshgrid(np.arange(view.width) + 0.5, np.arange(view.height) + 0.5)
    rays = view.unproject(columns, rows, np.ones(columns.shape)) - view.position
    depth = np.full(columns.shape, FAR, np.float32)
    owners = np.zeros(columns.shape, np.int32)
    for number, item in enumerate(things, 1):
        box = item.box
        start, local = box.axes @ (view.position - box.center), rays @ box.axes.T
        local = np.where(local == 0, 1e-12, local)
        ends = np.stack([(side * box.lengths / 2 - start) / local for side in (-1, 1)])
        near, far = ends.min(axis=0).max(axis=-1), ends.max(axis=0).min(axis=-1)
        hit = (near <= far) & (near > 0) & (near < depth)
        depth[hit], owners[hit] = near[hit], number
    counts = np.bincount(owners.ravel(), minlength=len(things) + 1)[1:]
    sightings = {
        item.id: Sighting(
            int(count),
            count / owners.size,
            float(np.linalg.norm(item.box.center - view.position)),
        )
        for item, count in zip(things, counts, strict=True)
        if count
    }
    x, y, z = view.position.tolist()
    names = ("", *(item.id for item in things))
    return Frame(index, index / 10, view, sightings, (x, y, z), Labels(depth, owners, names))


def subject(
    things: Sequence[SceneObject],
    views: Sequence[Pinhole] | None = None,
    rooms: tuple[SceneRoom, ...] = (),
) -> Subject:
    """A trajectory of cameras, frame numbers 0, 10, 20, ...; one camera if none is given."""
    scene = Scene("boxes", "test", tuple(things), rooms)
    views = [camera()] if views is None else views
    frames = tuple(frame(things, view, 10 * n) for n, view in enumerate(views))
    return Subject(Trajectory("walk", scene, frames))


def drafts(skill: Skill, asked: Subject, count: int = 40) -> list[Draft]:
    """What a skill makes of draws 0, 1, ..., without refusals; checks what holds for all."""
    found = []
    for number in range(count):
        try:
            draft = skill.ask(asked, np.random.default_rng(number))
        except Unsuitable:
            continue
        again = skill.ask(asked, np.random.default_rng(number))
        assert draft == again
        assert draft.answer not in draft.wrong
        assert len(set(draft.wrong)) == len(draft.wrong)
        assert draft.frames is not None
        assert len(draft.marks) in (0, len(draft.frames))
        found.append(draft)
    return found


def reasons(skill: Skill, asked: Subject, count: int = 10) -> set[str]:
    """Why draws are refused."""
    found = set()
    for number in range(count):
        try:
            skill.ask(asked, np.random.default_rng(number))
        except Unsuitable as reason:
            found.add(str(reason))
    return found
