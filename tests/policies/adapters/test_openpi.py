"""A policy behind a real websocket server that speaks openpi's protocol."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.sync.server import serve

from spatune.errors import SpatuneError
from spatune.policies.adapters import LeRobotCheckpoint, LeRobotChunks, OpenPiPolicy
from spatune.policies.adapters.openpi import openpi_spec, sent_image
from spatune.policies.adapters.wire import pack, unpack

Observe = Callable[..., dict[str, Any]]


@contextmanager
def server(answer: Callable[[dict[str, Any]], Any], metadata: Any = None) -> Iterator[str]:
    """A server on the loopback; `answer` gives a message, or bytes or text to send as they are."""

    def handle(connection: Any) -> None:
        connection.send(pack({"model": "tiny"} if metadata is None else metadata))
        for data in connection:
            message = answer(unpack(data))
            if message is None:
                connection.close()
                return
            connection.send(message if isinstance(message, (bytes, str)) else pack(message))

    with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.socket.getsockname()[1]}"
        finally:
            listening.shutdown()
            thread.join(5)


def ask(address: str, observation: dict[str, Any], seconds: float = 20.0) -> np.ndarray:
    policy = OpenPiPolicy(address, openpi_spec(), answer_seconds=seconds)
    try:
        return policy.predict([observation], np.zeros((1, 5, 7), np.float32))[0]
    finally:
        policy.close()


def test_a_real_policy_over_the_wire_is_the_policy_itself(act: Path, observation: Observe) -> None:
    checkpoint = LeRobotCheckpoint.find(str(act))
    assert checkpoint is not None
    behind = LeRobotChunks(checkpoint, checkpoint.spec(execute_steps=8))
    noise = np.zeros((1, 8, 7), np.float32)
    asked: list[dict[str, Any]] = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        seen = {
            "observation.images.image": question["observation/image"],
            "observation.images.image2": question["observation/wrist_image"],
            "observation.state": question["observation/state"],
            "task": question["prompt"],
        }
        actions = behind.predict([seen], noise)[0]
        return {"actions": actions, "server_timing": {"infer_ms": 1.0}}

    seen = observation(size=256)
    with server(answer) as address:
        policy = OpenPiPolicy(address, openpi_spec())
        chunks = policy.predict([seen, observation(1, size=256)], np.zeros((2, 5, 7), np.float32))
        assert policy.metadata == {"model": "tiny"}
        assert len(policy.sha256) == 64
        policy.close()
    small = {key: sent_image(value) if "images" in key else value for key, value in seen.items()}
    np.testing.assert_array_equal(chunks[0], behind.predict([small], noise)[0, :5])
    assert np.abs(chunks[0] - chunks[1]).max() > 0
    question = asked[0]
    assert sorted(question) == [
        *("observation/image", "observation/state", "observation/wrist_image", "prompt")
    ]
    assert question["observation/image"].shape == (224, 224, 3)
    assert question["observation/state"].dtype == np.float64


def test_images_are_sent_as_openpis_example_sends_them(observation: Observe) -> None:
    image = observation(size=256)["observation.images.image"]
    wanted = Image.fromarray(image).resize((224, 224), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(sent_image(image), np.asarray(wanted))
    same = image[:224, :224]
    np.testing.assert_array_equal(sent_image(same), same)
    wide = sent_image(image[:128])
    assert wide.shape == (224, 224, 3)
    assert not wide[:56].any() and not wide[168:].any() and wide[56:168].any()


def test_conventions_are_those_of_openpis_example() -> None:
    spec = openpi_spec()
    assert [camera.orientation for camera in spec.cameras] == ["rot180", "rot180"]
    assert (spec.cameras[0].height, spec.execute_steps) == (256, 5)
    assert openpi_spec(orientation="upright", execute_steps=8).chunk_length == 8
    with pytest.raises(SpatuneError, match="--execute-steps is 0"):
        openpi_spec(execute_steps=0)


GOOD = np.zeros((5, 7), np.float32)
NAN = np.where(np.arange(5)[:, None] == 2, np.nan, GOOD)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"actions": GOOD[:3]}, r"shape \(3, 7\); at least 5 actions of 7 entries"),
        ({"actions": np.zeros((5, 32))}, r"shape \(5, 32\)"),
        ({"actions": np.zeros((1, 5, 7))}, r"shape \(1, 5, 7\)"),
        ({"actions": NAN}, "not finite: step 2 of the chunk"),
        ({"actions": "up"}, "type str, not numbers"),
        ({"action": GOOD}, "no 'actions', only action"),
        ([1, 2], "an answer is a list, not a dictionary"),
        (b"\xc1", "is not msgpack"),
        ("Traceback:\n  ...\nKeyError: 'state'", "reports an error: KeyError: 'state'"),
        (None, "has closed the connection .* finished episodes are kept"),
    ],
)
def test_a_bad_answer_is_one_line(answer: Any, message: str, observation: Observe) -> None:
    with server(lambda _: answer) as address:
        with pytest.raises(SpatuneError, match=message) as error:
            ask(address, observation(size=224))
    assert len(str(error.value).splitlines()) == 1


def test_a_silent_server_is_one_line(observation: Observe) -> None:
    def slow(_: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.6)
        return {"actions": GOOD}

    with server(slow) as address:
        with pytest.raises(SpatuneError, match="no answer for 0.1 s while waiting for an answer"):
            ask(address, observation(size=224), seconds=0.1)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ws://127.0.0.1:9", "no policy server answers there .*refused"),
        ("ws://127.0.0.1:port", "no policy server answers there"),
    ],
)
def test_no_server_is_one_line(address: str, message: str) -> None:
    with pytest.raises(SpatuneError, match=message) as error:
        OpenPiPolicy(address, openpi_spec())
    assert len(str(error.value).splitlines()) == 1


def test_a_server_of_another_kind_is_one_line() -> None:
    with server(lambda _: None, metadata=[1]) as address:
        with pytest.raises(SpatuneError, match="its metadata is a list"):
            OpenPiPolicy(address, openpi_spec())
