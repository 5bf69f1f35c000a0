"""Real LIBERO episodes: the same digests on one and two workers, filmed or not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatune.bench_libero import PROTOCOLS
from spatune.bench_libero.environment import AGENT_VIEW, WRIST_VIEW, LiberoView, env_factory
from spatune.cli import main
from spatune.evaluation import EngineOptions, EpisodeStore, Lane, RandomPolicy, run_lanes
from spatune.evaluation.video import VideoRequest, read_video

VIEW = LiberoView(image_size=64)


class PixelPolicy(RandomPolicy):
    """Its actions depend on every pixel of both cameras, so one changed bit changes the rest."""

    uses_images = True

    def predict(self, observations: Sequence[Mapping[str, Any]], noise: np.ndarray) -> np.ndarray:
        sums = [
            sum(float(observation[key].astype(np.int64).sum()) for key in (AGENT_VIEW, WRIST_VIEW))
            for observation in observations
        ]
        return super().predict(
            observations, np.stack([n * np.sin(s) for n, s in zip(noise, sums, strict=True)])
        )


def test_zero_actions_score_nothing_by_the_command(tmp_path: Path, capfd) -> None:
    words = "eval libero --control zero --suite libero_spatial --tasks 2 --episodes 1".split()
    out = tmp_path / "run"
    assert main([*words, "--out", str(out)]) == 0
    record = json.loads((out / "episodes.jsonl").read_text())
    assert (record["success"], record["steps"], record["error"]) == (False, 220, None)
    assert record["instruction"].endswith("and place it on the plate")
    assert record["versions"]["renderer"] in ("egl", "osmesa", "glfw")
    report = json.loads((out / "report.json").read_text())
    assert (report["total"]["successes"], report["total"]["episodes"]) == (0, 1)
    # One run says what the budgets of all protocols bring, as far as it played.
    points = {p["budget"]: p for p in report["success_by_budget"] if "protocols" in p}
    assert (points[220]["protocols"], points[220]["successes"]) == (["openvla", "paired"], 0)
    assert (points[280]["successes"], points[720]["successes"]) == (None, None)
    output = capfd.readouterr().out
    assert "control zero, protocol paired" in output and "0/1" in output
    # A second call plays nothing; another configuration is refused.
    before = (out / "episodes.jsonl").read_bytes()
    assert main([*words, "--out", str(out)]) == 0
    assert (out / "episodes.jsonl").read_bytes() == before
    assert main([*words, "--seed", "1", "--out", str(out)]) == 2
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("spatune: error:") and "seed = 0, this run has seed = 1" in error


@pytest.mark.slow
def test_workers_and_films_do_not_change_a_bit(tmp_path: Path) -> None:
    keys = PROTOCOLS["paired"].keys("libero_object", (1,), 2, policy_seed=0)
    film = VideoRequest(str(tmp_path / "a.mp4"), (AGENT_VIEW, WRIST_VIEW), stride=20)

    def play(name: str, workers: int, videos: dict) -> list[dict]:
        with EpisodeStore(tmp_path / name, {}) as store:
            lane = Lane("none", PixelPolicy(chunk_length=40), store, keys, videos)
            factory = env_factory(PROTOCOLS["paired"], VIEW)
            run_lanes([lane], factory, EngineOptions(workers=workers))
            return [record.deterministic() for record in store.records]

    one = play("one", 1, {})
    assert [record["steps"] for record in one] == [280, 280]
    assert one[0]["action_digest"] != one[1]["action_digest"]
    assert play("two", 2, {keys[1]: film}) == one
    assert read_video(film.path).shape == (15, 256, 512, 3)
