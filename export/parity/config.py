"""`ParityConfig`: the arguments of `spatune export parity`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional, UseAppendAction


@dataclass(frozen=True)
class ParityConfig:
    """Compare a bundle with the policy that it was exported from, on real observations.

    The same images and the same noise go through both: every graph on its own, and the whole. The
    report has the largest and the 99th-percentile difference of every action entry in robot units,
    cosines, and the drift over the denoising steps. Ends with an error where a gate is missed.
    """

    bundle: Positional[Path]
    """Folder that `spatune export` wrote."""

    policy: str | None = None
    """The policy that it was exported from; by default the one that it names."""

    engine: UseAppendAction[tuple[str, ...]] = ()
    """Engine: ort-cpu, ort-cuda, ort-tensorrt, tensorrt, tensorrt-rtx, torch-eager, torch-compile
    or aotinductor. May be repeated; ort-cpu by default."""

    precision: UseAppendAction[tuple[str, ...]] = ()
    """Precision to compare. May be repeated; by default all of the bundle, and fp32 of torch
    engines. Those without CPU kernels (fp16, bf16, fp8, nvfp4) are emulated on ort-cpu: every
    tensor is rounded, sums are in fp32."""

    observations: Path | None = None
    """Observations, an npz file of `Observations.save`; by default 64 that the policy sees in
    LIBERO now (a minute), kept in the bundle."""

    device: str = "cpu"
    """Where torch engines run: cpu or cuda."""

    out: Path | None = None
    """Folder for parity.json, parity.md and parity.png; by default BUNDLE/reports."""
