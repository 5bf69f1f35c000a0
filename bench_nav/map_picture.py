"""`draw_map`: one navigation episode as a map, seen from above."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from .top_down import Point, TopDownMap

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOM_COLOURS: Mapping[str, str] = MappingProxyType(
    {"Kitchen": "#fbe3c4", "LivingRoom": "#d9ecd5", "Bedroom": "#d7e4f4", "Bathroom": "#e8dcf1"}
)
"""Floor, by type of room."""

OTHER_ROOM, OBSTACLE, WALL, DOOR = "#eeeeee", "#a8a29a", "#3b3a3a", "#ffffff"
SUCCESS, FAILURE, TARGET, SHORTEST = "#1a7f37", "#c0291d", "#f2b705", "#1f9e9e"
_REACHABLE, _INK, _TIME_SCALE = "#8a8f98", "#222222", "plasma"
_LONGEST_INCHES, _DPI, _HEADING_METRES = 7.0, 120, 0.25


@dataclass(frozen=True)
class Target:
    """Something that the agent was to find.

    Attributes:
        label: Its name in the legend, for example `Television`.
        position: Where it is.
    """

    label: str
    position: Point


@dataclass(frozen=True)
class Trip:
    """What an agent did in one episode.

    Attributes:
        instruction: The task in words, the picture's title.
        success: Whether it was solved.
        spl: Its SPL, or None where that is unknown.
        path: Where the agent was, from start to end, after every step; at least one point.
        headings: The way it looked at each point of `path` (degrees clockwise from +z), or empty.
        targets: Everything that it could have found.
        shortest: Corners of the shortest path to success, or empty.
    """

    instruction: str
    success: bool
    spl: float | None
    path: Sequence[Point]
    headings: Sequence[float] = ()
    targets: Sequence[Target] = ()
    shortest: Sequence[Point] = ()


def draw_map(world: TopDownMap, trip: Trip) -> Image.Image:
    """Map of the house with the way that the agent went, early steps dark and late ones light.

    Args:
        world: The house.
        trip: The episode.

    Returns:
        An RGB picture of about 900 to 1300 pixels; one scale for x and z, a bar tells it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    corners = [point for room in world.rooms for point in room.polygon]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    bottom, top = min(z for _, z in corners), max(z for _, z in corners)
    inches = _LONGEST_INCHES / max(right - left, top - bottom)
    figure = Figure(figsize=((right - left) * inches, (top - bottom) * inches), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal")
    axes.axis("off")
    entries = [*_draw_house(axes, world), *_draw_trip(axes, trip)]
    axes.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=1.0,
        frameon=False,
        fontsize=10,
        labelspacing=0.7,
    )
    _write_title(axes, trip)
    _draw_scale(figure, axes, (left, bottom), right - left)
    stream = io.BytesIO()
    # The tight box takes in title, legend and scale bar, however long their texts are.
    figure.savefig(stream, format="png", bbox_inches="tight", pad_inches=0.2)
    return Image.open(stream).convert("RGB")


def _draw_house(axes: Axes, world: TopDownMap) -> list[Artist]:
    """Draw what does not move; the entries of the legend for it."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Polygon

    for room in world.rooms:
        colour = ROOM_COLOURS.get(room.room_type, OTHER_ROOM)
        axes.add_patch(Polygon(room.polygon, facecolor=colour, edgecolor="none", zorder=1))
    grid = tuple(zip(*world.reachable, strict=True)) or ((), ())
    axes.plot(*grid, ".", color=_REACHABLE, markersize=2.5, alpha=0.55, zorder=2)
    for box in world.obstacles:
        axes.add_patch(
            Polygon(box.corners(), facecolor=OBSTACLE, edgecolor=WALL, linewidth=0.7, zorder=3)
        )
    for segments, colour, width in ((world.walls, WALL, 3.0), (world.doors, DOOR, 3.6)):
        lines = LineCollection(segments, colors=colour, linewidths=width, zorder=4, clip_on=False)
        lines.set_capstyle("projecting" if colour == WALL else "butt")
        axes.add_collection(lines, autolim=False)
    types = sorted({room.room_type for room in world.rooms})
    entries: list[Artist] = [
        Patch(facecolor=ROOM_COLOURS.get(name, OTHER_ROOM), edgecolor=WALL, label=_spaced(name))
        for name in types
    ]
    if world.obstacles:
        entries.append(Patch(facecolor=OBSTACLE, edgecolor=WALL, label="furniture"))
    if world.reachable:
        entries.append(
            Line2D([], [], ls="", marker=".", color=_REACHABLE, label="where it can stand")
        )
    return entries


def _draw_trip(axes: Axes, trip: Trip) -> list[Artist]:
    """Draw the episode; the entries of the legend for it."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    entries: list[Artist] = []
    if trip.shortest:
        # Wide and below the path, so that both are seen where they coincide.
        line = Line2D(*zip(*trip.shortest, strict=True), color=SHORTEST, lw=6, alpha=0.45, zorder=5)
        axes.add_line(line)
        entries.append(Line2D([], [], color=SHORTEST, lw=6, alpha=0.45, label="shortest path"))
    steps = list(zip(trip.path, trip.path[1:], strict=False))
    if steps:
        way = LineCollection(steps, cmap=_TIME_SCALE, linewidths=2.2, zorder=6, capstyle="round")
        way.set_array(range(len(steps)))
        way.set_clim(0, 1.15 * len(steps))  # the scale's lightest end is lost on a pale floor
        axes.add_collection(way, autolim=False)
        entries.append(Line2D([], [], color="#9c179e", lw=2.2, label="path (dark to light)"))
    if trip.headings:
        for (x, z), yaw in zip(trip.path, trip.headings, strict=True):
            tip = (x + _HEADING_METRES * sin(radians(yaw)), z + _HEADING_METRES * cos(radians(yaw)))
            # Below the path: what is seen are looks to the side, and around where it stands.
            axes.plot((x, tip[0]), (z, tip[1]), color=_INK, lw=1.0, zorder=5.5)
        entries.append(Line2D([], [], color=_INK, lw=1.0, label="where it looks"))
    for target in trip.targets:
        _mark(axes, target.position, "*", TARGET, 17)
    for label in dict.fromkeys(target.label for target in trip.targets):
        entries.append(_marker_entry("*", TARGET, 14, f"target: {_spaced(label)}"))
    ended = SUCCESS if trip.success else FAILURE
    _mark(axes, trip.path[0], "o", "white", 10)
    _mark(axes, trip.path[-1], "s", ended, 9)
    entries += [_marker_entry("o", "white", 9, "start"), _marker_entry("s", ended, 8, "end")]
    return entries


def _mark(axes: Axes, place: Point, marker: str, colour: str, size: float) -> None:
    axes.plot(
        *place,
        marker,
        markerfacecolor=colour,
        markeredgecolor=_INK,
        markeredgewidth=1.2,
        markersize=size,
        zorder=8,
        clip_on=False,
    )


def _marker_entry(marker: str, colour: str, size: float, label: str) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], ls="", marker=marker, mfc=colour, mec=_INK, ms=size, label=label)


def _write_title(axes: Axes, trip: Trip) -> None:
    value = "SPL unknown" if trip.spl is None else f"SPL {trip.spl:.2f}"
    outcome = f"{'success' if trip.success else 'failure'}, {value}"
    colour = SUCCESS if trip.success else FAILURE
    for text, points, size, ink in ((trip.instruction, 30, 14, _INK), (outcome, 10, 12, colour)):
        axes.annotate(
            text,
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, points),
            textcoords="offset points",
            fontsize=size,
            fontweight="bold",
            color=ink,
        )


def _draw_scale(figure: Figure, axes: Axes, corner: Point, width: float) -> None:
    """A bar of a whole number of metres below the map's lower left corner."""
    from matplotlib.transforms import offset_copy

    metres = max(1, round(width / 8))
    below = offset_copy(axes.transData, figure, y=-18, units="points")
    ends = (corner[0], corner[0] + metres)
    axes.plot(
        ends,
        (corner[1], corner[1]),
        color=_INK,
        lw=2,
        marker="|",
        markersize=9,
        markeredgewidth=2,
        transform=below,
        clip_on=False,
    )
    axes.annotate(
        f"{metres} m",
        (sum(ends) / 2, corner[1]),
        xytext=(0, -36),
        textcoords="offset points",
        ha="center",
        fontsize=10,
        color=_INK,
        annotation_clip=False,
    )


def _spaced(name: str) -> str:
    """`LivingRoom` as `living room`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
