"""A controller in a house that tests of guides and sampling share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spatune.envs.houses.library import house_names
from spatune.envs.navigation.task import FIELD_OF_VIEW, STEP_METRES, VISIBILITY_METRES
from spatune.envs.thor_backends.controller import ThorController

HOUSE = house_names("test")[1]


@pytest.fixture(scope="module")
def controller() -> Iterator[ThorController]:
    with ThorController(
        scene=HOUSE,
        width=64,
        height=64,
        gridSize=STEP_METRES,
        rotateStepDegrees=30,
        visibilityDistance=VISIBILITY_METRES,
        fieldOfView=FIELD_OF_VIEW,
        snapToGrid=False,
    ) as made:
        yield made
