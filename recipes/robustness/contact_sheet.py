"""Draws `docs/perturbations.png`: the agent view under each perturbation, for two tasks.

    python recipes/robustness/contact_sheet.py [--out docs/perturbations.png]

About a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spatune.envs import LiberoEnv
from spatune.envs.libero_perturbations import DIMENSIONS

TASKS = (("libero_object", 0, 1), ("libero_spatial", 2, 1))
"""Suite, task and init state."""

MAGNITUDES = (0.5, 1, 2)
FIRST_SEED = 7
DRAWN, SHOWN, LABEL, COLOURS = 256, 132, 18, 256


def views(suite: str, task: int, init: int) -> list[list[Image.Image]]:
    """One row a dimension: the plain scene, then each magnitude."""
    env = LiberoEnv(suite, task, image_size=DRAWN, render_every=0)

    def view(name: str) -> Image.Image:
        options = {"init_index": init, "perturbation": name}
        observation, _ = env.reset(seed=FIRST_SEED + init, options=options)
        picture = Image.fromarray(observation["observation.images.image"])
        return picture.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS)

    plain = view("none")
    rows = [[plain, *(view(f"{d}:{magnitude}") for magnitude in MAGNITUDES)] for d in DIMENSIONS]
    env.close()
    return rows


def labelled(picture: Image.Image, text: str) -> np.ndarray:
    """A picture below its name."""
    cell = Image.new("RGB", (SHOWN, SHOWN + LABEL), "white")
    cell.paste(picture, (0, LABEL))
    font = ImageFont.load_default(size=LABEL - 5)
    ImageDraw.Draw(cell).text((3, 1), text, fill="black", font=font)
    return np.asarray(cell)


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/perturbations.png"))
    out = parser.parse_args().out
    halves = [views(*task) for task in TASKS]
    lines = []
    for number, dimension in enumerate(DIMENSIONS):
        names = ["none", *(f"{dimension}:{magnitude}" for magnitude in MAGNITUDES)]
        cells = [
            labelled(picture, name)
            for half in halves
            for picture, name in zip(half[number], names, strict=True)
        ]
        lines.append(np.concatenate(cells, axis=1))
    sheet = Image.fromarray(np.concatenate(lines))
    # A palette keeps the file small.
    sheet.quantize(COLOURS, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
