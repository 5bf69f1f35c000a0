"""Questions about frames of demonstrations: point, locate, measure, name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..agent.answers import point_text
from ..agent.reasoning import SPATIAL_QUESTION
from .demo_scenes import DemoScenes

POSITION_QUESTION = "{task}. Where is the object in the robot frame, in meters?"
DISTANCE_QUESTION = "{task}. How far is the gripper from the object?"
NAME_QUESTION = "What is at {point}?"
FIND_QUESTION = "Where is the {name}?"
LIST_QUESTION = "Which objects are on the table?"
PRESENT_QUESTION = "Is there a {name} on the table? Answer yes or no."
GOAL_QUESTION = "Which object and which place does this task name: {task}?"

Theme = Literal["spatial", "naming"]

SHARES: dict[Theme, dict[str, float]] = {
    "spatial": {
        "act": 0.5,
        "point": 0.12,
        "position": 0.1,
        "distance": 0.08,
        "name": 0.1,
        "find": 0.1,
    },
    "naming": {"act_names": 0.5, "goal": 0.12, "list": 0.18, "present": 0.2},
}
"""Skills of each theme and how often each is asked."""


@dataclass(frozen=True)
class QuestionAnswer:
    """One training example: a text behind the frame's images and the answer to it."""

    frame: int
    skill: str
    question: str
    answer: str


class GroundingSampler:
    """Draws questions about frames.

    Skills of the theme `spatial`:
        act: The bare instruction, as a policy sends it; the answer points at the object and the
            place of the goal that comes next in the agent view, and at the object in the wrist
            view. This puts where to act into the hidden state that policies read.
        point: Where is the object of this task?
        position: Its position in the robot base frame (m).
        distance: Gripper to object (m).
        name: What is at a point?
        find: Where is an object that exists once?

    Skills of the theme `naming`, whose answers say nothing about where things are:
        act_names: The bare instruction; the answer names object and place of the next goal.
        goal: The same, asked for.
        list: Which objects are there?
        present: Is there one of this name?
    """

    def __init__(self, scenes: DemoScenes, theme: Theme = "spatial") -> None:
        self._scenes, self._theme = scenes, theme
        self._shares: Mapping[str, float] = SHARES[theme]
        self._known = sorted({name for names in scenes.object_names for name in names})

    def draw(self, frames: Sequence[int], rng: np.random.Generator) -> list[QuestionAnswer]:
        """One question for each frame index."""
        names = list(self._shares)
        skills = rng.choice(len(names), size=len(frames), p=list(self._shares.values()))
        return [
            self.ask(int(frame), names[skill], rng)
            for frame, skill in zip(frames, skills, strict=True)
        ]

    def ask(self, frame: int, skill: str, rng: np.random.Generator) -> QuestionAnswer:
        """A question of one skill; falls back to `act` where a frame has no subject for it."""
        scenes = self._scenes
        task = scenes.instructions[frame]
        target = scenes.goal_positions[frame, 0]
        if self._theme == "naming":
            return self._naming(frame, skill, rng)
        if skill == "point" and inside(scenes.goal_pixels[frame, 0, 0]):
            answer = point_text(*scenes.goal_pixels[frame, 0, 0, :2])
            return QuestionAnswer(frame, skill, SPATIAL_QUESTION.format(task=task), answer)
        if skill == "position":
            answer = "(" + ", ".join(f"{value:.2f}" for value in target) + ")"
            return QuestionAnswer(frame, skill, POSITION_QUESTION.format(task=task), answer)
        if skill == "distance":
            distance = float(np.linalg.norm(scenes.gripper[frame] - target))
            question = DISTANCE_QUESTION.format(task=task)
            return QuestionAnswer(frame, skill, question, f"{distance:.2f} m")
        if skill in ("name", "find"):
            subject = self._subject(frame, unique=skill == "find", rng=rng)
            if subject is not None:
                name, point = subject
                if skill == "name":
                    question = NAME_QUESTION.format(point=point)
                    return QuestionAnswer(frame, skill, question, name)
                return QuestionAnswer(frame, skill, FIND_QUESTION.format(name=name), point)
        return QuestionAnswer(frame, "act", task, self._act_answer(frame))

    def _naming(self, frame: int, skill: str, rng: np.random.Generator) -> QuestionAnswer:
        scenes = self._scenes
        task, names = scenes.instructions[frame], scenes.object_names[scenes.episodes[frame]]
        thing, place = scenes.goal_names(frame)
        goal = f"object {thing} place {place}"
        if skill == "goal":
            return QuestionAnswer(frame, skill, GOAL_QUESTION.format(task=task), goal)
        if skill == "list":
            return QuestionAnswer(frame, skill, LIST_QUESTION, ", ".join(sorted(set(names))))
        if skill == "present":
            absent = [name for name in self._known if name not in names]
            yes = not absent or bool(rng.integers(2))
            name = str(rng.choice(sorted(set(names)) if yes else absent))
            question = PRESENT_QUESTION.format(name=name)
            return QuestionAnswer(frame, skill, question, "yes" if yes else "no")
        return QuestionAnswer(frame, "act_names", task, goal)

    def _act_answer(self, frame: int) -> str:
        pixels = self._scenes.goal_pixels[frame]
        parts = []
        for label, camera, subject in (("object", 0, 0), ("place", 0, 1), ("hand", 1, 0)):
            seen = inside(pixels[camera, subject])
            parts.append(
                f"{label} {point_text(*pixels[camera, subject, :2]) if seen else 'hidden'}"
            )
        return " ".join(parts)

    def _subject(
        self, frame: int, *, unique: bool, rng: np.random.Generator
    ) -> tuple[str, str] | None:
        names = self._scenes.object_names[self._scenes.episodes[frame]]
        pixels = self._scenes.object_pixels[frame, 0]
        choices = [
            index
            for index, name in enumerate(names)
            if inside(pixels[index]) and not (unique and names.count(name) > 1)
        ]
        if not choices:
            return None
        index = int(rng.choice(choices))
        return names[index], point_text(*pixels[index, :2])


def inside(pixel: np.ndarray) -> bool:
    """Whether (column, row, depth) lies in the image and before the camera; NaN does not."""
    return bool((pixel[:2] > 0).all() and (pixel[:2] < 1).all() and pixel[2] > 0)
