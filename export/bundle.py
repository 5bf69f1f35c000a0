"""`Bundle`: what `spatune export` writes and a robot reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..digests import file_sha256
from ..errors import SpatuneError
from ..policies.spec import PolicySpec

MANIFEST, SPEC, PROMPTS = "manifest.json", "policy_spec.json", "prompts.json"
WHOLE = "policy"
"""Name of the graph that holds all stages."""
FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """A folder with the graphs of a policy and all that is needed to run them, files verified.

    Attributes:
        folder: Where it lies.
        manifest: What `manifest.json` says: format, graphs, digests, where the policy came from.
        spec: Conventions of the policy.
        prompts: Instruction -> int64 (2, L): token ids, and 1 for tokens that are no padding.
    """

    folder: Path
    manifest: Mapping[str, Any]
    spec: PolicySpec
    prompts: Mapping[str, np.ndarray]

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle and check every file's digest.

        Raises:
            SpatuneError: It is no bundle, of another format, or a file is missing or was changed.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise SpatuneError(
                f"{folder} has no {MANIFEST}: give a folder that `spatune export` wrote"
            )
        try:
            manifest = json.loads(path.read_text())
        except ValueError as error:
            raise SpatuneError(f"{path} cannot be read ({error}): export again") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise SpatuneError(
                f"{folder} is a bundle of another format than {FORMAT}: export with this version"
            )
        for name, digest in manifest["files"].items():
            if not (folder / name).is_file():
                raise SpatuneError(f"{folder} lacks {name}: copy the whole folder, or export again")
            if file_sha256(folder / name) != digest:
                raise SpatuneError(
                    f"{folder / name} is not what was exported (sha256 differs): copy or export it "
                    "again"
                )
        rows = json.loads((folder / PROMPTS).read_text())
        prompts = {task: np.array(row, dtype=np.int64) for task, row in rows.items()}
        return cls(folder, manifest, PolicySpec.load(folder / SPEC), prompts)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the graphs: `policy` is the whole, the others are its parts in order."""
        return tuple(self.manifest["graphs"])

    def precisions(self, stage: str = WHOLE) -> tuple[str, ...]:
        """Precisions in which a graph was exported."""
        return tuple(self.manifest["graphs"].get(stage, ()))

    def graph(self, precision: str, stage: str = WHOLE) -> Path:
        """The ONNX file of a graph.

        Args:
            precision: For example `fp32`.
            stage: One of `stages`.

        Raises:
            SpatuneError: It was not exported, or not in that precision.
        """
        graphs = self.manifest["graphs"]
        if stage not in graphs:
            raise SpatuneError(
                f"{self.folder} has no graph {stage!r}, only: {', '.join(self.stages)}"
            )
        if precision not in graphs[stage]:
            raise SpatuneError(
                f"{self.folder} has {stage} not in {precision!r}, only in "
                f"{', '.join(graphs[stage])}: export again with --precision {precision}"
            )
        return self.folder / graphs[stage][precision]

    def sha256(self, path: Path) -> str:
        """Digest of a graph, from the manifest; weights in a file beside it take part."""
        files = self.manifest["files"]
        data = files.get(f"{path.name}.data")
        if data is None:
            return files[path.name]
        return hashlib.sha256(f"{files[path.name]} {data}".encode()).hexdigest()

    def prompt(self, task: str) -> np.ndarray:
        """Token ids and mask of an instruction, int64 (2, L).

        Raises:
            SpatuneError: The policy was not exported for it.
        """
        if task not in self.prompts:
            raise SpatuneError(
                f"instruction {task!r} is not among the {len(self.prompts)} of {self.folder}: "
                "export again with it"
            )
        return self.prompts[task]


def is_bundle(folder: Path) -> bool:
    """Whether a folder looks like a bundle; `Bundle.load` tells whether it is sound."""
    return (folder / MANIFEST).is_file()


def write_manifest(
    folder: Path, graphs: Mapping[str, Mapping[str, str]], source: Mapping[str, Any]
) -> None:
    """Describe and seal a folder whose other files are complete.

    Args:
        folder: The bundle.
        graphs: Stage -> precision -> ONNX file, relative to the folder.
        source: Where the policy came from, for people and records.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    manifest = {
        "format": FORMAT,
        "source": dict(source),
        "graphs": {stage: dict(files) for stage, files in graphs.items()},
        "files": {name: file_sha256(folder / name) for name in names if name != MANIFEST},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
