"""`published_instruction`: the sentence that LIBERO's published demonstrations give a task."""

from __future__ import annotations

import re

from ..envs.libero_suites import LIBERO_SUITES, LiberoTask

_SCENE = re.compile(r"^[A-Z_]+SCENE\d+_")


def published_instruction(task: LiberoTask) -> str:
    """What LeRobot's, OpenVLA's and openpi's data sets call a task.

    They take it from the file name ("pick up the black bowl ..."), while the bddl file may say it
    in other words ("pick the akita black bowl ..."). A LIBERO-PRO suite differs from the suite it
    varies in the bddl file alone, which therefore counts there.
    """
    if task.suite not in LIBERO_SUITES:
        return task.instruction
    return _SCENE.sub("", task.name).replace("_", " ")
