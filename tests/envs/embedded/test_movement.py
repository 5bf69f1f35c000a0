"""Moving, turning, looking, crouching and teleporting, and what stops an agent."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def two(shared_two):
    """The two rooms, which these tests leave as they are but for where the agent is."""
    shared_two.go(3.9, 4.0)
    return shared_two


@pytest.mark.parametrize("yaw", [0.0, 30.0, 90.0, 210.0])
@pytest.mark.parametrize(
    ("action", "turn"), [("MoveAhead", 0), ("MoveRight", 90), ("MoveBack", 180), ("MoveLeft", 270)]
)
def test_a_step_goes_where_the_agent_faces(two, action: str, turn: float, yaw: float) -> None:
    two.go(3.9, 4.0, yaw)
    two.ok(action)
    heading = np.radians(yaw + turn)
    x, z, *_ = two.pose
    assert (x, z) == pytest.approx((3.9 + 0.25 * np.sin(heading), 4.0 + 0.25 * np.cos(heading)))
    assert two.reply.agent["cameraPosition"]["x"] == pytest.approx(x)


def test_a_step_can_have_a_length(two) -> None:
    two.go(3.9, 3.9)
    two.ok("MoveAhead", moveMagnitude=0.1)
    assert two.pose[:2] == pytest.approx((3.9, 4.0))
    two.ok("MoveAhead", moveMagnitude=0)
    assert two.pose[:2] == pytest.approx((3.9, 4.25))


def test_a_wall_stops_a_step_and_is_named(two) -> None:
    two.go(0.25, 4.3, 270.0)
    agent = two.do("MoveAhead")
    assert not agent["lastActionSuccess"] and agent["collided"]
    assert agent["collidedObjects"] == ["wall|3|0.00|3.36|0.00|5.04"]
    assert agent["errorMessage"] == "wall|3|0.00|3.36|0.00|5.04 is in the way"
    assert agent["errorCode"] == "" and two.pose[:2] == (0.25, 4.3)
    two.ok("Pass")
    assert two.reply.agent["collidedObjects"] == []


def test_furniture_stops_a_step_and_is_named(two) -> None:
    two.go(1.96, 3.65, 0.0)
    agent = two.do("MoveAhead")
    assert agent["collidedObjects"] == ["DiningTable|3|0"]
    assert agent["errorMessage"] == "DiningTable|3|0 is in the way"
    two.ok("MoveAhead", forceAction=True)
    assert two.pose[1] == pytest.approx(3.9)


def test_a_step_cannot_jump_over_what_is_thin(four) -> None:
    """The wall between two rooms has no thickness; both ends of the step are free."""
    four.go(3.2, 9.0, 90.0)
    four.go(3.8, 7.5, 270.0)
    assert not four.do("MoveAhead", moveMagnitude=0.7)["lastActionSuccess"]


def test_snapped_steps_end_on_the_grid(play, two_rooms) -> None:
    player = play(two_rooms, gridSize=0.2)
    for action in ("MoveAhead", "RotateRight", "MoveAhead", "MoveRight", "RotateLeft", "MoveBack"):
        player.do(action)
        x, z, yaw, *_ = player.pose
        assert x / 0.2 == pytest.approx(round(x / 0.2)) and yaw % 90 == 0
        assert z / 0.2 == pytest.approx(round(z / 0.2))
    player.ok("RotateRight", degrees=30)
    said = player.fails("MoveAhead")
    assert "snapToGrid=False" in said and "not at 30" in said


@pytest.mark.parametrize("sign", [1, -1])
def test_turns_add_up_to_a_circle(two, sign: int) -> None:
    two.go(3.9, 4.0, 0.0)
    action = "RotateRight" if sign > 0 else "RotateLeft"
    for count in range(1, 13):
        two.ok(action)
        assert two.pose[2] == pytest.approx(sign * 30 * count % 360)
    two.ok(action, degrees=7.5)
    assert two.pose[2] == pytest.approx(sign * 7.5 % 360)
    assert two.pose[:2] == (3.9, 4.0)


def test_looks_stop_at_30_up_and_60_down(two) -> None:
    two.go(3.9, 4.0)
    two.ok("LookUp")
    assert two.pose[3] == -30
    assert "beyond 30 up and 60 down" in two.fails("LookUp")
    for horizon in (0, 30, 60):
        two.ok("LookDown")
        assert two.pose[3] == horizon
    assert "horizon of 90" in two.fails("LookDown")
    two.fails("LookDown", degrees=1)
    two.ok("LookUp", degrees=12.5)
    assert two.pose[3] == 47.5


def test_crouching_lowers_the_camera(two) -> None:
    eye = two.reply.agent["cameraPosition"]["y"]
    assert eye == pytest.approx(1.576)
    assert "standing already" in two.fails("Stand")
    two.ok("Crouch")
    assert two.reply.agent["cameraPosition"]["y"] == pytest.approx(0.901) and not two.pose[4]
    assert "crouching already" in two.fails("Crouch")
    two.ok("Stand")
    assert two.reply.agent["cameraPosition"]["y"] == eye and two.pose[4]


def test_a_teleport_changes_what_it_names(two) -> None:
    two.go(3.9, 4.0, 90.0, 30.0)
    two.ok("Teleport", position={"x": 4.0, "y": 0.9, "z": 4.25})
    assert two.pose == (4.0, 4.25, 90.0, 30.0, True)
    two.ok("Teleport", rotation={"x": 0, "y": -45, "z": 0})
    assert two.pose == (4.0, 4.25, 315.0, 30.0, True)
    two.ok("Teleport", rotation=45, horizon=-30, standing=False)
    assert two.pose == (4.0, 4.25, 45.0, -30.0, False)
    two.ok("Teleport", x=3.9, z=4.0)
    assert two.pose == (3.9, 4.0, 45.0, -30.0, False)
    two.ok("Teleport")
    assert two.pose == (3.9, 4.0, 45.0, -30.0, False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"position": {"x": 99.0, "y": 0.9, "z": 4.0}}, "cannot stand at x = 99, z = 4"),
        ({"position": {"x": 1.96, "y": 0.9, "z": 4.45}}, "cannot stand"),
        ({"position": {"x": 3.9, "y": 2.5, "z": 4.0}}, "position.y = 2.5"),
        ({"horizon": 61}, "horizon of 61"),
        ({"horizon": -31}, "beyond"),
    ],
)
def test_a_teleport_that_cannot_be_moves_nothing(two, changes, said: str) -> None:
    two.go(3.9, 4.0, 90.0)
    everything = {
        "position": {"x": 4.0, "y": 0.9, "z": 4.2},
        "rotation": 10,
        "horizon": 0,
        "standing": False,
        **changes,
    }
    for action in ("Teleport", "TeleportFull"):
        assert said in two.fails(action, **everything)
    assert two.pose == (3.9, 4.0, 90.0, 0.0, True)


def test_force_teleports_into_furniture_but_not_over_the_horizon(two) -> None:
    two.ok("Teleport", position={"x": 1.96, "y": 0.9, "z": 4.45}, forceAction=True)
    assert two.pose[:2] == (1.96, 4.45)
    two.fails("Teleport", horizon=90, forceAction=True)


def test_a_full_teleport_takes_coordinates_too(two) -> None:
    two.ok("TeleportFull", x=4.0, y=0.9, z=4.25, rotation=90, horizon=30, standing=True)
    assert two.pose == (4.0, 4.25, 90.0, 30.0, True)


@pytest.mark.parametrize("action", ["Pass", "Done"])
def test_doing_nothing_changes_nothing(two, action: str) -> None:
    before = two.world.digest()
    two.ok(action)
    assert two.world.digest() == before


def test_an_agent_that_starts_in_a_wall_is_moved_to_the_nearest_place(play, two_rooms) -> None:
    agent = {**two_rooms["metadata"]["agent"], "position": {"x": 0.02, "y": 0.95, "z": 4.2}}
    metadata = {**two_rooms["metadata"], "agent": agent}
    player = play({**two_rooms, "metadata": metadata}, snapToGrid=False)
    x, z, *_ = player.pose
    assert player.world.plan.free(np.array([x, z]))[0]
    assert np.hypot(x - 0.02, z - 4.2) < 0.4
