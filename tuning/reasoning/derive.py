"""`derive`: steps from a bird's-eye view to a question's answer, each of them true.

Whoever computes with the numbers as they are written gets the answer; where they would not,
`Unsuitable` is raised and the question has no reasoning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, degrees, isqrt
from typing import Any

import numpy as np

from ..questions.question import Question
from ..questions.skill import Unsuitable
from ..scenes.box import Box
from ..scenes.scene import SceneObject
from ..scenes.subject import Subject
from .bev import BirdsEyeView, PlanObject, hundredths, to_plan, turned


@dataclass(frozen=True, eq=False)
class _Case:
    """What a derivation is made from."""

    subject: Subject
    plan: BirdsEyeView
    facts: dict[str, Any]

    def thing(self, name: str) -> SceneObject:
        return self.subject.scene.by_id[name]

    def label(self, name: str) -> str:
        return self.plan.by_id[name].label

    def centimetres(self, point: np.ndarray) -> tuple[int, int, int]:
        """A point (3,) of the scene on the plan, and its height."""
        x, y, height = to_plan(point, self.subject.frames[0].camera)
        return round(100 * x), round(100 * y), round(100 * height)


def derive(subject: Subject, question: Question) -> str:
    """A derivation of the answer in words, a step a line; empty for tasks that have none.

    Args:
        subject: What the question was asked of.
        question: With the provenance that its generator gave it.

    Raises:
        Unsuitable: The numbers as written lead to another answer, or leave it open; or there are
            no frames.
    """
    if question.task not in _DERIVATIONS:
        return ""
    case = _Case(subject, BirdsEyeView.of(subject), question.provenance)
    steps, answer = _DERIVATIONS[question.task](case)
    if answer != question.answer:
        raise Unsuitable("rounding changes the answer")
    return "\n".join(steps)


_Derived = tuple[list[str], str]
"""Steps and the answer that they lead to."""


def _abs_distance(case: _Case) -> _Derived:
    first, second = case.facts["objects"]
    points = _closest_points(case.thing(first).box, case.thing(second).box)
    return _between(case, [f"the {case.label(first)}", f"the {case.label(second)}"], points)


def _camera_distance(case: _Case) -> _Derived:
    name = case.facts["object"]
    camera, box = case.subject.frames[-1].camera.position, case.thing(name).box
    local = np.clip(box.axes @ (camera - box.center), -box.lengths / 2, box.lengths / 2)
    points = camera, box.center + local @ box.axes
    return _between(case, ["the camera at the end", f"the {case.label(name)}"], points)


def _between(case: _Case, names: list[str], points: Sequence[np.ndarray]) -> _Derived:
    first, second = (case.centimetres(point) for point in points)
    offset = [b - a for a, b in zip(first, second, strict=True)]
    distance = _length(offset)
    answer = _tenths(distance)
    return [
        "Nearest points (x, y, height): "
        f"{names[0]} {_written(first)}, {names[1]} {_written(second)}.",
        f"They differ by {_written(offset)}.",
        f"Distance: {_root(offset)} = {hundredths(distance)} m, so {answer} m.",
    ], answer


def _rel_distance(case: _Case) -> _Derived:
    reference = case.thing(case.facts["reference"])
    found: dict[str, int] = {}
    steps = [f"Nearest points, seen from the {case.label(reference.id)} (x, y, height):"]
    for category in sorted(case.facts["objects"]):
        name = case.facts["objects"][category]
        points = _closest_points(reference.box, case.thing(name).box)
        first, second = (case.centimetres(point) for point in points)
        offset = [b - a for a, b in zip(first, second, strict=True)]
        found[category] = _length(offset)
        steps.append(
            f"- {case.label(name)}: {_written(offset)}, "
            f"{_root(offset)} = {hundredths(found[category])} m"
        )
    least = min(found.values())
    nearest = [category for category, distance in found.items() if distance == least]
    if len(nearest) > 1:
        raise Unsuitable("rounding leaves the answer open")
    steps.append(f"The least is {hundredths(least)} m: the {nearest[0]}.")
    return steps, nearest[0]


@dataclass(frozen=True)
class _View:
    """Someone stands by one object, faces another and looks for a third, in units of the plan.

    Attributes:
        steps: How the two products come about.
        query: Label of what is looked for.
        ahead: Product that is positive in front.
        right: Product that is positive to the right.
    """

    steps: list[str]
    query: str
    ahead: int
    right: int

    @property
    def side(self) -> str:
        return "right" if self.right > 0 else "left"


def _look(case: _Case) -> _View:
    plan = case.plan
    stand, face, query = (plan.by_id[case.facts[role]] for role in ("standing", "facing", "query"))
    unit = 10**plan.decimals
    (a, b), (c, d) = (
        (round(unit * (end.x - stand.x)), round(unit * (end.y - stand.y))) for end in (face, query)
    )
    ahead, right = a * c + b * d, c * b - d * a
    if not right:
        raise Unsuitable("rounding leaves the answer open")
    ta, tb, tc, td = (f"{value / unit:.{plan.decimals}f}" for value in (a, b, c, d))
    digits = 2 * plan.decimals
    steps = [
        f"I stand by the {_at(plan, stand)} and face the {_at(plan, face)}: I look along "
        f"({ta}, {tb}).",
        f"From me the {_at(plan, query)} lies along ({tc}, {td}).",
        f"Ahead: {ta} * {tc} + {tb} * {td} = {ahead / unit**2:.{digits}f}.",
        f"To the right: {tc} * {tb} - {td} * {ta} = {right / unit**2:.{digits}f}.",
    ]
    return _View(steps, query.label, ahead, right)


def _direction_easy(case: _Case) -> _Derived:
    view = _look(case)
    sign = "positive" if view.right > 0 else "negative"
    step = f"To the right is {sign}, so the {view.query} is to the {view.side}."
    return [*view.steps, step], view.side


def _direction_medium(case: _Case) -> _Derived:
    view = _look(case)
    angle = round(degrees(atan2(view.right, view.ahead)))
    if abs(angle) == 135:
        raise Unsuitable("rounding leaves the answer open")
    back = abs(angle) > 135
    answer = "back" if back else view.side
    step = (
        f"That is a turn of {turned(angle)}, {'more' if back else 'less'} than 135 degrees, so the "
        f"{view.query} is to my {answer}."
    )
    return [*view.steps, step], answer


def _direction_hard(case: _Case) -> _Derived:
    view = _look(case)
    if not view.ahead:
        raise Unsuitable("rounding leaves the answer open")
    answer = f"{'front' if view.ahead > 0 else 'back'}-{view.side}"
    signs = ["positive" if value > 0 else "negative" for value in (view.ahead, view.right)]
    step = (
        f"Ahead is {signs[0]} and to the right is {signs[1]}, so the {view.query} is to my "
        f"{answer}."
    )
    return [*view.steps, step], answer


def _counting(case: _Case) -> _Derived:
    things = [thing for thing in case.plan.objects if thing.id in case.facts["objects"]]
    listed = ", ".join(_at(case.plan, thing) for thing in things)
    answer = str(len(things))
    return [f"I tell apart: {listed}.", f"That makes {answer}."], answer


def _size(case: _Case) -> _Derived:
    thing = case.plan.by_id[case.facts["object"]]
    sides = ", ".join(f"{side} cm" for side in thing.sides)
    longest = max(thing.sides)
    answer = str(5 * ((longest + 2) // 5))
    return [
        f"The sides of the {thing.label} are {sides}.",
        f"The longest is {longest} cm, to the nearest 5 cm: {answer} cm.",
    ], answer


def _rooms(case: _Case) -> _Derived:
    rooms = [room for room in case.plan.rooms if room.id in case.facts["rooms"]]
    total = sum(room.area for room in rooms)
    answer = _tenths(total)
    areas = " + ".join(hundredths(room.area) for room in rooms)
    shown = hundredths(total) if len(rooms) == 1 else f"{areas} = {hundredths(total)}"
    names = ", ".join(room.label for room in rooms)
    return [f"The rooms are: {names}.", f"Area: {shown} m2, so {answer} m2."], answer


def _appearance(case: _Case) -> _Derived:
    frames: dict[str, int] = {}
    for thing in case.plan.objects:
        if thing.category in case.facts["order"]:
            frames.setdefault(thing.category, thing.frame)
    if len(set(frames.values())) < len(frames):
        raise Unsuitable("two appear in the same frame")
    order = sorted(frames, key=lambda name: frames[name])
    listed = ", ".join(f"{name} in frame {frames[name]}" for name in sorted(frames))
    answer = ", ".join(order)
    return [f"First clearly seen: {listed}.", f"In order: {answer}."], answer


_DERIVATIONS: dict[str, Callable[[_Case], _Derived]] = {
    "object_abs_distance": _abs_distance,
    "object_rel_distance": _rel_distance,
    "camera_obj_distance": _camera_distance,
    "object_rel_direction_easy": _direction_easy,
    "object_rel_direction_medium": _direction_medium,
    "object_rel_direction_hard": _direction_hard,
    "object_counting": _counting,
    "object_size_estimation": _size,
    "room_size_estimation": _rooms,
    "obj_appearance_order": _appearance,
}


def _closest_points(first: Box, second: Box) -> tuple[np.ndarray, np.ndarray]:
    """Points (3,) of two axis-aligned boxes as far apart as `box_gap` says."""
    between = (np.maximum(first.low, second.low) + np.minimum(first.high, second.high)) / 2
    return np.clip(between, first.low, first.high), np.clip(between, second.low, second.high)


def _at(plan: BirdsEyeView, thing: PlanObject) -> str:
    return f"{thing.label} at {plan.spot(thing)}"


def _written(values: Sequence[int]) -> str:
    return f"({', '.join(hundredths(value) for value in values)})"


def _root(offset: Sequence[int]) -> str:
    return f"sqrt({' + '.join(f'{hundredths(abs(value))}^2' for value in offset)})"


def _length(offset: Sequence[int]) -> int:
    """Length of a vector of whole numbers, to the nearest whole number."""
    # The root of a whole number never ends in exactly one half.
    return (isqrt(4 * sum(value * value for value in offset)) + 1) // 2


def _tenths(value: int) -> str:
    """Hundredths as a number with one decimal.

    Raises:
        Unsuitable: Two such numbers are equally near.
    """
    if value % 10 == 5:
        raise Unsuitable("rounding leaves the answer open")
    return f"{(value + 5) // 10 / 10:.1f}"
