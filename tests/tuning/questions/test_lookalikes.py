"""Names that people may use for each other, and English around names."""

from __future__ import annotations

import pytest

from spatune.tuning.questions.lookalikes import alike
from spatune.tuning.questions.phrases import be, counted, listed, with_article


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("chair", "armchair"),
        ("dining table", "side table"),
        ("bed", "dog bed"),
        ("mug", "cup"),
        ("sofa", "couch"),
        ("TV stand", "dresser"),
        ("room decor", "fridge"),
        ("trash can", "laundry hamper"),
        ("shelves", "shelf"),
    ],
)
def test_alike_in_either_order(first, second):
    """Same words, parts of words and known families."""
    assert alike(first, second)
    assert alike(second, first)


@pytest.mark.parametrize(
    ("first", "second"), [("bed", "fridge"), ("chair", "desk lamp"), ("mug", "sofa")]
)
def test_different_things_are_not_alike(first, second):
    """Nobody takes one for the other."""
    assert not alike(first, second)


@pytest.mark.parametrize(
    ("number", "category", "text"),
    [
        (1, "armchair", "an armchair"),
        (1, "TV stand", "a TV stand"),
        (2, "box", "two boxes"),
        (3, "shelf", "three shelves"),
        (2, "knife", "two knives"),
        (2, "teddy bear", "two teddy bears"),
        (2, "dish", "two dishes"),
        (2, "battery", "two batteries"),
        (2, "boots", "two boots"),
        (12, "tray", "12 trays"),
    ],
)
def test_counted(number, category, text):
    """Numbers and plurals of categories."""
    assert counted(number, category) == text


def test_lists_and_articles():
    """Commas and one `and`."""
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert with_article("apple") == "an apple"
    assert (with_article("boots"), be("boots")) == ("boots", "are")
    assert (with_article("glass"), be("glass")) == ("a glass", "is")
