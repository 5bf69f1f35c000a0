"""spatune: a spatially tuned vision-language model that acts.

The main names load on first use, so that `import spatune` stays light:

    >>> import spatune
    >>> spatune.__version__
    '0.1.0'
    >>> from spatune import EnvSpec
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazy_names

if TYPE_CHECKING:
    from .agent import SpatialAgent, SpatialPerception, SpatialVLM
    from .envs import EnvSpec, LiberoEnv
    from .errors import SpatuneError
    from .policies import PolicySpec, check_compatible, load_policy

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
    "check_compatible",
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
    "check_compatible": ".policies",
    "load_policy": ".policies",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
