"""`TEMPLATES` of plants, vases, statues and other decoration."""

from __future__ import annotations

from ..house import Colour
from .palette import BLACK, CREAM, GREEN, SOIL, WHITE, YELLOW, shaded
from .sketch import FULL, Sketch


def _house_plant(s: Sketch) -> None:
    width, height, depth = s.asset.size
    leaf = s.paint("leaf", "leaf")
    pot = s.paint("pot", "earthenware")
    high = 0.36 if height < 0.75 else 0.28
    # The pot is a circle even where the leaves spread further to one side.
    across = 0.62 * min(width, depth)
    half_x, half_z = across / width / 2, across / depth / 2
    x, z = (0.5 - half_x, 0.5 + half_x), (0.5 - half_z, 0.5 + half_z)
    s.cylinder(pot, (x[0] + 0.05, x[1] - 0.05), (0.0, 0.8 * high), (z[0] + 0.05, z[1] - 0.05))
    s.cylinder(shaded(pot, 1.12), x, (0.75 * high, high), z)
    s.cylinder(
        SOIL, (x[0] + 0.03, x[1] - 0.03), (high - 0.02, high + 0.005), (z[0] + 0.03, z[1] - 0.03)
    )
    if height > 0.45 and s.chance("kind") < 0.45:
        # Long leaves that spread from the middle.
        thick = 0.1 * min(width, depth)
        low = high - 0.02
        s.ball(shaded(leaf, 1.1), (0.42, 0.58), (low, 1.0), (0.42, 0.58))
        s.lean(
            leaf, (0.42, 0.58), (low, 0.9), (0.48, 1.0), about="x", thick=thick, kind="ellipsoid"
        )
        s.lean(
            shaded(leaf, 0.85),
            (0.42, 0.58),
            (low, 0.88),
            (0.0, 0.52),
            about="x",
            thick=thick,
            back=True,
            kind="ellipsoid",
        )
        s.lean(
            shaded(leaf, 1.2),
            (0.48, 1.0),
            (low, 0.85),
            (0.42, 0.58),
            about="z",
            thick=thick,
            kind="ellipsoid",
        )
        s.lean(
            leaf,
            (0.0, 0.52),
            (low, 0.94),
            (0.42, 0.58),
            about="z",
            thick=thick,
            back=True,
            kind="ellipsoid",
        )
        return
    s.ball(shaded(leaf, 0.85), (0.0, 0.66), (high + 0.04, 0.82), (0.06, 0.76))
    s.ball(leaf, (0.36, 1.0), (high + 0.01, 0.76), (0.3, 1.0))
    s.ball(shaded(leaf, 1.15), (0.18, 0.82), (0.52, 1.0), (0.0, 0.68))


def _vase(s: Sketch) -> None:
    glaze = s.paint("glaze", "glass", "metal", "ceramic")
    mouth = shaded(glaze, 0.3)
    width, height, _ = s.asset.size
    if height < 0.6 * width:
        s.cylinder(shaded(glaze, 0.85), (0.25, 0.75), (0.0, 0.1), (0.25, 0.75))
        s.ball(glaze, FULL, (0.02, 0.95), FULL)
        s.cylinder(shaded(glaze, 1.1), (0.33, 0.67), (0.8, 0.99), (0.33, 0.67))
        s.cylinder(mouth, (0.37, 0.63), (0.97, 1.0), (0.37, 0.63))
        return
    neck = 0.2 if s.chance("neck") < 0.6 else 0.28
    s.cylinder(shaded(glaze, 0.85), (0.25, 0.75), (0.0, 0.12), (0.25, 0.75))
    s.ball(glaze, FULL, (0.03, 0.72), FULL)
    s.cylinder(
        shaded(glaze, 0.92), (0.5 - neck, 0.5 + neck), (0.55, 0.95), (0.5 - neck, 0.5 + neck)
    )
    rim = neck + 0.09
    s.cylinder(shaded(glaze, 1.12), (0.5 - rim, 0.5 + rim), (0.93, 0.99), (0.5 - rim, 0.5 + rim))
    s.cylinder(mouth, (0.5 - neck, 0.5 + neck), (0.98, 1.0), (0.5 - neck, 0.5 + neck))


def _statue(s: Sketch) -> None:
    stone = s.paint("stone", "metal", "stone")
    kind = s.asset.id.split("_")[0]
    if kind == "Dog":
        s.ball(stone, (0.12, 0.8), (0.3, 0.75), (0.1, 0.9))
        s.ball(shaded(stone, 1.1), (0.62, 1.0), (0.52, 1.0), (0.18, 0.82))
        for x in ((0.18, 0.32), (0.6, 0.74)):
            s.box(shaded(stone, 0.85), x, (0.0, 0.5), FULL)
        s.box(shaded(stone, 0.9), (0.0, 0.2), (0.58, 0.68), (0.42, 0.58))
    elif kind == "Hand":
        s.ball(stone, (0.0, 0.6), (0.0, 0.7), (0.0, 0.85))
        for index in range(4):
            z = (0.02 + 0.2 * index, 0.2 + 0.2 * index)
            s.ball(shaded(stone, 1.1), (0.4, 1.0 - 0.06 * abs(index - 1)), (0.1, 0.5), z)
        s.ball(shaded(stone, 0.9), (0.1, 0.55), (0.2, 1.0), (0.7, 1.0))
    elif kind == "Stone":
        s.box(shaded(stone, 0.7), FULL, (0.0, 0.1), FULL)
        s.ball(stone, (0.04, 0.96), (0.08, 0.5), (0.1, 0.9))
        s.ball(shaded(stone, 1.1), (0.14, 0.86), (0.42, 0.76), (0.16, 0.84))
        s.ball(shaded(stone, 1.2), (0.24, 0.76), (0.7, 1.0), (0.22, 0.78))
    else:
        s.box(shaded(stone, 0.7), FULL, (0.0, 0.08), FULL)
        s.ball(stone, (0.2, 0.8), (0.06, 0.76), (0.2, 0.8))
        s.ball(shaded(stone, 1.15), (0.32, 0.68), (0.7, 1.0), (0.32, 0.68))
        high = (0.45, 0.92) if kind == "Waving" else (0.3, 0.62)
        s.ball(shaded(stone, 0.9), (0.02, 0.32), (0.25, 0.62), (0.36, 0.64))
        s.ball(shaded(stone, 0.9), (0.7, 0.98), high, (0.36, 0.64))


def _painting(s: Sketch) -> None:
    frame = s.paint("frame", "wood")
    if "Photo" in s.asset.id:
        frame = s.pick("photo_frame", (BLACK, (0.88, 0.87, 0.84), (0.42, 0.26, 0.14)))
    s.box(frame, FULL, FULL, (0.0, 0.7))
    edge_x, edge_y = s.share("x", 0.05), s.share("y", 0.05)
    if "Photo" in s.asset.id:
        s.box(WHITE, (edge_x, 1 - edge_x), (edge_y, 1 - edge_y), (0.6, 0.8))
        edge_x, edge_y = s.share("x", 0.13, 0.3), s.share("y", 0.13, 0.3)
    x = (edge_x, 1 - edge_x)
    sky = s.pick("sky", ((0.52, 0.72, 0.90), (0.92, 0.66, 0.46), (0.80, 0.84, 0.86)))
    land = s.pick("land", ((0.28, 0.48, 0.26), (0.66, 0.52, 0.32), (0.18, 0.36, 0.52)))
    s.box(sky, x, (0.4, 1 - edge_y), (0.7, 0.88))
    s.box(land, x, (edge_y, 0.4), (0.7, 0.9))
    s.ball(shaded(land, 0.7), (x[0] + 0.02, 0.62), (edge_y, 0.56), (0.7, 1.0))
    s.ball(
        s.pick("sun", (YELLOW, WHITE, (0.86, 0.30, 0.22))), (0.6, 0.76), (0.62, 0.82), (0.7, 1.0)
    )


def _room_decor(s: Sketch) -> None:
    """Branches in a tall vase."""
    glaze = s.paint("glaze", "ceramic")
    s.cylinder(glaze, (0.2, 0.8), (0.0, 0.4), (0.2, 0.8))
    s.cylinder(shaded(glaze, 0.6), (0.25, 0.75), (0.4, 0.43), (0.25, 0.75))
    twig: Colour = (0.48, 0.36, 0.24)
    s.lean(twig, (0.5, 1.0), (0.4, 0.95), (0.45, 0.55), about="z", thick=0.015)
    s.lean(twig, (0.0, 0.5), (0.4, 1.0), (0.45, 0.55), about="z", thick=0.015, back=True)
    s.lean(twig, (0.45, 0.55), (0.4, 0.9), (0.5, 1.0), about="x", thick=0.015)
    s.lean(twig, (0.45, 0.55), (0.4, 0.97), (0.0, 0.5), about="x", thick=0.015, back=True)
    for x, y, z in (((0.0, 0.3), 0.8, (0.36, 0.66)), ((0.68, 0.98), 0.76, (0.36, 0.66))):
        s.ball(CREAM, x, (y, y + 0.12), z)


def _tabletop_decor(s: Sketch) -> None:
    """A flat glass dish of coloured balls."""
    s.ball(s.paint("dish", "glass"), FULL, (0.0, 0.5), FULL)
    for index, (x, z) in enumerate(((0.2, 0.25), (0.5, 0.22), (0.28, 0.5), (0.55, 0.52))):
        colour = s.pick(f"ball {index}", ((0.72, 0.20, 0.18), (0.86, 0.70, 0.26), GREEN))
        s.ball(colour, (x, x + 0.3), (0.2, 1.0 - 0.1 * (index % 2)), (z, z + 0.34))


def _teddy_bear(s: Sketch) -> None:
    fur: Colour = s.pick("fur", ((0.60, 0.40, 0.22), (0.74, 0.56, 0.36)))
    s.ball(fur, (0.18, 0.82), (0.0, 0.64), (0.0, 0.7))
    s.ball(fur, (0.2, 0.8), (0.5, 0.98), (0.05, 0.75))
    for x in ((0.14, 0.38), (0.62, 0.86)):
        s.ball(shaded(fur, 0.8), x, (0.8, 1.0), (0.25, 0.5))
    s.ball(CREAM, (0.38, 0.62), (0.56, 0.74), (0.55, 0.85))
    s.ball(BLACK, (0.46, 0.54), (0.66, 0.73), (0.78, 0.88))
    for x in ((0.12, 0.44), (0.56, 0.88)):
        s.ball(shaded(fur, 0.9), x, (0.0, 0.28), (0.4, 1.0))
    for x, back in (((0.0, 0.32), False), ((0.68, 1.0), True)):
        s.lean(
            shaded(fur, 0.9),
            x,
            (0.26, 0.58),
            (0.2, 0.5),
            about="z",
            thick=0.09,
            back=back,
            kind="ellipsoid",
        )


def _garbage_bag(s: Sketch) -> None:
    bag: Colour = s.pick("bag", ((0.10, 0.10, 0.11), (0.16, 0.16, 0.18)))
    s.ball(bag, FULL, (0.0, 0.82), FULL)
    s.box(bag, (0.2, 0.8), (0.0, 0.2), (0.2, 0.8))
    s.cylinder(shaded(bag, 2.0), (0.42, 0.58), (0.76, 0.86), (0.42, 0.58))
    s.ball(shaded(bag, 1.6), (0.32, 0.68), (0.82, 1.0), (0.34, 0.66))


def _garbage_can(s: Sketch) -> None:
    shell = s.pick("shell", ((0.50, 0.52, 0.54), (0.62, 0.64, 0.66), (0.34, 0.36, 0.38)))
    width, _, depth = s.asset.size
    if max(width, depth) > 1.15 * min(width, depth):
        # A square one with an open top and a label.
        s.box(shell, (0.05, 0.95), (0.0, 0.9), (0.05, 0.95))
        s.box(shaded(shell, 1.3), FULL, (0.84, 0.99), FULL)
        s.box(BLACK, (0.07, 0.93), (0.97, 1.0), (0.07, 0.93))
        s.cylinder(WHITE, (0.3, 0.7), (0.35, 0.65), (0.94, 0.97), axis="z")
        return
    # A round one with a bag folded over its rim.
    s.oval(shell, (0.06, 0.94), (0.0, 0.9), (0.06, 0.94))
    s.oval(shaded(shell, 1.3), FULL, (0.84, 0.985), FULL)
    s.ball(BLACK, (0.08, 0.92), (0.965, 1.0), (0.08, 0.92))


TEMPLATES = {
    "GarbageBag": _garbage_bag,
    "GarbageCan": _garbage_can,
    "HousePlant": _house_plant,
    "Painting": _painting,
    "RoomDecor": _room_decor,
    "Statue": _statue,
    "TableTopDecor": _tabletop_decor,
    "TeddyBear": _teddy_bear,
    "Vase": _vase,
}
