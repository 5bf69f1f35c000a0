"""`ExportConfig`: the arguments of `spatune export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import UseAppendAction


@dataclass(frozen=True)
class ExportConfig:
    """Write a policy as a bundle that a robot runs without torch.

    The bundle holds the policy as ONNX graphs of fixed shape (the whole, and its stages), its
    conventions, the token rows of its instructions, and a manifest with the sha256 of every file.
    An older bundle at the same place is replaced when the new one is complete.

    Then: spatune export parity BUNDLE, spatune export latency BUNDLE, spatune export engine BUNDLE,
    spatune export floor BUNDLE; each has its own --help.
    """

    out: Path
    """Folder to write."""

    policy: str = "embedded"
    """Policy to export: 'embedded', a folder, or a hub id."""

    precision: UseAppendAction[tuple[str, ...]] = ()
    """Precision besides fp32: fp16, bf16, int8, int8-dynamic, fp8 or nvfp4. May be repeated; fp16
    and int8 by default. fp16, bf16, fp8 and nvfp4 are for GPUs, int8-dynamic is for CPUs, int8 for
    both."""

    suite: UseAppendAction[tuple[str, ...]] = ()
    """LIBERO suite whose instructions the bundle is for. May be repeated; libero_object and
    libero_spatial by default, or none where --task is given."""

    task: UseAppendAction[tuple[str, ...]] = ()
    """Further instruction, word for word as the robot will be given it. May be repeated."""

    calibration: Path | None = None
    """Observations that fp16, int8, fp8 and nvfp4 are calibrated on, an npz file of
    `Observations.save`; by default 32 that the policy sees in LIBERO now (half a minute)."""
