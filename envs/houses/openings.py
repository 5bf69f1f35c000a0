"""`opening_span`: where a door or a window lies along the faces that it goes through."""

from __future__ import annotations

from ...errors import SpatuneError
from .house import Opening, Wall


def opening_span(opening: Opening, wall: Wall) -> tuple[float, float]:
    """Where the hole begins and ends along one of its two faces.

    The faces of a wall run opposite ways, so the hole is mirrored on the second one.

    Args:
        opening: A door or a window.
        wall: Either of the faces in `opening.walls`.

    Returns:
        Metres from the start of `wall`: where the hole begins and where it ends.

    Raises:
        SpatuneError: The opening does not go through this face.
    """
    if wall.id == opening.walls[0]:
        return opening.left, opening.right
    if wall.id == opening.walls[1]:
        return wall.length - opening.right, wall.length - opening.left
    raise SpatuneError(
        f"{opening.id} goes through {' and '.join(opening.walls)}, not through {wall.id}"
    )
