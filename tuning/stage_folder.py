"""Where a stage works and what it leaves: `claim_work`, `write_checkpoint`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..work_folder import claim_folder


def claim_work(out: Path, deciding: Mapping[str, Any], device: str) -> Path:
    """The folder OUT.work of a run, claimed by one of its processes for all.

    Args:
        out: Folder that will hold the checkpoint.
        deciding: Settings that decide the weights.
        device: cpu or cuda.

    Raises:
        SpatuneError: It holds work of another configuration.
    """
    from accelerate import PartialState

    work = out.with_name(out.name + ".work")
    processes = PartialState(cpu=device == "cpu")
    if processes.is_main_process:
        claim_folder(work, deciding)
    processes.wait_for_everyone()
    return work


def write_checkpoint(model: Any, processor: Any, folder: Path, *, half: bool) -> None:
    """Write model and processor as transformers reads them; loading turns halves into float32."""
    from ..agent.quiet import quiet_progress

    model.to("cpu")
    if half:
        model.half()
    with quiet_progress():
        model.save_pretrained(str(folder))
        processor.save_pretrained(str(folder))
