"""`build_engine`: from a graph of a bundle to an engine in the bundle."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import SpatuneError
from ..bundle import Bundle
from ..engines.capability import parse_sm, require_precision
from ..engines.cuda import Cuda
from ..engines.engine_cache import DEFAULT_SM, ENGINES, EngineCache, EngineKey
from ..engines.tensorrt_module import find_tensorrt
from .tensorrt import CURRENT, EngineBuilder

if TYPE_CHECKING:
    # A robot may lack tyro, which the arguments' class needs.
    from .config import EngineConfig

MEGABYTE = 1e6


class Build(NamedTuple):
    """An engine to be built."""

    key: EngineKey
    """What it will be built from, with and for."""
    run: Callable[[], bytes]
    """Builds it."""


def build_engine(config: EngineConfig) -> Path:
    """Build an engine and keep it in its bundle, unless it is there.

    A build that fails leaves the engine of an earlier one as it is.

    Args:
        config: The arguments.

    Returns:
        The engine's file.

    Raises:
        SpatuneError: The bundle is damaged or lacks the graph, the engine's library is missing, or
            the chip, the library or the graph does not allow the engine.
    """
    if config.engine not in _PLANS:
        raise SpatuneError(f"engine {config.engine!r} is unknown; use one of {', '.join(_PLANS)}")
    bundle = Bundle.load(config.bundle)
    build = _PLANS[config.engine](config, bundle)
    cache = EngineCache(bundle.folder / ENGINES)
    if cache.holds(build.key) and not config.force:
        path = cache.find(build.key)
        _say(f"{path} is already there ({_megabytes(path)}); --force builds it again")
        return path
    _say(f"building {config.stage} in {config.precision} for {build.key.place}")
    start = time.monotonic()
    path = cache.put(build.key, build.run())
    _say(f"{_megabytes(path)} in {time.monotonic() - start:.1f} s: {path}")
    return path


def _plan_tensorrt(config: EngineConfig, bundle: Bundle) -> Build:
    require_precision(config.precision, None)
    trt = find_tensorrt(config.engine)
    builder = EngineBuilder(trt)
    if config.sm == (CURRENT,) or not builder.sms:
        chips, sms = (Cuda().sm,), config.sm
    else:
        chips = sms = tuple(sorted(set(config.sm), key=parse_sm))
    for sm in chips:
        require_precision(config.precision, sm)
    onnx = bundle.graph(config.precision, config.stage)
    key = EngineKey(
        graph_sha256=bundle.sha256(onnx),
        library=config.engine,
        version=trt.__version__,
        sm="+".join(chips) or DEFAULT_SM,
        precision=config.precision,
        stage=config.stage,
    )
    return Build(key, lambda: builder.build(onnx, sms=sms or None))


def _plan_package(config: EngineConfig, bundle: Bundle) -> Build:
    from .aotinductor import build_package, package_key

    place = (config.stage, config.precision, config.device)
    key = package_key(bundle, *place)
    return Build(key, lambda: build_package(bundle, *place, config.policy))


_PLANS: dict[str, Callable[[EngineConfig, Bundle], Build]] = {
    "tensorrt": _plan_tensorrt,
    "tensorrt-rtx": _plan_tensorrt,
    "aotinductor": _plan_package,
}


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / MEGABYTE:.1f} MB"


def _say(words: str) -> None:
    print(f"engine: {words}", file=sys.stderr)
