"""PPO that sees CartPole only through a VLM: Stable-Baselines3 on top of `SpatialPerception`.

    python examples/perception_ppo.py --steps 256

The VLM is a tiny FastVLM with ImageNet weights in its vision tower, built on the spot; give
`--checkpoint` to use another. A few hundred steps show that the parts fit, not that PPO learns.
Needs stable-baselines3 and pygame (both come with the extra `dev`).
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import torch
import tyro
from gymnasium import spaces
from gymnasium.wrappers import TransformObservation
from stable_baselines3 import PPO
from stable_baselines3.common.monitor import Monitor

from spatune.agent import SpatialPerception, SpatialVLM, build_fastvlm


@dataclass(frozen=True)
class Arguments:
    """PPO over the features of a spatial VLM."""

    steps: int = 256
    """Environment steps; rounded up to whole rollouts of 64."""
    checkpoint: Path | None = None
    """Folder of a VLM; None builds a tiny one."""
    source: str = "vision.timm_model.blocks.4"
    """Where the features are taken."""
    refresh_every: int = 1
    """Steps between looks."""
    seed: int = 0
    """Seed of PPO and of the environment."""


def load_vlm(checkpoint: Path | None) -> SpatialVLM:
    """The VLM of a folder, or a tiny one."""
    if checkpoint is not None:
        return SpatialVLM.from_pretrained(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        build_fastvlm(
            folder, hidden_size=64, layers=2, image_size=64, corpus=["keep the pole upright"]
        )
        return SpatialVLM.from_pretrained(folder)


def make_env(vlm: SpatialVLM, arguments: Arguments) -> gym.Env:
    """CartPole whose observation is what the VLM sees, flattened and without the state."""
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    env = SpatialPerception(
        env,
        vlm,
        text="keep the pole upright",
        source=arguments.source,
        refresh_every=arguments.refresh_every,
    )
    assert isinstance(env.observation_space, spaces.Dict)
    seen = spaces.flatten_space(env.observation_space["spatial.features"])
    return Monitor(TransformObservation(env, lambda o: o["spatial.features"].reshape(-1), seen))


def main(arguments: Arguments) -> PPO:
    """Trains and prints what it did."""
    torch.set_num_threads(1)
    env = make_env(load_vlm(arguments.checkpoint), arguments)
    print(f"observation: {env.observation_space}")
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=64, seed=arguments.seed, device="cpu")
    start = time.perf_counter()
    model.learn(arguments.steps)
    seconds = time.perf_counter() - start
    episodes = [int(episode["l"]) for episode in model.ep_info_buffer or ()]
    print(
        f"{model.num_timesteps} steps in {seconds:.1f} s ({model.num_timesteps / seconds:.0f} a "
        f"second), {model._n_updates} epochs of updates, {len(episodes)} episodes, "
        f"mean length {sum(episodes) / max(len(episodes), 1):.1f}"
    )
    env.close()
    return model


if __name__ == "__main__":
    main(tyro.cli(Arguments))
