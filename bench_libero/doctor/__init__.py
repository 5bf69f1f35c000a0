"""What this machine can do, and whether LIBERO on it keeps the conventions of policies.

Names load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_names

if TYPE_CHECKING:
    from .config import DoctorConfig
    from .probe import Finding, Probe, run_probes
    from .run import run_doctor

__all__ = ["DoctorConfig", "Finding", "Probe", "run_doctor", "run_probes"]

_MODULES = {
    "DoctorConfig": ".config",
    "Finding": ".probe",
    "Probe": ".probe",
    "run_doctor": ".run",
    "run_probes": ".probe",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
