"""`EngineBuilder`: ONNX graphs as TensorRT engines, with any TensorRT since 10."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...errors import SpatuneError
from ..engines.capability import parse_sm
from ..engines.tensorrt_module import one_line, problem_log

CURRENT = "current"
"""Stands for the SM of the GPU that is present."""

_SHOWN = 5


class EngineBuilder:
    """Builds engines in which every number has the type that the graph gives it.

    TensorRT 11 and TensorRT-RTX know only such strongly typed networks; TensorRT 10 is asked for
    them. A graph that TensorRT parses may still fail to build, so a graph counts as supported when
    it was built.

    Args:
        trt: The module `tensorrt` (10 or 11) or `tensorrt_rtx`.
    """

    def __init__(self, trt: Any) -> None:
        self._trt = trt
        self._log = problem_log(trt)
        self.title = f"{trt.__name__.replace('_', '-')} {trt.__version__}"

    @property
    def sms(self) -> tuple[str, ...]:
        """Compute capabilities that can be named as targets; none where there is no such choice."""
        names = getattr(getattr(self._trt, "ComputeCapability", None), "__members__", ())
        numbers = sorted(int(name[2:]) for name in names if re.fullmatch(r"SM\d+", name))
        return tuple(f"{number // 10}.{number % 10}" for number in numbers)

    def build(self, onnx: Path, *, sms: tuple[str, ...] | None) -> bytes:
        """Build an engine.

        Args:
            onnx: A graph of fixed shapes.
            sms: Compute capabilities that it is to run on, such as `8.9`, or `current`. None takes
                the library's default: the GPU that is present for TensorRT, every SM since 8.0 that
                has the graph's types for TensorRT-RTX, which needs no GPU to build.

        Returns:
            The serialised engine.

        Raises:
            SpatuneError: The library has no such target, or cannot parse or build the graph.
        """
        targets = self._targets(sms)
        self._log.take()
        # TensorRT gives None, or raises, where it has no GPU but needs one.
        try:
            return self._build(onnx, targets)
        except (RuntimeError, TypeError) as error:
            reason = "; ".join(self._log.take()) or one_line(error)
            raise SpatuneError(
                f"{self.title} cannot build here: {reason}: check GPU and driver with nvidia-smi"
            ) from error

    def _build(self, onnx: Path, targets: list[Any]) -> bytes:
        builder = self._trt.Builder(self._log)
        network = builder.create_network(self._network_flags())
        parser = self._trt.OnnxParser(network, self._log)
        if not parser.parse_from_file(str(onnx)):
            raise SpatuneError(
                f"{onnx}: {self.title} cannot parse it: {_parser_errors(parser)}: export again, or "
                "use an ort engine"
            )
        config = builder.create_builder_config()
        # fp32 is to mean fp32: TF32 keeps 10 bits of the mantissa, and the parity limit is 1e-4.
        config.clear_flag(self._trt.BuilderFlag.TF32)
        if targets:
            config.num_compute_capabilities = len(targets)
            for index, target in enumerate(targets):
                config.set_compute_capability(target, index)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            reason = "; ".join(self._log.take()[:_SHOWN]) or "it gives no reason"
            raise SpatuneError(
                f"{onnx}: {self.title} cannot build it: {reason}: export in another precision, "
                "build for other SMs, or use an ort engine"
            )
        return bytes(plan)

    def _network_flags(self) -> int:
        # Without STRONGLY_TYPED, TensorRT 10 chooses types itself; 11 dropped the choice, and may
        # drop the flag.
        flag = getattr(self._trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
        return 0 if flag is None else 1 << int(flag)

    def _targets(self, sms: tuple[str, ...] | None) -> list[Any]:
        if not sms:
            return []
        if not self.sms:
            raise SpatuneError(
                f"{self.title} builds for the GPU that is present and no other: build on it, "
                "without --sm"
            )
        if sms == (CURRENT,):
            return [self._trt.ComputeCapability.CURRENT]
        for sm in sms:
            parse_sm(sm)
            if sm not in self.sms:
                raise SpatuneError(
                    f"{self.title} cannot build for SM {sm}, only for {', '.join(self.sms)}: leave "
                    "--sm out for its default, or build with --engine tensorrt on that machine"
                )
        return [getattr(self._trt.ComputeCapability, f"SM{sm.replace('.', '')}") for sm in sms]


def _parser_errors(parser: Any) -> str:
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    lines = [_parser_error(error) for error in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"and {len(errors) - _SHOWN} more")
    return "; ".join(lines) or "it gives no reason"


def _parser_error(error: Any) -> str:
    node = " ".join(filter(None, [error.node_operator(), error.node_name()]))
    code = str(error.code()).rpartition(".")[2]
    # The description of an unsupported operator is the word "false".
    words = [code] if error.desc() in ("", "false") else [code, error.desc()]
    return one_line(": ".join([*filter(None, [node]), *words]))
