#!/usr/bin/env bash
# Makes the embedded navigation policy from nothing; about an hour and a half on 2 cores.
# Usage: make.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly data=${1:?give a folder for data and checkpoints}
export HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1

[ -d "$data/demos" ] || .venv/bin/spatune demos nav --out "$data/demos" \
    --tasks pointnav --episodes 12 --detour 0.25 --image-size 128
[ -d "$data/features" ] || .venv/bin/spatune features --dataset "$data/demos" --vlm embedded \
    --chunk-length 1 --out "$data/features"
readonly last="$data/run/checkpoints/last/pretrained_model"
if [ -f "$last/train_config.json" ]; then
    .venv/bin/lerobot-train --config_path="$last/train_config.json" --resume=true
else
    .venv/bin/lerobot-train --policy.type=spatune --policy.device=cpu --policy.push_to_hub=false \
        --policy.head=discrete --policy.action_normalisation=identity \
        --policy.chunk_length=1 --policy.n_action_steps=1 --policy.history=[1,2,4] \
        --policy.width=32 --policy.hidden=256 --policy.state_noise=0.01 \
        --policy.use_cached_features=true --policy.chunk_source=column --policy.vlm=embedded \
        --dataset.repo_id=local/nav --dataset.root="$data/features" --output_dir="$data/run" \
        --steps=1500 --save_freq=500 --batch_size=128 --num_workers=0 --log_freq=50 --seed=0
fi
.venv/bin/spatune pack --checkpoint "$last" --out "$data/embedded_navigation"
