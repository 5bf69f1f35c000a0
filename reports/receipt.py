"""`receipt`: what made a run's numbers: versions, seeds, hashes, and the command."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .html import Html, joined, tag
from .labels import command_of
from .run import EvaluatedRun, plain_path
from .tables import facts


def receipt(run: EvaluatedRun) -> Html:
    """Versions, seeds and hashes of a run; the same on every machine that has the run's files."""
    keys = [record.key for record in run.records]
    code = {name: tag("code", digest) for name, digest in run.digests.items()}
    rows = [
        ("policy", plain_path(run.config.get("policy"))),
        ("sha256 of the policy", tag("code", str(run.config.get("policy_sha256") or ""))),
        ("backend", ", ".join(run.values("backend"))),
        ("mode", ", ".join(run.values("mode"))),
        ("policy seeds", _numbers([key.policy_seed for key in keys])),
        ("environment seeds", _numbers([key.env_seed for key in keys])),
        *((f"sha256 of {name}", code[name]) for name in code if name != "records"),
        ("sha256 of the records without times", code["records"]),
        ("versions", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
    ]
    parts = [tag("h3", "Receipt"), facts([(name, value) for name, value in rows if _says(value)])]
    command = command_of(run)
    if command:
        parts += [tag("p", "This command repeats the run:"), tag("pre", command)]
    config = {**run.config}
    if "policy" in config:
        config["policy"] = plain_path(config["policy"]) or None
    text = json.dumps(config, indent=1, sort_keys=True)
    parts.append(tag("details", tag("summary", "configuration"), tag("pre", text)))
    return joined(parts)


def _says(value: str) -> bool:
    return value not in ("", tag("code", ""))


def _numbers(numbers: Sequence[int]) -> str:
    found = sorted(set(numbers))
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{found[0]} to {found[-1]}"
    return ", ".join(map(str, found))
