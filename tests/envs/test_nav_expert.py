"""The expert solves what can be solved, on short ways, from wherever it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spatune.bench_nav.metrics import episode_metrics
from spatune.envs.experts.navigation import NavExpert
from spatune.envs.houses.library import house_names
from spatune.envs.navigation.library import stored_episodes
from spatune.envs.navigation.task import DONE, NAV_ACTIONS, NAV_TASKS
from spatune.envs.thor import ThorEnv
from spatune.envs.thor_backends import embedded_controller
from spatune.errors import SpatuneError

HOUSES = house_names("val")[:2]


@pytest.fixture(scope="module", params=NAV_TASKS)
def env(request: pytest.FixtureRequest):
    made = ThorEnv(
        request.param,
        split="val",
        houses=HOUSES,
        backend="embedded",
        image_size=96,
        max_steps=300,
        render_every=0,
    )
    yield made
    made.close()


def play(env: ThorEnv, expert: NavExpert) -> tuple[dict, int]:
    """The end of an episode that the expert plays from here on, and how long it took."""
    for steps in range(1, 301):
        *_, terminated, truncated, info = env.step(expert.action())
        if terminated or truncated:
            return info, steps
    raise AssertionError("the budget truncates")


def test_it_solves_stored_episodes_on_short_ways(env: ThorEnv) -> None:
    expert, spls = NavExpert(env), []
    for house in HOUSES:
        for index in range(3):
            env.reset(options={"house": house, "init_index": index})
            info, steps = play(env, expert)
            assert info["success"], (house, index)
            assert steps == info["steps"]
            metrics = episode_metrics(info)
            if metrics["spl"] is not None:
                spls.append(metrics["spl"])
    assert spls and np.mean(spls) >= 0.9


def test_it_gets_there_after_any_detour(env: ThorEnv) -> None:
    random = np.random.default_rng(0)
    moves = [a for a in range(len(NAV_ACTIONS)) if a != DONE]
    expert = NavExpert(env)
    for index in range(2, 4):
        env.reset(options={"house": HOUSES[1], "init_index": index})
        for action in random.choice(moves, 40):
            label = expert.action()
            assert 0 <= label < len(NAV_ACTIONS)
            env.step(action)
        info, _ = play(env, expert)
        assert info["success"], index


def test_its_action_depends_on_where_the_agent_is_alone(env: ThorEnv) -> None:
    """Asking twice, or another expert, gives the same answer."""
    expert = NavExpert(env)
    env.reset(options={"house": HOUSES[0], "init_index": 2})
    for _ in range(12):
        action = expert.action()
        before = env.state_digest()
        assert expert.action() == action == NavExpert(env).action()
        assert env.state_digest() == before
        if action == DONE:
            break
        env.step(action)


def test_it_wants_an_episode_and_an_embedded_house() -> None:
    env = ThorEnv("pointnav", split="val", houses=HOUSES, backend="embedded", image_size=32)
    with pytest.raises(SpatuneError, match="reset"):
        NavExpert(env).action()
    env.close()
    pytest.importorskip("ai2thor", reason="pip install 'spatune[unity]' for another backend")
    # AI2-THOR's own client, which knows nothing of the simulator's state.
    env._controller = embedded_controller(scene=HOUSES[0], width=32, height=32)
    with pytest.raises(SpatuneError, match="backend='embedded'"):
        NavExpert(env)
    env.close()


def test_it_gives_up_where_there_is_no_way() -> None:
    env = ThorEnv(
        "pointnav", split="val", houses=HOUSES, backend="embedded", image_size=32, render_every=0
    )
    episode = replace(stored_episodes("pointnav", "val")[HOUSES[0]][0], goal=(-9.0, -9.0))
    env.reset(options={"episode": episode})
    assert NavExpert(env).action() == DONE
    *_, info = env.step(DONE)
    assert not info["success"] and info["distance_to_goal"] is None
    assert episode_metrics(info)["soft_spl"] is None
    env.close()
