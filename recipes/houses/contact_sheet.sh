#!/usr/bin/env bash
# Checks the 60 houses of the package and draws docs/houses.png. About two minutes on one core.
# Usage: contact_sheet.sh [FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly out=${1:-runs/houses}
.venv/bin/spatune houses check all
.venv/bin/spatune houses render all --views --sheet --size 416 --out "$out"
cp "$out/sheet.png" docs/houses.png
