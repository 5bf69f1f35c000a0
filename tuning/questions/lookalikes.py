"""`alike`: whether people may take things of two categories for each other."""

from __future__ import annotations

from functools import cache

VAGUE = frozenset(("object", "room decor", "table top decor", "thing"))
"""Categories by which nobody would name an object."""

_FAMILIES = tuple(
    frozenset(words.split())
    for words in (
        "armchair bench chair couch footstool futon loveseat ottoman pouf seat sofa stool",
        "bed couch cushion futon mattress pillow sofa",
        "cabinet counter countertop cupboard desk dresser nightstand sideboard stand table worktop",
        "bookcase bookshelf cabinet cupboard drawer dresser rack safe shelf shelve shelving stand",
        "cabinet cupboard dresser wardrobe",
        "light lamp",
        "freezer fridge refrigerator",
        "dishwasher dryer machine microwave oven safe stove toaster washer washing",
        "box crate microwave safe",
        "computer desktop laptop monitor screen television tv",
        "mirror monitor painting picture poster screen television tv window",
        "blind curtain mirror window",
        "bag basket bin box bucket can cart crate garbage hamper trash waste",
        "bottle can carton jar shaker statue tin vase",
        "bowl cup glass kettle mug pan pot vase",
        "bowl dish pan plate tray",
        "cutlery fork knife ladle pen pencil spatula spoon",
        "cloth hand holder soap sponge brush towel",
        "aluminum foil paper roll toilet towel",
        "flower pot plant tree vase watering",
        "candle decor decoration figurine sculpture statue vase",
        "bear doll pillow plush teddy toy",
        "apple ball basketball bread egg football lettuce orange potato tomato",
        "book box laptop magazine newspaper notebook",
        "card cd cell control phone remote",
        "clock television watch",
        "basin bathtub bidet sink toilet washbasin",
        "faucet head shower",
    )
)
"""Words for things that someone may take for each other."""


@cache
def alike(first: str, second: str) -> bool:
    """Whether a person may take one category for the other.

    Their names share a word, in the singular or plural (`bed`, `dog bed`), or have words of one
    family (`mug`, `cup`), or one name holds the other (`armchair`, `chair`); a vague category is
    like any other. Questions offer no option that is like the right one, and do not say that
    something is absent where something like it is in sight.
    """
    if first in VAGUE or second in VAGUE or first in second or second in first:
        return True
    one, other = _words(first), _words(second)
    return bool(one & other) or any(family & one and family & other for family in _FAMILIES)


def _words(text: str) -> frozenset[str]:
    """Its words in lower case, in the singular."""
    return frozenset(
        word if word.endswith("ss") else word.removesuffix("s") for word in text.lower().split()
    )
