"""What lies in a policy folder beside LeRobot's own files, and how such a folder is found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import SpatuneError, first_line
from .action_tokens.conventions import has_action_tokens, read_action_conventions
from .normalisation import Statistics
from .spec import PolicySpec

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
SPEC_FILE = "policy_spec.json"
STATISTICS_FILE = "statistics.json"
VLM_FOLDER = "vlm"
# A VLM that acts by its own tokens may come in several files; its template is no JSON.
_VLM_WEIGHTS = ("model*.safetensors", "*.jinja")

EMBEDDED = "embedded"
EMBEDDED_NAV = "embedded-nav"
EMBEDDED_FOLDER = Path(__file__).parent / EMBEDDED
# Not inside the other: a policy's identity is a digest of its folder.
EMBEDDED_NAV_FOLDER = Path(__file__).parent / "embedded_navigation"


def find_checkpoint(name: str | Path, *, revision: str | None = None, weights: bool = True) -> Path:
    """The folder of a policy.

    Args:
        name: `embedded` or `embedded-nav` (the policies for manipulation and for navigation that
            come with the package), a folder, or a hub id `owner/name`, which is the only case that
            uses the network.
        revision: Branch, tag or commit of a hub id.
        weights: Whether the weights of a hub id are wanted too.

    Raises:
        SpatuneError: There is no such policy.
    """
    embedded = {EMBEDDED: EMBEDDED_FOLDER, EMBEDDED_NAV: EMBEDDED_NAV_FOLDER}.get(str(name))
    if embedded is not None:
        if not (embedded / CONFIG_FILE).is_file():
            raise SpatuneError(
                f"the package has no embedded policy in policies/{embedded.name}; install a "
                "release, or give the folder of a trained policy"
            )
        return embedded
    path = Path(name)
    if path.is_dir():
        if not (path / CONFIG_FILE).is_file():
            inner = next(iter(sorted(path.glob("**/pretrained_model"))[-1:]), None)
            hint = f"did you mean {inner}?" if inner else "give a pretrained_model folder"
            raise SpatuneError(f"{path} has no {CONFIG_FILE}: {hint}")
        return path
    if path.is_absolute() or str(name).count("/") != 1 or str(name).startswith((".", "~")):
        raise SpatuneError(
            f"policy {str(name)!r} is neither 'embedded' nor 'embedded-nav' nor a folder nor a "
            "hub id 'owner/name'"
        )
    wanted = ("*.json", *((*_VLM_WEIGHTS, f"{VLM_FOLDER}/*") if weights else ()))
    return download(str(name), revision=revision, allow=wanted)


def download(
    repo_id: str,
    *,
    revision: str | None = None,
    allow: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
) -> Path:
    """The folder of a hub id's files, fetched where they are not there yet.

    Args:
        repo_id: `owner/name`.
        revision: Branch, tag or commit.
        allow: Patterns of the files that are wanted; all if None.
        ignore: Patterns of those that are not.

    Raises:
        SpatuneError: The hub has no such repository, or does not answer.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    allowed = None if allow is None else list(allow)
    try:
        folder = snapshot_download(
            repo_id, revision=revision, allow_patterns=allowed, ignore_patterns=list(ignore)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise SpatuneError(
            f"policy {repo_id!r} is no folder, and the hub says: {first_line(error)}"
        ) from error
    return Path(folder)


def find_vlm(name: str | Path) -> str:
    """The folder or hub id of a VLM: `embedded` is the one that comes with the package."""
    return str(EMBEDDED_FOLDER / VLM_FOLDER) if str(name) == EMBEDDED else str(name)


def read_conventions(folder: Path) -> tuple[PolicySpec, Statistics]:
    """Specification and statistics of a policy folder, checked against one another.

    Raises:
        SpatuneError: One is missing, or they do not belong together.
    """
    if has_action_tokens(folder):
        return read_action_conventions(folder)
    spec = PolicySpec.load(folder / SPEC_FILE)
    return spec, Statistics.load(folder / STATISTICS_FILE, sha256=spec.statistics_sha256)


def read_settings(folder: Path) -> dict[str, Any]:
    """What `config.json` holds: the fields of `SpatuneConfig`.

    Raises:
        SpatuneError: The policy is of another type.
    """
    settings = json.loads((folder / CONFIG_FILE).read_text())
    if settings.get("type") != "spatune":
        raise SpatuneError(f"{folder} holds a policy of type {settings.get('type')!r}, not spatune")
    return settings


def write_conventions(folder: Path, spec: PolicySpec, statistics: Statistics) -> None:
    """Writes what `read_conventions` reads."""
    spec.save(folder / SPEC_FILE)
    statistics.save(folder / STATISTICS_FILE)
