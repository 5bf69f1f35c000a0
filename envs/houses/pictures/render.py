"""`render_houses`: pictures of houses (`spatune houses render`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ....errors import SpatuneError, first_line
from ....progress import Progress
from .config import RenderHousesConfig
from .facts import HouseFacts
from .selection import HouseSource, house_sources
from .sheet import Card, contact_sheet
from .viewpoint import Viewpoint
from .views import HouseViews

SHEET_FILE = "sheet.png"

_SMALLEST, _LARGEST = 32, 4096
_SHEET_VIEWS = 2


def render_houses(config: RenderHousesConfig) -> Path:
    """Draw houses; files of an earlier run are overwritten.

    Returns:
        The folder.

    Raises:
        SpatuneError: A size that makes no sense, no such house, one that is wrong, OpenGL does not
            answer, or the folder cannot be written.
    """
    if not _SMALLEST <= config.size <= _LARGEST:
        raise SpatuneError(f"--size is {config.size}; use {_SMALLEST} to {_LARGEST} pixels")
    if not config.views and not config.sheet:
        raise SpatuneError("nothing to draw; give --views or --sheet")
    sources = house_sources(config.houses)
    cards: list[Card] = []
    try:
        config.out.mkdir(parents=True, exist_ok=True)
        with Progress(len(sources), "houses", note=sources[0].name) as progress:
            for number, source in enumerate(sources, start=1):
                card = _render(source, config)
                if card is not None:
                    cards.append(card)
                progress.update(number, source.name)
        if cards:
            sheet = contact_sheet(cards)
            # Flat colours: a table of 256 halves the file, and nobody sees it.
            sheet.quantize(256, dither=Image.Dither.NONE).save(
                config.out / SHEET_FILE, optimize=True
            )
    except OSError as error:
        raise SpatuneError(f"{config.out} cannot be written: {first_line(error)}") from None
    print(f"{len(sources)} houses -> {config.out}")
    return config.out


def _render(source: HouseSource, config: RenderHousesConfig) -> Card | None:
    """Write the pictures of one house; returns its card if there will be a sheet."""
    house = source.load()
    views = HouseViews(house, config.size, config.skin)
    try:
        if config.views:
            _write_views(views, config, config.out / source.name)
        if not config.sheet:
            return None
        return Card(
            group=source.group,
            name=source.name,
            facts=str(HouseFacts.of(house)),
            top=views.top(),
            views=tuple(views.colours(view.camera) for view in _for_sheet(views)),
        )
    finally:
        views.close()


def _write_views(views: HouseViews, config: RenderHousesConfig, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if "top" in config.views:
        _save(views.top(), folder / "top.png")
    drawn = {"room": ("", views.colours), "depth": ("-depth", views.depth)}
    drawn["objects"] = ("-objects", views.objects)
    wanted = [drawn[name] for name in drawn if name in config.views]
    for number, room in enumerate(views.house.rooms if wanted else ()):
        camera = views.viewpoints(room)[0].camera
        for ending, draw in wanted:
            _save(draw(camera), folder / f"{number}-{room.room_type}{ending}.png")
    if "objects" in config.views:
        text = json.dumps(views.object_colours(), indent=1)
        (folder / "objects.json").write_text(text + "\n")


def _for_sheet(views: HouseViews) -> list[Viewpoint]:
    """The rooms with the most to see; a single room from two sides."""
    rooms = views.house.rooms
    each = _SHEET_VIEWS if len(rooms) == 1 else 1
    found = [view for room in rooms for view in views.viewpoints(room, each)]
    return sorted(found, key=lambda view: -view.interest)[:_SHEET_VIEWS]


def _save(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(picture).save(path)
