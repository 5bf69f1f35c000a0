"""What assets look like: for each a handful of coloured primitives that fill its bounding box."""

from __future__ import annotations

from ....lazy import lazy_names

__getattr__, __dir__ = lazy_names(__name__, {"Part": ".part", "parts_of": ".build"})
