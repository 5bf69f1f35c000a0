"""Grounding questions about robot scenes: point, locate, measure, name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..agent.agent import SPATIAL_QUESTION
from ..agent.answers import point_text
from .demo_scenes import DemoScenes

POSITION_QUESTION = "{task}. Where is the object in the robot frame, in meters?"
DISTANCE_QUESTION = "{task}. How far is the gripper from the object?"
NAME_QUESTION = "What is at {point}?"
FIND_QUESTION = "Where is the {name}?"

_SKILLS = ("act", "point", "position", "distance", "name", "find")
_SHARES = (0.5, 0.12, 0.1, 0.08, 0.1, 0.1)


@dataclass(frozen=True)
class QuestionAnswer:
    """One training example: a text behind the frame's images and the answer to it."""

    frame: int
    skill: str
    question: str
    answer: str


class GroundingSampler:
    """Draws questions about frames.

    Skills:
        act: The bare instruction, as a policy sends it; the answer points at the object and the
            place in the agent view and at the object in the wrist view. This puts where to act
            into the hidden state that policies read.
        point: Where is the object of this task?
        position: Its position in the robot base frame (m).
        distance: Gripper to object (m).
        name: What is at a point?
        find: Where is an object that exists once?
    """

    def __init__(self, scenes: DemoScenes) -> None:
        self._scenes = scenes

    def draw(self, frames: Sequence[int], rng: np.random.Generator) -> list[QuestionAnswer]:
        """One question for each frame index."""
        skills = rng.choice(len(_SKILLS), size=len(frames), p=_SHARES)
        return [
            self.ask(int(frame), _SKILLS[skill], rng)
            for frame, skill in zip(frames, skills, strict=True)
        ]

    def ask(self, frame: int, skill: str, rng: np.random.Generator) -> QuestionAnswer:
        """A question of one skill; falls back to `act` where a frame has no subject for it."""
        scenes = self._scenes
        task = scenes.instructions[frame]
        target = scenes.goal_positions[frame, 0]
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


def corpus(scenes: DemoScenes, extra: Sequence[str] = (), count: int = 4000) -> list[str]:
    """Text for the tokenizer: questions and answers of random frames, plus `extra`."""
    rng = np.random.default_rng(0)
    samples = GroundingSampler(scenes).draw(rng.integers(len(scenes), size=count).tolist(), rng)
    return [s.question for s in samples] + [s.answer for s in samples] + list(extra)
