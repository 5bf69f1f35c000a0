#!/usr/bin/env bash
# Makes the 25 K set of SIMS-V's minimal mix from the 40 training houses, its audit and gallery, the
# held-out benchmark from the test houses, and the page of skills. About an hour on two cores.
#
# Usage: recipes/spatial/make.sh [FOLDER]
# Data go to FOLDER (default runs/spatial), results to recipes/results/spatial.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-runs/spatial}
results=recipes/results/spatial
export OMP_NUM_THREADS=1
mkdir -p "$folder" "$results"

# 640 walks with up to 20 questions a skill: SIMS-V's 5 a skill would take four times as many walks.
.venv/bin/spatune data generate --out "$folder/3q" --skills 3q --trajectories 16 --per-skill 20
rm -rf "$folder/3q-25k"
.venv/bin/spatune data audit "$folder/3q" --out "$results/audit-3q-all"
.venv/bin/spatune data mix "$folder/3q" --out "$folder/3q-25k" --mix 3q --strict
.venv/bin/spatune data audit "$folder/3q-25k" --out "$results/audit-3q"
.venv/bin/spatune data check "$folder/3q" --out "$results/check-3q.json"
cp "$folder/3q/summary.json" "$results/generate-3q.json"
cp "$folder/3q-25k/summary.json" "$results/mix-3q.json"

.venv/bin/spatune data generate --out "$folder/test" --split test --trajectories 3 --frames 16
.venv/bin/spatune data audit "$folder/test" --out "$results/audit-test"
.venv/bin/spatune data check "$folder/test" --out "$results/check-test.json"
.venv/bin/spatune data gallery "$folder/test" --out "$folder/gallery.html"
cp "$folder/test/summary.json" "$results/generate-test.json"
.venv/bin/python recipes/spatial/held_out.py "$folder/test"

.venv/bin/spatune eval spatial --vlm embedded --benchmark own --variant official --mode sighted --out "$folder/own/sighted"
.venv/bin/spatune eval spatial --vlm embedded --benchmark own --variant official --mode blind --out "$folder/own/blind"
for mode in sighted blind; do
    cp "$folder/own/$mode/report.json" "$results/own-embedded-$mode.json"
done

.venv/bin/spatune data generate --out "$folder/train-all" --trajectories 1 --frames 16 --per-skill 2
# Some skills need a camera that goes around things, which walks through houses hardly do.
.venv/bin/spatune data generate --source libero --scenes libero_goal --trajectories 1 --frames 8 \
    --out "$folder/tables"
.venv/bin/python recipes/spatial/skills_page.py "$folder/train-all" "$folder/tables"
