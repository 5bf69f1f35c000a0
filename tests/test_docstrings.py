"""The examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = sorted(path.parent for path in ROOT.glob("*/__init__.py"))
FILES = [*ROOT.glob("*.py"), *(file for folder in FOLDERS for file in sorted(folder.rglob("*.py")))]
WITH_EXAMPLES = [
    ".".join(["spatune", *file.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
    for file in FILES
    if ">>> " in file.read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0
