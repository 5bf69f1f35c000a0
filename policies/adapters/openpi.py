"""`OpenPiPolicy`: any policy behind openpi's websocket server as a `ChunkPolicy`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from PIL import Image

from ...envs.spec import Orientation, StateFrame
from ...errors import SpatuneError, first_line
from ..observation import read_entry, read_state
from ..spec import PolicySpec
from .answers import checked_actions
from .libero_spec import AGENT_VIEW, WRIST_VIEW, libero_policy_spec
from .wire import pack, unpack

SCHEMES = ("ws://", "wss://")
IMAGE_SIZE, SENT_SIZE, EXECUTE_STEPS = 256, 224, 5
"""What openpi's LIBERO example renders, sends, and executes of a chunk."""

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 300.0
"""A server that compiles its model does so at the first question."""


def openpi_spec(
    *,
    orientation: Orientation = "rot180",
    state_frame: StateFrame = "world",
    execute_steps: int | None = None,
    image_size: int | None = None,
) -> PolicySpec:
    """Conventions of openpi's LIBERO policies; see `LeRobotCheckpoint.spec`."""
    if execute_steps is not None and execute_steps < 1:
        raise SpatuneError(f"--execute-steps is {execute_steps}; it must be at least 1")
    return libero_policy_spec(
        (AGENT_VIEW, WRIST_VIEW),
        image_size or IMAGE_SIZE,
        orientation,
        state_frame,
        execute_steps or EXECUTE_STEPS,
    )


class OpenPiPolicy:
    """A client of openpi's server, with the observation of openpi's LIBERO example.

    A question is one msgpack message: `observation/image` and `observation/wrist_image`, uint8
    (224, 224, 3), `observation/state`, float64 (8,), and `prompt`. The answer holds `actions`,
    (H, 7), whose first `execute_steps` are executed. The server draws its noise by itself: runs
    against one that samples cannot be repeated bit for bit.

    Args:
        address: `ws://host:port` or `wss://...`.
        spec: `openpi_spec(...)`.
        answer_seconds: Longest wait for an answer.

    Raises:
        SpatuneError: Nothing answers there, or something that does not speak this protocol.

    Attributes:
        spec: Conventions of the policy.
        backend: For records: `openpi`.
        metadata: What the server says of itself.
    """

    backend = "openpi"

    def __init__(
        self, address: str, spec: PolicySpec, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self.spec = spec
        self._address, self._patience = address, answer_seconds
        self._open = ExitStack()
        self._socket = _connect(address, self._open)
        self.metadata: dict[str, Any] = self._receive("its metadata", CONNECT_SECONDS)

    @property
    def sha256(self) -> str:
        """Digest of the address and the metadata: all that is known of the weights."""
        return hashlib.sha256(self._address.encode() + pack(self.metadata)).hexdigest()

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        """Chunks of actions; see `ChunkPolicy.predict`.

        Args:
            observations: B dictionaries with the images of both cameras, `observation.state` and
                `task`.
            noise: float32 (B, H, A); only its shape is used.

        Raises:
            SpatuneError: The server is gone, is silent, reports an error, or answers what no arm
                should execute.
        """
        shape = (len(observations), self.spec.execute_steps, self.spec.action_dim)
        if noise.shape != shape:
            raise SpatuneError(f"noise has shape {noise.shape}, the policy needs {shape}")
        return np.stack([self._ask(observation) for observation in observations])

    def close(self) -> None:
        """End the connection; calling it again does nothing."""
        self._open.close()

    def _ask(self, observation: Mapping[str, Any]) -> np.ndarray:
        from websockets.exceptions import WebSocketException

        question = {
            "observation/image": sent_image(read_entry(observation, AGENT_VIEW)),
            "observation/wrist_image": sent_image(read_entry(observation, WRIST_VIEW)),
            "observation/state": read_state(observation, self.spec).astype(np.float64),
            "prompt": str(read_entry(observation, "task")),
        }
        try:
            self._socket.send(pack(question))
        except (OSError, WebSocketException) as error:
            raise self._gone(error) from error
        answer = self._receive("an answer", self._patience)
        if "actions" not in answer:
            raise SpatuneError(
                f"{self._address}: the answer has no 'actions', only {', '.join(map(str, answer))}"
            )
        size = self.spec.action_dim
        return checked_actions(answer["actions"], self.spec.execute_steps, size, self._address)

    def _receive(self, what: str, seconds: float) -> dict[str, Any]:
        from websockets.exceptions import WebSocketException

        try:
            data = self._socket.recv(timeout=seconds)
        except TimeoutError as error:
            raise SpatuneError(
                f"{self._address}: no answer for {seconds:g} s while waiting for {what}; is the "
                "server busy with another client?"
            ) from error
        except (OSError, WebSocketException) as error:
            raise self._gone(error) from error
        if isinstance(data, str):
            lines = data.strip().splitlines() or ["no text"]
            raise SpatuneError(f"{self._address}: the server reports an error: {lines[-1]}")
        message = unpack(data)
        if not isinstance(message, dict):
            kind = type(message).__name__
            raise SpatuneError(f"{self._address}: {what} is a {kind}, not a dictionary")
        return message

    def _gone(self, error: Exception) -> SpatuneError:
        return SpatuneError(
            f"{self._address}: the server has closed the connection "
            f"({first_line(error)}); start it again and repeat the command: "
            "finished episodes are kept"
        )


def sent_image(image: Any) -> np.ndarray:
    """An image as openpi's example sends it: 224 pixels, bilinear, black bars where not square.

    Args:
        image: uint8 (H, W, 3).

    Returns:
        uint8 (224, 224, 3).
    """
    picture = Image.fromarray(np.ascontiguousarray(image))
    longest = max(picture.size)
    if picture.size == (SENT_SIZE, SENT_SIZE):
        return np.asarray(picture)
    width, height = (side * SENT_SIZE // longest for side in picture.size)
    sent = Image.new("RGB", (SENT_SIZE, SENT_SIZE))
    place = ((SENT_SIZE - width) // 2, (SENT_SIZE - height) // 2)
    sent.paste(picture.resize((width, height), Image.Resampling.BILINEAR), place)
    return np.asarray(sent)


def _connect(address: str, stack: ExitStack) -> Any:
    try:
        import msgpack  # noqa: F401
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
    except ImportError as error:
        raise SpatuneError(
            f"{address} needs the packages msgpack and websockets: pip install 'spatune[openpi]'"
        ) from error
    try:
        # Images do not compress, and a chunk has no bound on its size.
        connection = connect(address, compression=None, max_size=None, open_timeout=CONNECT_SECONDS)
        return stack.enter_context(connection)
    except (OSError, ValueError, WebSocketException) as error:
        raise SpatuneError(
            f"{address}: no policy server answers there ({first_line(error)}); start one, with "
            "openpi: `uv run scripts/serve_policy.py --env LIBERO`"
        ) from error
