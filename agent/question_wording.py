"""The words around a question: training data and benchmarks use the same ones.

A small model that was tuned on one wording is at a loss with another, so both sides read these.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES: Mapping[str, str] = {
    "video": "These are frames of a video.",
    "views": "These are views of one place.",
    "pair": "These are two images of one place.",
    "image": "This is an image.",
}
"""Line before a question, by what is shown."""

OPTIONS = "Options:"
"""Line before the options of a choice."""

LETTER = "Answer with the option's letter from the given choices directly."
LETTER_AND_TEXT = "Answer with the option's letter from the given choices and its text."
SHORT = "Please answer the question using a single word or phrase."

THINK_LETTER = (
    "Reason between <think> and </think>, then give the option's letter from the given choices "
    "between <answer> and </answer>."
)
THINK = "Reason between <think> and </think>, then give the answer between <answer> and </answer>."
"""Closing line of an open question that is to be reasoned about."""
