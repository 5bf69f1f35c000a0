"""`Skill`: one kind of question, and `Unsuitable`: why none could be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..scenes.subject import Subject
from .question import AnswerForm, Capability, Draft, Media


class Unsuitable(Exception):
    """A draw that gives no clear question; the message is a short, fixed reason to be counted."""


@dataclass(frozen=True)
class Skill:
    """One kind of question.

    Attributes:
        name: The task's name in records, for example `object_abs_distance`.
        capability: SenseNova-SI's capability that it trains.
        group: VST-P's public group (`depth comparison`, `distance`, `measurement`, `counting`,
            `camera motion`, `correspondence`, `object relation`, `3d boxes`, `caption`, `video`,
            `reconstruction`, `perspective`).
        media: What is shown.
        form: How the open answer reads.
        ask: Draws one question from a subject; raises `Unsuitable` when this draw gives none. It
            uses nothing random but the generator, and changes nothing.
        needs_labels: Whether frames must have `labels`.
    """

    name: str
    capability: Capability
    group: str
    media: Media
    form: AnswerForm
    ask: Callable[[Subject, np.random.Generator], Draft]
    needs_labels: bool = False
