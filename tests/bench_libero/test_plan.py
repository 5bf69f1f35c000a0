"""Bad arguments of `eval libero` end in one clear line before any work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spatune.bench_libero import EvalLiberoConfig, run_eval
from spatune.bench_libero.plan import make_plan
from spatune.errors import SpatuneError

ZERO = EvalLiberoConfig(control="zero", tasks="0,2", episodes=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"suite": "libero_moon"}, "unknown LIBERO suite 'libero_moon'; choose one of"),
        ({"suite": "libero_goal_env"}, "ships no bddl files or init states"),
        ({"tasks": "7,10"}, "there is no task 10; there are tasks 0 to 9"),
        ({"episodes": 51}, "episodes = 51: libero_object task 0 has init states for 1 to 50"),
        ({"episodes": 0}, "episodes = 0"),
        ({"image_size": 0}, "image_size is 0"),
        ({"workers": 0}, "workers and max_batch must be at least 1"),
        ({"control": "none", "policy": "nowhere"}, "policy 'nowhere' is neither"),
    ],
)
def test_one_clear_line(changes: dict, message: str, tmp_path: Path) -> None:
    config = replace(ZERO, out=tmp_path / "run", **changes)
    with pytest.raises(SpatuneError, match=message) as error:
        run_eval(config)
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_the_plan_names_what_decides_the_results() -> None:
    plan = make_plan(ZERO)
    assert len(plan.keys) == 6
    assert plan.identity["tasks"] == [0, 2] and plan.identity["policy"] is None
    same = make_plan(replace(ZERO, workers=5, videos=1, policy="other", out=Path("x")))
    assert same.identity == plan.identity and same.keys == plan.keys
    for other in (
        replace(ZERO, seed=1),
        replace(ZERO, protocol="groot"),
        replace(ZERO, control="random"),
        replace(ZERO, image_size=64),
    ):
        assert make_plan(other).identity != plan.identity


def test_default_directories_do_not_mix_runs() -> None:
    configs = [ZERO, replace(ZERO, control="random"), replace(ZERO, seed=1, protocol="lerobot")]
    assert len({make_plan(config).directory for config in configs}) == 3
