"""`training_device`: where a run trains."""

from __future__ import annotations

from ..errors import SpatuneError, first_line


def training_device(name: str) -> str:
    """`cpu` or `cuda`, of what `--device` says.

    Raises:
        SpatuneError: Another name, or a device that this machine does not have.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise SpatuneError(
            f"device {name!r} is not one of cpu, cuda, auto; accelerate spreads GPUs"
        )
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise SpatuneError(f"device {name!r} cannot be used: {first_line(error)}") from None
    return name
