"""`HouseViews`: a house from above and as an agent sees its rooms."""

from __future__ import annotations

import colorsys
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from ..house import House, Room
from ..model import FAR, LEAF, HouseModel
from ..renderer import Camera, HouseRenderer, Images
from ..walls import solid_rectangles
from .viewpoint import Viewpoint, ViewpointSearch

WHITE = (255, 255, 255)
SKY = (173, 206, 235)
DARKEST_DEPTH = 8.0
"""Metres from which on a depth picture is black."""

_MARGIN = 0.3
_ABOVE = 3.0
_NOTHING = 0.99 * FAR
_GOLDEN = 0.618034
_WALL, _WALL_SHARE = (45, 45, 50), 110


class HouseViews:
    """Draws the pictures of one house. Doors that an agent can walk through are drawn open.

    Args:
        house: The house.
        size: Height and width of the pictures, pixels.
        skin: As for `HouseModel`.

    Attributes:
        house: As given.
    """

    def __init__(self, house: House, size: int, skin: Literal["libero"] | None = None) -> None:
        self.house = house
        self._model = HouseModel(house, skin)
        for door in house.doors:
            if door.id + LEAF in self._model.named:
                self._model.show(door.id + LEAF, door.outside or door.openness <= 0.5)
        self._renderer = HouseRenderer(self._model, size, size)
        self._search = ViewpointSearch(self._model)
        self._paint = _owner_colours(len(self._model.owners))

    def top(self) -> np.ndarray:
        """A map, uint8 (size, size, 3): +z upwards, walls as dark lines, white around the house."""
        corners = np.array([corner for room in self.house.rooms for corner in room.floor])
        low, high = corners.min(axis=0), corners.max(axis=0)
        x, z = ((low + high) / 2).tolist()
        camera = Camera(
            position=(x, self.house.ceiling_height + _ABOVE, z),
            rotation=(90.0, 0.0, 0.0),
            fov=float((high - low).max()) + 2 * _MARGIN,
            orthographic=True,
        )
        picture = Image.fromarray(_before(self._renderer.render(camera, depth=True), WHITE))
        self._draw_walls(picture, camera)
        return np.asarray(picture)

    def viewpoints(self, room: Room, count: int = 1) -> tuple[Viewpoint, ...]:
        """The best views of a room, the best first; at least one."""
        return self._search.best(room, count)

    def colours(self, camera: Camera) -> np.ndarray:
        """What a camera sees, uint8 (size, size, 3), with a flat sky outside."""
        return _before(self._renderer.render(camera, depth=True), SKY)

    def depth(self, camera: Camera) -> np.ndarray:
        """Distances, uint8 (size, size): white at 0 m, black from `DARKEST_DEPTH` on."""
        metres = self._renderer.render(camera, rgb=False, depth=True).depth
        assert metres is not None, "it was asked for"
        return np.rint(255 * np.clip(1 - metres / DARKEST_DEPTH, 0, 1)).astype(np.uint8)

    def objects(self, camera: Camera) -> np.ndarray:
        """What belongs to which object, wall or floor, uint8 (size, size, 3)."""
        owners = self._renderer.render(camera, rgb=False, owners=True).owners
        assert owners is not None, "they were asked for"
        return self._paint[owners]

    def object_colours(self) -> dict[str, str]:
        """Colour `#rrggbb` in `objects` by id; black is nothing, or a ceiling."""
        return {
            owner: "#" + bytes(colour.tolist()).hex()
            for owner, colour in zip(self._model.owners, self._paint, strict=True)
            if owner
        }

    def _draw_walls(self, picture: Image.Image, camera: Camera) -> None:
        """Draw what bars the way at floor height: from above, walls are too thin to be seen."""
        draw, size = ImageDraw.Draw(picture), picture.width
        x, _, z = camera.position
        for wall in self.house.walls:
            if wall.empty or wall.exterior:
                continue
            start = np.array(wall.start)
            along = (np.array(wall.end) - start) / wall.length
            for left, right, bottom, _ in solid_rectangles(wall, self.house.doors):
                if bottom > wall.bottom:
                    continue
                ends = [(start + along * part - (x, z)) / camera.fov for part in (left, right)]
                spots = [((0.5 + east) * size, (0.5 - north) * size) for east, north in ends]
                draw.line(spots, fill=_WALL, width=max(1, size // _WALL_SHARE))

    def close(self) -> None:
        """Free the OpenGL contexts."""
        self._search.close()
        self._renderer.close()


def _before(images: Images, background: tuple[int, int, int]) -> np.ndarray:
    assert images.rgb is not None and images.depth is not None, "both were asked for"
    return np.where(images.depth[..., None] >= _NOTHING, np.array(background, np.uint8), images.rgb)


def _owner_colours(count: int) -> np.ndarray:
    """Colours that differ, uint8 (count, 3); the first is black."""
    colours = [(0.0, 0.0, 0.0)]
    for number in range(1, count):
        # Steps of the golden section spread hues evenly, whatever their number; bands of
        # saturation and brightness tell apart those that come near each other.
        hue = number * _GOLDEN % 1.0
        colours.append(
            colorsys.hsv_to_rgb(hue, (0.85, 0.5)[number % 2], (1.0, 0.75, 0.5)[number % 3])
        )
    return np.rint(np.array(colours) * 255).astype(np.uint8)
