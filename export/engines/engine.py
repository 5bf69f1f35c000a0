"""`Engine`: one way to run any graph, whatever executes it; and what its inputs look like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ...errors import SpatuneError


class TensorSpec(NamedTuple):
    """Fixed shape and type of an input or output."""

    shape: tuple[int, ...]
    dtype: np.dtype


class Engine(ABC):
    """A loaded graph of fixed shapes.

    Args:
        name: What executes and in which precision, for records: `ort-cpu-fp32`.
        inputs: What `run` needs, by name.
        outputs: What `run` gives, by name.

    Attributes:
        name: See above, as the other two.
        inputs: See above.
        outputs: See above.
    """

    def __init__(
        self, name: str, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec]
    ) -> None:
        self.name, self.inputs, self.outputs = name, inputs, outputs

    @property
    def device_ms(self) -> float | None:
        """Milliseconds that the last run took on the device, where the engine can tell."""
        return None

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name.

        They may be views of fixed buffers, which the next call overwrites: copy what is kept.

        Args:
            inputs: Every input of the graph, by name, in its type and shape.

        Raises:
            SpatuneError: An input is missing, unknown, or of another type or shape.
        """
        check_inputs(inputs, self.inputs)
        return self._run(inputs)

    @abstractmethod
    def _run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs for inputs that fit."""


def check_inputs(given: Mapping[str, np.ndarray], expected: Mapping[str, TensorSpec]) -> None:
    """Refuse what a graph of fixed shapes cannot take.

    Raises:
        SpatuneError: An input is missing, unknown, or of another type or shape.
    """
    if given.keys() != expected.keys():
        missing, unknown = (
            sorted(expected.keys() - given.keys()),
            sorted(given.keys() - expected.keys()),
        )
        raise SpatuneError(f"inputs do not fit the graph: missing {missing}, unknown {unknown}")
    for name, spec in expected.items():
        value = given[name]
        if value.shape != spec.shape or value.dtype != spec.dtype:
            raise SpatuneError(
                f"input {name} is {value.dtype} {value.shape}, and the graph is fixed to "
                f"{spec.dtype} {spec.shape}: give that, or export for the other shape"
            )
