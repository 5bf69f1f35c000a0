"""`parts_of`: the primitives that an asset is drawn with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ....errors import SpatuneError
from ..assets import Asset
from . import (
    appliances,
    bathroom,
    beds,
    food,
    kitchenware,
    lamps,
    openings,
    plants_decor,
    seats,
    small_things,
    storage,
    tables,
)
from .part import Part
from .sketch import Sketch

Template = Callable[[Sketch], None]

TEMPLATES: dict[str, Template] = {
    **appliances.TEMPLATES,
    **bathroom.TEMPLATES,
    **beds.TEMPLATES,
    **food.TEMPLATES,
    **kitchenware.TEMPLATES,
    **lamps.TEMPLATES,
    **openings.TEMPLATES,
    **plants_decor.TEMPLATES,
    **seats.TEMPLATES,
    **small_things.TEMPLATES,
    **storage.TEMPLATES,
    **tables.TEMPLATES,
}
"""Object type -> what draws it."""


@cache
def parts_of(asset: Asset) -> tuple[Part, ...]:
    """The parts of an asset, in its own frame; together they fill its bounding box.

    They depend on the asset alone: its type decides the shape, its id and its materials the
    colours and the variant.

    Raises:
        SpatuneError: Nothing draws assets of that type.
    """
    try:
        template = TEMPLATES[asset.object_type]
    except KeyError:
        raise SpatuneError(
            f"no shape for assets of type {asset.object_type!r}; "
            "add its template to envs/houses/shapes"
        ) from None
    sketch = Sketch(asset)
    template(sketch)
    return tuple(sketch.parts)
