"""What the single and the vector wrapper share: spaces, fixed-size features, answers as text."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from gymnasium import Space, spaces

from ..errors import SpatuneError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .inputs import Images
    from .vlm import SpatialVLM

FEATURES = "spatial.features"
MASK = "spatial.mask"
ANSWER = "spatial.answer"
TASK = "task"
OBSERVATION = "observation"

ANSWER_CHARSET = string.ascii_letters + string.digits + string.punctuation + " "


@dataclass(frozen=True)
class PerceptionConfig:
    """What a perception wrapper asks of the VLM.

    Attributes:
        source: Where features are taken: `language.<layer>` or `vision.<module path>`.
        text: Task text when the observation has no `task`.
        question: Asked at every refresh, `{task}` stands for the task text; None asks nothing.
        refresh_every: Steps between looks; in between the last result is repeated.
        max_text_tokens: Room for the text in the features of a language source.
        max_new_tokens: Longest answer in tokens.
        max_answer_length: Longest `spatial.answer` in characters; the rest is cut off.
    """

    source: str = "language.-1"
    text: str = ""
    question: str | None = None
    refresh_every: int = 1
    max_text_tokens: int = 64
    max_new_tokens: int = 32
    max_answer_length: int = 256

    def __post_init__(self) -> None:
        for name in ("refresh_every", "max_text_tokens", "max_new_tokens", "max_answer_length"):
            if getattr(self, name) < 1:
                raise SpatuneError(f"{name} is {getattr(self, name)}; use 1 or more")


@dataclass(frozen=True)
class Percept:
    """What one look gives: features (T, D) float32, mask (T,) int8, the raw answer if asked."""

    features: NDArray[np.float32]
    mask: NDArray[np.int8]
    answer: str | None


class PerceptionOptions(TypedDict, total=False):
    """Keyword arguments of the wrappers: the fields of `PerceptionConfig`."""

    source: str
    text: str
    question: str | None
    refresh_every: int
    max_text_tokens: int
    max_new_tokens: int
    max_answer_length: int


class PerceptionCore:
    """Looks through a VLM at images of known sizes and says what spaces the results live in.

    Methods:
        look: Percepts of several observations, in one forward pass.
        extend: The entries that a percept adds to an observation.

    Attributes:
        space: Spaces of the added entries.
    """

    def __init__(self, vlm: SpatialVLM, config: PerceptionConfig, images: Images) -> None:
        """Encodes `images` once to learn the number of tokens and their width."""
        self._vlm = vlm
        self._config = config
        tokens = vlm.encode([images], [""], config.source).tokens
        room = config.max_text_tokens if config.source.startswith("language") else 0
        self._length, self._width = tokens.shape[1] + room, tokens.shape[2]
        entries: dict[str, Space[Any]] = {
            FEATURES: spaces.Box(-np.inf, np.inf, (self._length, self._width), np.float32),
            MASK: spaces.MultiBinary(self._length),
        }
        if config.question is not None:
            entries[ANSWER] = spaces.Text(
                config.max_answer_length, min_length=0, charset=ANSWER_CHARSET
            )
        self.space = spaces.Dict(entries)

    def look(self, images: Sequence[Images], tasks: Sequence[str]) -> list[Percept]:
        """Percepts of B observations.

        Raises:
            SpatuneError: A text needs more than `max_text_tokens`, or images of another size give
                more tokens than the space has.
        """
        encoded = self._vlm.encode(images, tasks, self._config.source)
        length = encoded.tokens.shape[1]
        if length > self._length:
            raise SpatuneError(
                f"{length} feature tokens do not fit into the observation's {self._length}; "
                "raise max_text_tokens or keep the images' size"
            )
        features = np.zeros((len(tasks), self._length, self._width), np.float32)
        features[:, :length] = encoded.tokens.float().cpu().numpy()
        mask = np.zeros((len(tasks), self._length), np.int8)
        mask[:, :length] = encoded.mask.cpu().numpy()
        answers: Sequence[str | None] = [None] * len(tasks)
        if self._config.question is not None:
            questions = [self._config.question.replace("{task}", task) for task in tasks]
            answers = self._vlm.generate(images, questions, self._config.max_new_tokens)
        return [Percept(f, m, a) for f, m, a in zip(features, mask, answers, strict=True)]

    def extend(self, percept: Percept) -> dict[str, Any]:
        """New copies of the percept's entries; `spatial.answer` in printable ASCII, cut to fit."""
        entries: dict[str, Any] = {FEATURES: percept.features.copy(), MASK: percept.mask.copy()}
        if percept.answer is not None:
            entries[ANSWER] = printable(percept.answer, self._config.max_answer_length)
        return entries


def printable(answer: str, length: int) -> str:
    """`answer` on one line, in printable ASCII (`?` for the rest), cut to `length` characters."""
    line = " ".join(answer.split())[:length]
    return "".join(c if c in ANSWER_CHARSET else "?" for c in line)


def image_keys_of(space: Space[Any], keys: Sequence[str] | None, owner: str) -> tuple[str, ...]:
    """Keys of the images in an observation space, `""` for the observation itself.

    Args:
        space: Observation space of one environment.
        keys: Wanted keys of a Dict space; None takes every uint8 (H, W, 3) entry in order.
        owner: Name of the environment, for the message.

    Raises:
        SpatuneError: A wanted key is not an image of the space.
    """
    entries: Mapping[str, Space[Any]] = (
        space.spaces if isinstance(space, spaces.Dict) else {"": space}
    )
    images = tuple(key for key, entry in entries.items() if _is_image(entry))
    if keys is None:
        return images
    for key in keys:
        if key not in images:
            have = ", ".join(images) or "none; leave image_keys out and use render_mode='rgb_array'"
            raise SpatuneError(f"{owner}: {key!r} is no uint8 (H, W, 3) image; images: {have}")
    return tuple(keys)


def extend_space(space: Space[Any], added: spaces.Dict, owner: str) -> spaces.Dict:
    """The Dict space of the observation with `added`; another space goes under `observation`.

    Raises:
        SpatuneError: The observation already has one of the added keys.
    """
    entries = dict(space.spaces) if isinstance(space, spaces.Dict) else {OBSERVATION: space}
    taken = entries.keys() & added.spaces.keys()
    if taken:
        raise SpatuneError(f"{owner}: observations already have {min(taken)!r}; wrap only once")
    return spaces.Dict({**entries, **added.spaces})


def blank_images(space: Space[Any], keys: Sequence[str]) -> list[NDArray[np.uint8]]:
    """Black images of the sizes that the space declares."""
    entries = space.spaces if isinstance(space, spaces.Dict) else {"": space}
    shapes = [entries[key].shape for key in keys]
    return [np.zeros(shape, np.uint8) for shape in shapes if shape is not None]


def check_render_mode(mode: str | None, owner: str) -> None:
    """Raises `SpatuneError` unless the environment renders to arrays."""
    if mode != "rgb_array":
        raise SpatuneError(
            f"{owner}: observations hold no image and render_mode is {mode!r}; "
            "make it with render_mode='rgb_array'"
        )


def _is_image(space: Space[Any]) -> bool:
    return (
        isinstance(space, spaces.Box)
        and space.dtype == np.uint8
        and len(space.shape) == 3
        and space.shape[2] == 3
    )
