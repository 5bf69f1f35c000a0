#!/usr/bin/env bash
# Scores a policy as the README reports it: 5 init states for each of 20 tasks, beside its blind control.
# Usage: measure.sh [POLICY] [RUNS]; writes recipes/results/embedded-<suite>-<control>.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly policy=${1:-embedded} runs=${2:-runs/embedded}
for control in none blind; do
    for suite in libero_object libero_spatial; do
        .venv/bin/spatune eval libero --policy "$policy" --suite "$suite" --episodes 5 \
            --control "$control" --workers 2 --out "$runs/$suite-$control"
        cp "$runs/$suite-$control/report.json" "recipes/results/embedded-$suite-$control.json"
    done
done
