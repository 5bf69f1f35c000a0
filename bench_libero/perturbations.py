"""`parse_perturbations`: the list of `--perturb`."""

from __future__ import annotations

from ..envs.libero_perturbations import Perturbation
from ..errors import SpatuneError


def parse_perturbations(words: str, suite: str) -> tuple[str, ...]:
    """Canonical names of the perturbations in a list such as `none,camera:1,pro:swap`.

    Args:
        words: Names, separated by commas.
        suite: Suite whose episodes are perturbed.

    Raises:
        SpatuneError: An unknown name, one that the suite does not have, or one that is there twice.
    """
    found: list[str] = []
    for word in words.split(","):
        perturbation = Perturbation.parse(word.strip())
        perturbation.suite_of(suite)
        if perturbation.name in found:
            raise SpatuneError(f"--perturb names {perturbation.name} twice")
        found.append(perturbation.name)
    return tuple(found)
