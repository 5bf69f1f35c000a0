"""Turn a checkpoint of `lerobot-train` into the policy that the package ships.

    python recipes/embedded/ship.py CHECKPOINT/pretrained_model VLM OUT

Keeps the running mean of the weights (what acts) and drops the rest, and puts the VLM that made
the features into the folder, so that it loads without any other file.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from spatune.policies.checkpoint import VLM_FOLDER
from spatune.policies.digests import vlm_sha256
from spatune.policies.modeling_spatune import SpatunePolicy


def ship(checkpoint: Path, vlm: Path, out: Path) -> None:
    """Write the folder `out`, which must not exist."""
    if out.exists():
        raise SystemExit(f"{out} exists already; remove it first")
    policy = SpatunePolicy.from_pretrained(checkpoint)
    identity = vlm_sha256(str(vlm), None)
    if policy.config.features_vlm != identity:
        raise SystemExit(f"{vlm} is not the VLM that made the features of {checkpoint}")
    if policy.ema is not None:
        policy.network.load_state_dict(policy.ema.state_dict())
        policy.ema = None
        del policy.ema_steps
        policy.config.ema_decay = 0.0
    policy.config.vlm = ""
    policy.config.pretrained_path = None
    policy.save_pretrained(out)
    shutil.copytree(vlm, out / VLM_FOLDER)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "vlm", "out"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    ship(arguments.checkpoint, arguments.vlm, arguments.out)
