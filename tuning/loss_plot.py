"""`plot_curves`: curves of a training run as one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

Curve = Sequence[tuple[float, float]]
"""Steps and values."""


def plot_curves(file: Path, panels: Mapping[str, Mapping[str, Curve]], *, title: str) -> None:
    """Write a PNG with one panel a quantity and one line a curve; empty curves are left out.

    Args:
        file: Where to write.
        panels: Name of a quantity -> name of a curve -> its points.
        title: Above all.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        1, len(panels), figsize=(5.2 * len(panels), 3.4), squeeze=False, layout="constrained"
    )
    for axis, (name, curves) in zip(axes[0], panels.items(), strict=True):
        for label, curve in curves.items():
            if curve:
                steps, values = zip(*curve, strict=True)
                axis.plot(steps, values, label=label, linewidth=1.2)
        axis.set_xlabel("step")
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
        if sum(bool(curve) for curve in curves.values()) > 1:
            axis.legend()
    figure.suptitle(title)
    figure.savefig(file, dpi=110)
    plt.close(figure)
