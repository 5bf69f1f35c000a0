"""The examples of the perception wrapper run as they are, with few steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ..loaded import module_from

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_ppo_trains_on_what_the_vlm_sees(checkpoint, capsys: pytest.CaptureFixture) -> None:
    example = module_from(EXAMPLES / "perception_ppo.py")
    model = example.main(
        example.Arguments(
            steps=64, checkpoint=checkpoint("fastvlm"), source="vision.timm_model.blocks.4"
        )
    )
    assert model.num_timesteps == 64
    assert model.observation_space.shape == (4 * 4 * 112,)
    assert "64 steps in" in capsys.readouterr().out


def test_libero_is_seen_at_every_eighth_step(checkpoint) -> None:
    example = module_from(EXAMPLES / "perception_libero.py")
    looks = example.main(example.Arguments(steps=9, checkpoint=checkpoint("fastvlm")))
    assert [look.shape for look in looks] == [(2 * 8 * 8, 40)] * 2
    assert np.isfinite(looks).all() and not np.array_equal(*looks)
