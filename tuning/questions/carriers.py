"""`FLAT` and `SETTLED`: furniture that carries anything, and things that are always in one place."""

from __future__ import annotations

FLAT = frozenset(
    (
        "coffee table",
        "counter top",
        "desk",
        "dining table",
        "dresser",
        "side table",
        "TV stand",
    )
)
"""Furniture with a flat top on which anything may lie."""

SETTLED = frozenset(
    (
        "apple",
        "bread",
        "butter knife",
        "coffee machine",
        "cup",
        "dish sponge",
        "egg",
        "faucet",
        "fork",
        "kettle",
        "knife",
        "ladle",
        "lettuce",
        "microwave",
        "pan",
        "paper towel roll",
        "pepper shaker",
        "pillow",
        "pot",
        "potato",
        "salt shaker",
        "soap bar",
        "soap bottle",
        "spatula",
        "spoon",
        "television",
        "tennis racket",
        "toaster",
        "toilet paper",
        "tomato",
    )
)
"""What lies on one kind of furniture in nearly every house: its name alone tells on which."""
