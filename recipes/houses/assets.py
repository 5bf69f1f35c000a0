"""Writes envs/houses/data/assets.json from the databases of the `procthor` wheel.

Masses and visible materials are those of AI2-THOR's own scenes, where the asset is in one, else
those of the first asset of its type that is.

Usage: python recipes/houses/assets.py
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "envs" / "houses" / "data" / "assets.json"


def physics(thing: dict | None) -> tuple[float, list[str]]:
    """Mass and visible materials of an object of AI2-THOR's scenes; none without one."""
    return (round(thing["mass"], 4), thing["salientMaterials"] or []) if thing else (0.0, [])


def main() -> None:
    specification = importlib.util.find_spec("procthor")
    if specification is None or specification.origin is None:
        raise SystemExit("procthor is not installed: pip install 'spatune[procthor]'")
    databases = Path(specification.origin).parent / "databases"
    groups = json.loads((databases / "asset-database.json").read_text())
    scenes = json.loads((databases / "ai2thor-object-metadata.json").read_text())
    seen = {
        thing["assetId"]: thing for kind in scenes.values() for scene in kind for thing in scene
    }
    by_type: dict[str, dict] = {}
    for name in sorted(seen):
        by_type.setdefault(seen[name]["objectType"], seen[name])
    assets = sorted((a for group in groups.values() for a in group), key=lambda a: a["assetId"])
    words = sorted({word for asset in assets for word in asset.get("secondaryProperties", ())})
    rows = [
        [
            asset["assetId"],
            asset["objectType"],
            [round(asset["boundingBox"][axis], 6) for axis in "xyz"],
            asset["split"] or "",
            asset.get("primaryProperty", ""),
            [words.index(word) for word in asset.get("secondaryProperties", ())],
            sorted({pair[0] for pair in asset.get("materials", ())}),
            *physics(seen.get(asset["assetId"]) or by_type.get(asset["objectType"])),
        ]
        for asset in assets
    ]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    OUT.write_text(f'{{"properties":{json.dumps(words)},\n"assets":[\n{lines}\n]}}\n')
    print(f"{OUT}: {len(rows)} assets of {len(groups)} types")


if __name__ == "__main__":
    main()
