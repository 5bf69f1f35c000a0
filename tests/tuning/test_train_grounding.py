"""Training of the embedded VLM: it can be killed, and its measurements are of what it saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spatune.agent import SpatialVLM
from spatune.envs.experts.demos import write_demos
from spatune.envs.experts.demos_config import DemosLiberoConfig
from spatune.errors import SpatuneError
from spatune.tuning import DemoScenes, GroundingConfig, train_grounding
from spatune.tuning.grounding import GroundingSampler


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short demonstrations with the pictures the VLM takes."""
    out = tmp_path_factory.mktemp("grounding") / "demos"
    config = DemosLiberoConfig(
        out=out, suites=("libero_object",), tasks=(3,), episodes=2, render_every=30, workers=1
    )
    return write_demos(config)


def test_a_killed_run_ends_with_the_same_bits(
    demos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = GroundingConfig(
        demos, tmp_path / "whole", steps=4, batch_size=2, warmup=1, save_every=2, threads=1,
        held_out=0.5,
    )  # fmt: skip
    whole = train_grounding(config)
    assert not (tmp_path / "whole.work").exists()

    draw, calls = GroundingSampler.draw, []

    def draw_until_killed(self, frames, rng):
        calls.append(frames)
        if len(calls) == 5:  # the tokenizer's corpus is drawn first
            raise KeyboardInterrupt
        return draw(self, frames, rng)

    parts = replace(config, out=tmp_path / "parts")
    monkeypatch.setattr(GroundingSampler, "draw", draw_until_killed)
    with pytest.raises(KeyboardInterrupt):
        train_grounding(parts)
    monkeypatch.undo()
    with pytest.raises(SpatuneError, match="another configuration"):
        train_grounding(replace(parts, batch_size=3))
    capsys.readouterr()
    resumed = train_grounding(parts)
    assert "going on after step 2" in capsys.readouterr().out
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("whole", "parts")]
    assert weights[0] == weights[1]
    same = [{k: v for k, v in result.items() if k != "minutes"} for result in (whole, resumed)]
    assert same[0] == same[1]
    assert json.loads((tmp_path / "parts" / "grounding.json").read_text()) == resumed
    vlm = SpatialVLM.from_pretrained(str(tmp_path / "parts"))
    features = vlm.encode([list(DemoScenes.load(demos).images[0])], ["pick up the mug"])
    assert np.isfinite(features.tokens.numpy()).all()
    with pytest.raises(SpatuneError, match="exists already"):
        train_grounding(parts)


def test_a_folder_without_demonstrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpatuneError, match="is no demonstration dataset"):
        train_grounding(GroundingConfig(tmp_path, tmp_path / "out"))


def test_questions_are_answered_from_the_labels(demos: Path) -> None:
    scenes = DemoScenes.load(demos)
    rng = np.random.default_rng(0)
    sampler = GroundingSampler(scenes)
    for frame in range(len(scenes)):
        answer = sampler.ask(frame, "position", rng).answer
        values = [float(part) for part in answer.strip("()").split(", ")]
        np.testing.assert_allclose(values, scenes.goal_positions[frame, 0], atol=0.006)
        act = sampler.ask(frame, "act", rng)
        assert act.question == scenes.instructions[frame]
        assert act.answer.startswith("object ")
