#!/usr/bin/env bash
# Makes the embedded policy from nothing; about two and a half hours on 2 cores. Usage: make.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly data=${1:?give a folder for data and checkpoints}
export HF_HUB_OFFLINE=1 OMP_NUM_THREADS=2

[ -d "$data/demos" ] || .venv/bin/spatune demos libero --out "$data/demos" \
    --suites libero_object libero_spatial --episodes 30 --render-every 5 --noise 0.0 0.15 0.3
[ -d "$data/vlm" ] || .venv/bin/spatune tune grounding --dataset "$data/demos" --out "$data/vlm" \
    --steps 600 --batch-size 40
[ -d "$data/features" ] || .venv/bin/spatune features --dataset "$data/demos" --vlm "$data/vlm" \
    --out "$data/features"
readonly last="$data/run/checkpoints/last/pretrained_model"
if [ -f "$last/train_config.json" ]; then
    .venv/bin/lerobot-train --config_path="$last/train_config.json" --resume=true
else
    .venv/bin/lerobot-train --policy.type=spatune --policy.device=cpu --policy.push_to_hub=false \
        --policy.use_cached_features=true --policy.chunk_source=column \
        --policy.action_normalisation=identity \
        --dataset.repo_id=spatune/features --dataset.root="$data/features" \
        --output_dir="$data/run" --steps=2000 --save_freq=500 --batch_size=128 --num_workers=0 \
        --log_freq=50 --seed=0
fi
.venv/bin/spatune pack --checkpoint "$last" --vlm "$data/vlm" --out "$data/embedded"
