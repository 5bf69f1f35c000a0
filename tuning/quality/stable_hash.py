"""`stable_hash`: the one source of pseudo-random order of questions."""

from __future__ import annotations

from hashlib import blake2b


def stable_hash(*parts: object) -> int:
    """A 64-bit number that depends on the texts of `parts` alone, on any machine.

    Sorting by it gives a random order that does not change when other items come or go.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
