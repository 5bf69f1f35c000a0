"""spatune: a spatially tuned vision-language model that acts.

The main names load on first use, so that `import spatune` stays light:

    >>> import spatune
    >>> spatune.__version__
    '0.1.0'
    >>> from spatune import EnvSpec
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent import SpatialAgent, SpatialPerception, SpatialVLM
    from .envs import EnvSpec, LiberoEnv
    from .errors import SpatuneError
    from .policies import PolicySpec, load_policy

__version__ = "0.1.0"

__all__ = [
    "EnvSpec",
    "LiberoEnv",
    "PolicySpec",
    "SpatialAgent",
    "SpatialPerception",
    "SpatialVLM",
    "SpatuneError",
    "__version__",
    "load_policy",
]

_MODULES = {
    "EnvSpec": ".envs",
    "LiberoEnv": ".envs",
    "PolicySpec": ".policies",
    "SpatialAgent": ".agent",
    "SpatialPerception": ".agent",
    "SpatialVLM": ".agent",
    "SpatuneError": ".errors",
    "load_policy": ".policies",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds a main name when the name is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_MODULES))
