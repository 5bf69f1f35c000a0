#!/usr/bin/env bash
# Scores a policy under perturbations: one init state for each of 10 tasks, the same for each change.
# About a quarter of an hour on two busy cores. Usage: measure.sh [POLICY] [RUN]; writes
# recipes/results/embedded-libero_object-perturbed.json and docs/robustness.png.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly policy=${1:-embedded} run=${2:-runs/robustness/libero_object}
.venv/bin/spatune eval libero --policy "$policy" --suite libero_object --episodes 1 --workers 2 \
    --perturb none,camera:1,light:1,texture:1,start:1,pro:lan,pro:object,pro:swap,pro:task \
    --device cpu --out "$run"
cp "$run/report.json" recipes/results/embedded-libero_object-perturbed.json
cp "$run/robustness.png" docs/robustness.png
