#!/usr/bin/env bash
# Scores the oracle, chance, and the embedded navigation policy beside its blind control on the test
# houses: 10 stored episodes in each of 10. Usage: measure.sh [POLICY] [RUNS]; writes
# recipes/results/nav/<who>-<task>.json. The embedded backend alone: never leaderboard numbers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly policy=${1:-embedded-nav} runs=${2:-runs/nav}
mkdir -p recipes/results/nav
score() { # WHO TASK [ARGUMENTS]
    local who=$1 task=$2
    shift 2
    .venv/bin/spatune eval nav --task "$task" --backend embedded --workers 2 \
        --out "$runs/$who-$task" "$@"
    cp "$runs/$who-$task/report.json" "recipes/results/nav/$who-$task.json"
}
for task in pointnav objectnav roomvisit; do
    score oracle "$task" --policy oracle --maps 1
    score random "$task" --policy random
done
score embedded pointnav --policy "$policy" --maps 1 --videos 1
score blind pointnav --policy "$policy" --control blind
