"""A simulator that a test can talk to in few words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spatune.envs.embedded import Reply, Simulator
from spatune.envs.embedded.world import World

HOUSES = Path(__file__).parents[1] / "houses" / "data"


class Player:
    """A simulator with a house in it, and what it said last."""

    def __init__(self, house: dict[str, Any] | None, width: int, height: int, **settings) -> None:
        self.simulator = Simulator(width, height)
        self.reply: Reply = self.simulator.current()
        if house is not None:
            self.ok("Reset")
            self.ok("Initialize", **settings)
            self.ok("CreateHouse", house=house)

    @property
    def world(self) -> World:
        assert self.simulator.world is not None
        return self.simulator.world

    @property
    def pose(self) -> tuple[float, float, float, float, bool]:
        """x, z, yaw, horizon, standing: as the metadata says."""
        agent = self.reply.agent["agent"]
        place, turn = agent["position"], agent["rotation"]["y"]
        return place["x"], place["z"], turn, agent["cameraHorizon"], agent["isStanding"]

    def thing(self, object_id: str) -> dict[str, Any]:
        """Metadata of an object."""
        found = [o for o in self.reply.agent["objects"] if o["objectId"] == object_id]
        assert len(found) == 1
        return found[0]

    def do(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Take an action; the agent's metadata."""
        self.reply = self.simulator.step({"action": action, **arguments})
        agent = self.reply.agent
        assert agent["lastAction"] == action
        assert "\n" not in agent["errorMessage"]
        assert agent["lastActionSuccess"] == (agent["errorMessage"] == "")
        return agent

    def ok(self, action: str, **arguments: Any) -> Any:
        """Take an action that happens; its return value."""
        agent = self.do(action, **arguments)
        assert agent["lastActionSuccess"], agent["errorMessage"]
        assert agent["errorCode"] == "" and not agent["collided"]
        return agent["actionReturn"]

    def fails(self, action: str, *, code: str = "", **arguments: Any) -> str:
        """Take an action that does not happen and changes nothing; why it did not."""
        before = self.simulator.world and self.world.digest()
        agent = self.do(action, **arguments)
        assert not agent["lastActionSuccess"] and agent["errorCode"] == code
        assert agent["actionReturn"] is None
        assert (self.simulator.world and self.world.digest()) == before
        return agent["errorMessage"]

    def go(self, x: float, z: float, yaw: float = 0.0, horizon: float = 0.0) -> None:
        """Stand somewhere."""
        self.ok(
            "TeleportFull",
            position={"x": x, "y": 0.901, "z": z},
            rotation={"x": 0, "y": yaw, "z": 0},
            horizon=horizon,
            standing=True,
        )


@pytest.fixture(scope="session")
def two_rooms() -> dict[str, Any]:
    return json.loads((HOUSES / "two_rooms.json").read_text())


@pytest.fixture(scope="session")
def four_rooms() -> dict[str, Any]:
    """Its doors `door|4|5` and `door|4|7` open and close, `door|6|7` is an open passage."""
    return json.loads((HOUSES / "four_rooms.json").read_text())


@pytest.fixture
def play() -> Iterator[Callable[..., Player]]:
    """Makes players, and stops them when the test is over."""
    made: list[Player] = []

    def make(house: dict[str, Any] | None, width: int = 48, height: int = 36, **settings) -> Player:
        made.append(Player(house, width, height, **settings))
        return made[-1]

    yield make
    for player in made:
        player.simulator.close()


@pytest.fixture(scope="module")
def shared_two(two_rooms: dict[str, Any]) -> Iterator[Player]:
    """Two rooms for tests that change nothing but the agent's pose: making a house takes time."""
    player = Player(two_rooms, 48, 36, snapToGrid=False, rotateStepDegrees=30)
    yield player
    player.simulator.close()


@pytest.fixture(scope="module")
def shared_four(four_rooms: dict[str, Any]) -> Iterator[Player]:
    """The same with four rooms."""
    player = Player(four_rooms, 48, 36, snapToGrid=False, rotateStepDegrees=30)
    yield player
    player.simulator.close()


@pytest.fixture
def two(play: Callable[..., Player], two_rooms: dict[str, Any]) -> Player:
    """Two rooms, with the small steps of navigation."""
    return play(two_rooms, snapToGrid=False, rotateStepDegrees=30)


@pytest.fixture
def four(play: Callable[..., Player], four_rooms: dict[str, Any]) -> Player:
    """Four rooms, with the small steps of navigation."""
    return play(four_rooms, snapToGrid=False, rotateStepDegrees=30)
