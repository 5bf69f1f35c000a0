"""Navigation environments: Gymnasium's contract, the rules of the tasks, and repeatability."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import spatune.envs  # noqa: F401  (registers the ids)
from spatune.bench_nav.metrics import episode_metrics
from spatune.envs.houses.assets import Split
from spatune.envs.houses.house import GroundPoint
from spatune.envs.houses.library import house_names, house_sha256_of
from spatune.envs.navigation.episode import NavEpisode
from spatune.envs.navigation.library import stored_episodes
from spatune.envs.navigation.task import (
    DONE,
    IMAGE_KEY,
    NAV_TASKS,
    STATE_LAYOUT,
    NavTask,
)
from spatune.envs.thor import ThorEnv
from spatune.errors import SpatuneError

HOUSE, OTHER = house_names("test")[1], house_names("test")[0]
TRAIN = house_names("train")[:2]
MOVE, LEFT, RIGHT, UP, DOWN = range(5)
IDS = {"objectnav": "ObjectNav", "pointnav": "PointNav", "roomvisit": "RoomVisit"}


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[..., ThorEnv]]:
    """Makes small environments of the test houses, each once: what was played leaves no trace."""
    made: dict[str, ThorEnv] = {}

    def build(task: NavTask = "pointnav", *, number: int = 0, **changes: Any) -> ThorEnv:
        usual = {"split": "test", "houses": (HOUSE,), "backend": "embedded", "image_size": 32}
        settings = {**usual, **changes}
        key = f"{task} {number} {sorted(settings.items())}"
        if key not in made:
            made[key] = ThorEnv(task, **settings)
        return made[key]

    yield build
    for env in made.values():
        env.close()


def stored(task, index: int = 0, house: str = HOUSE) -> NavEpisode:
    return stored_episodes(task, "test")[house][index]


def goal_of(episode: NavEpisode) -> GroundPoint:
    assert episode.goal is not None
    return episode.goal


def goal_bearing(env: ThorEnv) -> float:
    """Degrees from straight ahead to the goal, positive to the right, from the metadata."""
    assert env.episode is not None
    goal, agent = goal_of(env.episode), env.controller.last_event.metadata["agent"]
    dx = goal[0] - agent["position"]["x"]
    dz = goal[1] - agent["position"]["z"]
    towards = np.degrees(np.arctan2(dx, dz))
    return float((towards - agent["rotation"]["y"] + 180) % 360 - 180)


@pytest.mark.parametrize("task", NAV_TASKS)
def test_it_is_a_gymnasium_environment(task) -> None:
    env = gymnasium.make(
        f"spatune/{IDS[task]}-v0",
        houses=TRAIN[:1],
        backend="embedded",
        image_size=(24, 32),
        depth=True,
        disable_env_checker=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Distances and depths have no upper bound.
        warnings.filterwarnings("ignore", message=".*(infinity|unbounded).*")
        check_env(env.unwrapped)
    assert isinstance(env.unwrapped, ThorEnv) and env.unwrapped.task == task
    env.close()


def test_several_run_side_by_side() -> None:
    envs = gymnasium.make_vec(
        "spatune/PointNav-v0",
        num_envs=2,
        vectorization_mode="sync",
        split="test",
        houses=(HOUSE,),
        backend="embedded",
        image_size=24,
    )
    observations, _ = envs.reset(seed=3)
    assert observations[IMAGE_KEY].shape == (2, 24, 24, 3)
    assert observations["observation.state"].shape == (2, len(STATE_LAYOUT))
    observations, rewards, *_ = envs.step(np.array([LEFT, MOVE]))
    assert rewards.tolist() == [0.0, 0.0]
    assert observations["task"] == ("go to the goal",) * 2
    envs.close()


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("task", NAV_TASKS)
def test_a_seed_gives_one_episode_whatever_came_before(make, task, split: Split) -> None:
    houses = house_names(split)[:2]
    first, second = (
        make(task, number=number, split=split, houses=houses, render_every=0) for number in (0, 1)
    )
    for seed in (0, 1):
        observation, _ = first.reset(seed=seed)
        # The other environment has been elsewhere: off the grid, and in the other house.
        second.reset(seed=seed + 10)
        for action in (RIGHT, MOVE, MOVE, DOWN, LEFT, LEFT, MOVE):
            second.step(action)
        again, _ = second.reset(seed=seed)
        assert first.episode == second.episode
        assert first.state_digest() == second.state_digest()
        np.testing.assert_array_equal(observation[IMAGE_KEY], again[IMAGE_KEY])


def test_without_a_seed_episodes_go_on(make) -> None:
    env = make(render_every=0)
    env.reset(seed=0)
    drawn = {env.reset()[0] and env.episode for _ in range(8)}
    assert len(drawn) > 3


def test_observations_fit_their_space(make) -> None:
    env = make("objectnav", depth=True, image_size=(20, 30))
    observation, info = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert set(info) == {"success", "steps", "collisions", "path_length"}
    assert env.env_spec.cameras[0].key == IMAGE_KEY
    for action in (MOVE, RIGHT, UP, DOWN, MOVE, LEFT):
        observation, reward, terminated, truncated, info = env.step(action)
        assert env.observation_space.contains(observation)
        assert type(reward) is float and not terminated and not truncated
    assert observation["observation.depth.image"].shape == (20, 30)
    assert info["steps"] == 6


def test_the_instruction_names_the_target(make) -> None:
    env = make("objectnav", render_every=0)
    for index in range(5):
        observation, _ = env.reset(options={"house": HOUSE, "init_index": index})
        assert observation["task"] == stored("objectnav", index).instruction


@pytest.mark.parametrize("yaw", [0.0, 90.0, 210.0])
def test_the_state_tells_where_the_goal_is(make, yaw: float) -> None:
    env = make(render_every=0)
    episode = replace(stored("pointnav"), yaw=yaw)
    state = env.reset(options={"episode": episode})[0]["observation.state"]
    assert state.shape == (5,) and state.dtype == np.float32
    for action in (None, RIGHT, RIGHT, LEFT, MOVE, LEFT, LEFT, LEFT, LEFT):
        if action is not None:
            state = env.step(action)[0]["observation.state"]
        values = dict(zip(STATE_LAYOUT, state, strict=True))
        gap = np.subtract(goal_of(episode), env.place)
        assert values["goal_distance"] == pytest.approx(np.hypot(*gap), rel=1e-6)
        bearing = np.radians(goal_bearing(env))
        assert values["goal_sin"] == pytest.approx(np.sin(bearing), abs=1e-6)
        assert values["goal_cos"] == pytest.approx(np.cos(bearing), abs=1e-6)


def test_turning_right_brings_a_goal_on_the_right_to_the_front(make) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav")})
    state = env.step(RIGHT)[0]["observation.state"]
    while not 0 <= goal_bearing(env) < 30:
        state = env.step(RIGHT)[0]["observation.state"]
    assert state[1] >= 0 and state[2] > 0.86
    # Turned back to the left, the goal is further to the right.
    assert env.step(LEFT)[0]["observation.state"][1] > state[1]


def test_the_state_tells_horizon_and_blocked_moves(make) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav")})
    assert env.step(DOWN)[0]["observation.state"][3:].tolist() == [1.0, 0.0]
    assert env.step(DOWN)[0]["observation.state"][3] == 2.0
    # The limit of the camera is no collision.
    observation, *_, info = env.step(DOWN)
    assert observation["observation.state"][3:].tolist() == [2.0, 0.0] and not info["collisions"]
    for _ in range(60):
        observation, *_, info = env.step(MOVE)
        if info["collisions"]:
            break
    assert observation["observation.state"][4] == 1.0
    assert env.step(LEFT)[0]["observation.state"][4] == 0.0


@pytest.mark.parametrize("task", ["objectnav", "roomvisit"])
def test_only_pointnav_knows_of_a_goal(make, task) -> None:
    env = make(task, render_every=0)
    state = env.reset(seed=0)[0]["observation.state"]
    assert state[:3].tolist() == [0.0, 0.0, 0.0]


def test_path_length_and_collisions_add_up(make) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav")})
    length, collisions, place = 0.0, 0, env.place
    for action in np.random.default_rng(0).choice([MOVE, MOVE, MOVE, RIGHT], 60):
        *_, info = env.step(action)
        event = env.controller.last_event.metadata
        length += float(np.hypot(*np.subtract(env.place, place)))
        collisions += action == MOVE and not event["lastActionSuccess"]
        place = env.place
    assert collisions > 3 and length > 2
    assert info["path_length"] == pytest.approx(length) and info["collisions"] == collisions
    walked = np.linalg.norm(np.diff(np.array(env.path), axis=0), axis=1)
    assert walked.sum() == pytest.approx(length) and walked == pytest.approx(0.25)


ENDS = {"distance_to_goal", "start_distance", "optimal_length", "optimal_steps"}


def test_done_at_the_goal_of_pointnav_succeeds(make) -> None:
    env = make(render_every=0)
    episode = stored("pointnav")
    x, z = goal_of(episode)
    env.enter(HOUSE)
    places = env.guide.reachable()
    gaps = np.linalg.norm(places - [x, z], axis=1)
    for place, near in ((places[np.argmin(gaps)], True), (places[np.argmax(gaps)], False)):
        env.reset(options={"episode": replace(episode, start=tuple(map(float, place)))})
        _, reward, terminated, truncated, info = env.step(DONE)
        assert (reward, terminated, truncated) == (float(near), True, False)
        assert info["success"] is near and set(info) >= ENDS
        assert (info["distance_to_goal"] <= 0.2) == near
        with pytest.raises(SpatuneError, match="reset"):
            env.step(MOVE)


@pytest.mark.parametrize(("gap", "near"), [(0.199, True), (0.201, False)])
def test_the_goal_of_pointnav_is_twenty_centimetres_around(make, gap: float, near: bool) -> None:
    env = make(render_every=0)
    episode = stored("pointnav")
    x, z = episode.start
    env.reset(options={"episode": replace(episode, goal=(x - gap, z))})
    *_, info = env.step(DONE)
    assert info["distance_to_goal"] == pytest.approx(gap)
    assert info["success"] is near


def test_pointnav_measures_along_the_way_not_through_walls(make) -> None:
    """A start within 0.2 m of the goal as the crow flies need not be there."""
    env = make(render_every=0, houses=(OTHER,))
    episode = stored("pointnav", 0, OTHER)
    env.reset(options={"episode": episode})
    *_, info = env.step(DONE)
    assert info["distance_to_goal"] == pytest.approx(episode.start_distance)
    straight = np.hypot(*np.subtract(goal_of(episode), episode.start))
    assert info["distance_to_goal"] >= straight - 1e-9
    assert not info["success"]


def test_done_with_the_target_in_view_succeeds(make) -> None:
    from spatune.envs.embedded.viewpoints import nearest_views, view_from

    env = make("objectnav", render_every=0)
    episode = stored("objectnav")
    env.reset(options={"episode": episode})
    *_, info = env.step(DONE)
    assert not info["success"] and info["distance_to_goal"] == pytest.approx(episode.start_distance)
    simulator = env.controller.simulator
    world = simulator.world
    names = [n for n, entity in world.entities.items() if entity.object_type == episode.target]
    place = world.grid.points[next(nearest_views(simulator, episode.start, names))]
    start = (float(place[0]), float(place[1]))
    yaw, horizon = next(v for v in (view_from(simulator, start, n) for n in names) if v)
    env.reset(options={"episode": replace(episode, start=start, yaw=yaw, horizon=horizon)})
    *_, terminated, _, info = env.step(DONE)
    assert terminated and info["success"] and info["distance_to_goal"] == 0.0
    env.reset(options={"episode": replace(episode, start=start, yaw=yaw + 180, horizon=0.0)})
    *_, info = env.step(DONE)
    assert not info["success"]


def test_visiting_every_room_succeeds_at_done_only(make) -> None:
    env = make("roomvisit", render_every=0, houses=(OTHER,))
    env.reset(options={"episode": stored_episodes("roomvisit", "test")[OTHER][0]})
    *_, info = env.step(DONE)
    assert not info["success"] and info["distance_to_goal"] is None
    env.reset(options={"episode": stored_episodes("roomvisit", "test")[OTHER][0]})
    assert env.house is not None
    env.rooms |= {room.id for room in env.house.rooms}
    _, reward, terminated, _, info = env.step(LEFT)
    assert not info["success"] and not terminated and reward == 0.0
    _, reward, *_, info = env.step(DONE)
    assert info["success"] and reward == 1.0


def test_a_budget_truncates_with_the_ingredients_of_the_metrics(make) -> None:
    env = make(render_every=0, max_steps=3)
    episode = stored("pointnav")
    env.reset(options={"episode": episode})
    for step in range(3):
        _, reward, terminated, truncated, info = env.step(MOVE)
        assert (reward, terminated, truncated) == (0.0, False, step == 2)
        assert (ENDS <= set(info)) == truncated
    assert info["start_distance"] == info["optimal_length"] == episode.start_distance
    assert info["optimal_steps"] == episode.optimal_steps and not info["success"]
    metrics = episode_metrics(info)
    assert metrics["spl"] == 0.0 and (metrics["distance_to_goal"] or 0.0) > 0.2
    with pytest.raises(SpatuneError, match=r"reset\(\)"):
        env.step(MOVE)
    env.reset(options={"episode": episode})
    *_, terminated, truncated, _ = (env.step(MOVE), env.step(MOVE), env.step(DONE))[-1]
    assert terminated and not truncated


@pytest.mark.parametrize("every", [0, 1, 3])
def test_drawing_changes_nothing_but_what_is_drawn(make, every: int) -> None:
    always, sometimes = make("objectnav"), make("objectnav", render_every=every)
    for env in (always, sometimes):
        last, _ = env.reset(options={"episode": stored("objectnav")})
    for step, action in enumerate([MOVE, RIGHT, MOVE, DOWN, LEFT, MOVE, DONE], start=1):
        seen, *rest = always.step(action)
        ours, *others = sometimes.step(action)
        assert rest == others
        assert always.state_digest() == sometimes.state_digest()
        np.testing.assert_array_equal(seen["observation.state"], ours["observation.state"])
        drawn = every and step % every == 0
        expected = seen if drawn else last
        np.testing.assert_array_equal(ours[IMAGE_KEY], expected[IMAGE_KEY])
        last = ours
        if action == DOWN:
            last = sometimes.observe()
            np.testing.assert_array_equal(last[IMAGE_KEY], seen[IMAGE_KEY])
            np.testing.assert_array_equal(sometimes.render(), seen[IMAGE_KEY])


def test_the_digest_tells_episodes_and_poses_apart(make) -> None:
    env = make(render_every=0)
    digests = []
    for index in (0, 1, 0):
        env.reset(options={"house": HOUSE, "init_index": index})
        digests.append(env.state_digest())
    assert digests[0] == digests[2] != digests[1]
    env.step(RIGHT)
    assert env.state_digest() != digests[0]
    env.step(LEFT)
    assert env.state_digest() == digests[0]


@pytest.mark.parametrize("action", [np.int64(0), np.float32(0), np.array([0.0], np.float32), 0])
def test_actions_are_numbers_in_any_dress(make, action) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav")})
    env.step(action)
    assert env.controller.last_event.metadata["lastAction"] == "MoveAhead"


def test_any_house_of_the_package_can_be_played_by_its_episode(make) -> None:
    env = make(render_every=0)
    env.reset(options={"episode": stored("pointnav", 0, OTHER)})
    assert env.house is not None
    assert house_sha256_of(OTHER) == env.episode.house_sha256
    env.reset(options={"house": HOUSE, "init_index": 0})
    assert env.episode == stored("pointnav")


def test_it_can_be_closed_twice_and_started_again(make) -> None:
    env = make(number=9, render_every=0)
    first, _ = env.reset(options={"episode": stored("pointnav")})
    env.close()
    env.close()
    with pytest.raises(SpatuneError, match="reset"):
        env.step(MOVE)
    again, _ = env.reset(options={"episode": stored("pointnav")})
    np.testing.assert_array_equal(first[IMAGE_KEY], again[IMAGE_KEY])
