"""`kept`: what a function says of a thing, kept as long as the thing lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from weakref import WeakKeyDictionary


def kept[K, V](function: Callable[[K], V]) -> Callable[[K], V]:
    """Decorate a function so that it is called once for each thing that it is asked about.

    Things are compared by `==`; they must be hashable and allow weak references. What the function
    returns must not refer to the thing, or neither is ever freed. What it raises is not kept.
    """
    values: WeakKeyDictionary[K, V] = WeakKeyDictionary()

    @wraps(function)
    def keeping(thing: K) -> V:
        if thing not in values:
            values[thing] = function(thing)
        return values[thing]

    return keeping
