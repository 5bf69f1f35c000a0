"""`EngineCache`: built engines beside a bundle, each with what it was built from and for."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ...digests import file_sha256
from ...errors import SpatuneError
from .capability import chip_precisions, parse_sm

ENGINES = "engines"
"""Folder of a bundle that holds engines."""
DEFAULT_SM = "default"
"""For engines of TensorRT-RTX that name no SM: they run on all since 8.0."""

_FIRST_DEFAULT = (8, 0)
_TITLES = {"tensorrt": "TensorRT", "tensorrt-rtx": "TensorRT-RTX", "torch": "PyTorch"}
_BUILT_BY = {"torch": "aotinductor"}
_ENDINGS = {"torch": "pt2"}


@dataclass(frozen=True)
class EngineKey:
    """What an engine was built from, with and for.

    Attributes:
        graph_sha256: Digest of the ONNX file.
        library: `tensorrt`, `tensorrt-rtx` or `torch`.
        version: Of the library; engines of another do not load.
        sm: Compute capability, such as `8.9`; several as `7.5+8.0`; `default`; or `cpu`.
        precision: Of the graph.
        stage: Name of the graph.
    """

    graph_sha256: str
    library: str
    version: str
    sm: str
    precision: str
    stage: str

    @property
    def name(self) -> str:
        """File name without ending: one for each key, graphs aside."""
        return f"{self.stage}.{self.precision}.{self.library}-{self.version}.sm-{self.sm}"

    @property
    def ending(self) -> str:
        """Ending of the engine's file."""
        return _ENDINGS.get(self.library, "engine")

    @property
    def place(self) -> str:
        """Library and chips in words."""
        title = f"{_TITLES.get(self.library, self.library)} {self.version}"
        if self.sm == DEFAULT_SM:
            return f"{title} / SM 8.0 and later"
        return f"{title} / SM {self.sm}" if self.sm[:1].isdigit() else f"{title} / {self.sm}"

    def serves(self, wanted: EngineKey) -> bool:
        """Whether an engine of this key is one of the wanted key, or runs in its place.

        Engines of TensorRT-RTX for several SMs run on each of them, and those for its default on
        every chip since SM 8.0 that has their precision.
        """
        if self._built_with() != wanted._built_with():
            return False
        if self.sm == wanted.sm:
            return True
        if self.library != "tensorrt-rtx" or not _is_one(wanted.sm):
            return False
        if self.sm == DEFAULT_SM:
            new = parse_sm(wanted.sm) >= _FIRST_DEFAULT
            return new and self.precision in chip_precisions(wanted.sm)
        return wanted.sm in self.sm.split("+")

    def _built_with(self) -> tuple[str, ...]:
        return (self.graph_sha256, self.library, self.version, self.precision, self.stage)


class EngineCache:
    """Engines in a folder, which a crash cannot leave half written.

    An engine is a file whose name has its digest, and a JSON file beside it that names the engine's
    file and says what it was built from. The JSON file is replaced last and at once.

    Args:
        folder: `engines` of a bundle; made when the first engine is put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, key: EngineKey) -> bool:
        """Whether the very engine of this key is here and undamaged."""
        try:
            found, path, digest = _read(self._sidecar(key))
        except SpatuneError:
            return False
        return found == key and path.is_file() and file_sha256(path) == digest

    def put(self, key: EngineKey, blob: bytes) -> Path:
        """Keep an engine; an older one of the same key goes when the new one is complete.

        Args:
            key: What it was built from, with and for.
            blob: The serialised engine.

        Returns:
            Its file.

        Raises:
            SpatuneError: The folder cannot be written.
        """
        digest = hashlib.sha256(blob).hexdigest()
        path = self._folder / f"{key.name}.{digest[:12]}.{key.ending}"
        sidecar = {"key": asdict(key), "file": path.name, "sha256": digest, "bytes": len(blob)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, blob)
            replace_file(self._sidecar(key), (json.dumps(sidecar, indent=1) + "\n").encode())
        except OSError as error:
            raise SpatuneError(
                f"{self._folder} cannot be written ({error.strerror}): free the disk or change its "
                "permissions"
            ) from error
        for older in self._folder.glob(f"{key.name}.*"):
            if not older.name.startswith(path.name) and older != self._sidecar(key):
                older.unlink(missing_ok=True)
        return path

    def get(self, key: EngineKey) -> bytes:
        """The engine for a key; see `find`."""
        return self.find(key).read_bytes()

    def find(self, key: EngineKey) -> Path:
        """The file of the engine for a key, verified.

        The engine built for exactly this SM comes first, then one for several, then the default.

        Args:
            key: What is wanted; `sm` is that of this machine.

        Raises:
            SpatuneError: There is none, it was built for another library version, chip or graph, or
                it is damaged.
        """
        found, damaged = [], []
        for sidecar in sorted(
            self._folder.glob(f"{key.stage}.{key.precision}.{key.library}-*.json")
        ):
            try:
                found.append(_read(sidecar))
            except SpatuneError as error:
                damaged.append(str(error))
        fitting = [entry for entry in found if entry[0].serves(key)]
        if not fitting:
            reason = damaged[0] if damaged else self._why_none(key, [entry[0] for entry in found])
            raise SpatuneError(f"{reason}: {self._advice(key)}")
        _, path, digest = min(
            fitting, key=lambda entry: (entry[0].sm != key.sm, entry[0].sm == DEFAULT_SM)
        )
        if not path.is_file() or file_sha256(path) != digest:
            state = "damaged (sha256 differs)" if path.is_file() else "missing"
            raise SpatuneError(f"{path} is {state}: {self._advice(key)}")
        return path

    def _sidecar(self, key: EngineKey) -> Path:
        return self._folder / f"{key.name}.json"

    def _advice(self, key: EngineKey) -> str:
        engine = _BUILT_BY.get(key.library, key.library)
        # The default of TensorRT-RTX leaves older chips out.
        old = (
            key.library == "tensorrt-rtx" and _is_one(key.sm) and parse_sm(key.sm) < _FIRST_DEFAULT
        )
        return (
            f"build it with `spatune export engine {self._folder.parent} --engine {engine} "
            f"--precision {key.precision} --stage {key.stage}{f' --sm {key.sm}' if old else ''}`"
        )

    def _why_none(self, key: EngineKey, alike: list[EngineKey]) -> str:
        what = f"{key.stage} in {key.precision}"
        if not alike:
            return f"{self._folder} has no {_TITLES.get(key.library, key.library)} engine of {what}"
        same = [other for other in alike if other.graph_sha256 == key.graph_sha256]
        if not same:
            return f"{self._folder} has {what} built from another graph than the bundle's"
        places = ", ".join(dict.fromkeys(other.place for other in same))
        return f"{self._folder} has {what} built for {places}, this machine has {key.place}"


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new one, and nothing between."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(sidecar: Path) -> tuple[EngineKey, Path, str]:
    try:
        entry = json.loads(sidecar.read_text())
        key, name, digest = EngineKey(**entry["key"]), entry["file"], entry["sha256"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SpatuneError(f"{sidecar} cannot be read ({type(error).__name__})") from error
    return key, sidecar.with_name(Path(name).name), digest


def _is_one(sm: str) -> bool:
    return sm[:1].isdigit() and "+" not in sm
