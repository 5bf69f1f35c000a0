"""`generate_procthor_house`: a house of AI2's ProcTHOR generator, without Unity."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import random
import sys
import types
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from ....errors import SpatuneError, first_line
from ..assets import Split, find_asset
from ..yaw_box import YawBox, standing_size
from .procthor_controller import GeometricController
from .procthor_repairs import repair_procthor
from .resting import fallen

LARGEST_SEED = 2**32 - 1
"""The greatest seed that ProcTHOR's random numbers take."""


def generate_procthor_house(
    seed: int, split: Split, room_spec: str | None = None
) -> dict[str, Any]:
    """Make a house with the package `procthor`.

    The same seed gives another house in another process: the package depends on the order of sets
    of objects. Houses are therefore kept as files.

    Args:
        seed: Seed of the house.
        split: Which assets it may hold.
        room_spec: ProcTHOR's name of a kind of floor plan, for example `4-room`; drawn as for
            ProcTHOR-10K if it is None.

    Returns:
        The house as JSON of schema 0.0.1.

    Raises:
        SpatuneError: The package is missing, there is no such floor plan, or the generator found
            no house for this seed.
    """
    known = procthor_room_specs()
    if room_spec is not None and room_spec not in known:
        raise SpatuneError(f"unknown floor plan {room_spec!r}; choose one of: {', '.join(known)}")
    with _quiet():
        generation = _import_procthor()
        sampler = generation.PROCTHOR10K_ROOM_SPEC_SAMPLER
        if room_spec is not None:
            # `HouseGenerator` has an argument for it, which it does not heed.
            sampler = type(sampler)([sampler[room_spec]])
        with _own_random_state():
            generator = generation.HouseGenerator(
                split=split,
                seed=seed,
                room_spec_sampler=sampler,
                controller=_controller(),
            )
            try:
                house, _ = generator.sample()
            except Exception as error:
                # The package raises bare exceptions and stumbles over its own assertions.
                reason = f"{type(error).__name__}: {first_line(error)}"
                raise SpatuneError(f"seed {seed} gave no house: {reason}") from error
    # The package leaves numpy's numbers in the house.
    raw = json.loads(json.dumps(house.data, default=float))
    for thing in raw["objects"]:
        _let_children_fall(thing)
    return raw


def procthor_room_specs() -> tuple[str, ...]:
    """ProcTHOR's names of kinds of floor plans.

    Raises:
        SpatuneError: The package, or one that it needs, is missing.
    """
    with _quiet():
        return tuple(_import_procthor().PROCTHOR10K_ROOM_SPEC_SAMPLER.room_spec_map)


def _let_children_fall(holder: dict[str, Any]) -> None:
    """Do to the house what the controller did to its own copy when it placed small objects."""
    for child in holder.get("children", ()):
        asset = find_asset(child["assetId"])
        box = fallen(find_asset(holder["assetId"]), _box(holder), _box(child), asset.object_type)
        child["position"]["y"] = box.centre[1]
        _let_children_fall(child)


def _box(thing: dict[str, Any]) -> YawBox:
    x, y, z = (float(thing["position"][axis]) for axis in "xyz")
    tilt, yaw = float(thing["rotation"]["x"]), float(thing["rotation"]["y"])
    size = standing_size(find_asset(thing["assetId"]).size, (tilt, yaw, 0.0))
    return YawBox((x, y, z), size, yaw)


@cache
def _controller() -> GeometricController:
    """One for the process: the package keeps tables by controller, and fills them slowly."""
    return GeometricController()


@cache
def _import_procthor() -> types.ModuleType:
    try:
        with _stand_in_for_moviepy():
            import procthor.generation
    except ImportError as error:
        raise SpatuneError(
            f"ProcTHOR's generator needs the package {error.name}; "
            "install it: pip install 'spatune[procthor]'"
        ) from error
    repair_procthor()
    return procthor.generation


@contextlib.contextmanager
def _stand_in_for_moviepy() -> Iterator[None]:
    """Let `procthor` import the one name of moviepy that it wants.

    The name serves a function that writes videos, which is not used here, and moviepy 2 no longer
    has the module `moviepy.editor`: the package would be a dependency that cannot be met.
    """
    editor: Any = types.ModuleType("moviepy.editor")
    editor.ImageSequenceClip = object
    stand_ins = {"moviepy": types.ModuleType("moviepy"), "moviepy.editor": editor}
    hidden = {name: sys.modules[name] for name in stand_ins if name in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
        sys.modules.update(hidden)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the package's warnings, log lines and prints; they tell of its search."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


@contextlib.contextmanager
def _own_random_state() -> Iterator[None]:
    """Give the global random generators, which the package seeds, back as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
