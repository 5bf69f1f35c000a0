"""All skills by name, and the named sets of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from ...errors import SpatuneError
from .skill import Skill

_MODULES = (
    "distance",
    "direction",
    "counting",
    "size",
    "rooms",
    "order",
    "route",
    "correspondence",
    "camera_motion",
    "allocentric",
    "reconstruction",
    "depth",
    "image_relations",
    "boxes3d",
    "naming",
    "captions",
)

SETS: dict[str, tuple[str, ...]] = {
    "3q": (
        "object_abs_distance",
        "obj_appearance_order",
        "object_rel_direction_easy",
        "object_rel_direction_medium",
        "object_rel_direction_hard",
    ),
    "vsi": (
        "object_abs_distance",
        "object_counting",
        "object_rel_direction_easy",
        "object_rel_direction_medium",
        "object_rel_direction_hard",
        "object_rel_distance",
        "object_size_estimation",
        "obj_appearance_order",
        "room_size_estimation",
        "route_planning",
    ),
}
"""Sets of skills by name: SIMS-V's three question types, and VSI-Bench's tasks."""


@cache
def all_skills() -> dict[str, Skill]:
    """Every skill by its name, in a fixed order."""
    skills: dict[str, Skill] = {}
    for name in _MODULES:
        for skill in import_module(f".{name}", __package__).SKILLS:
            if skill.name in skills:
                raise RuntimeError(f"two skills are called {skill.name}")
            skills[skill.name] = skill
    return skills


def chosen_skills(names: Sequence[str]) -> tuple[Skill, ...]:
    """Skills by the names of skills, sets, capabilities and groups; all for no name.

    Raises:
        SpatuneError: A name is none of these.
    """
    skills = all_skills()
    if not names:
        return tuple(skills.values())
    wanted: set[str] = set()
    for name in names:
        found = set(_members(name, skills.values()))
        if not found:
            sets = (*SETS, *sorted({skill.capability for skill in skills.values()}))
            raise SpatuneError(
                f"unknown skill {name!r}; sets are: {', '.join(sets)}; skills: {', '.join(skills)}"
            )
        wanted |= found
    return tuple(skill for skill in skills.values() if skill.name in wanted)


def _members(name: str, skills: Iterable[Skill]) -> Iterable[str]:
    if name in SETS:
        return SETS[name]
    return [s.name for s in skills if name in (s.name, s.capability, s.group)]
