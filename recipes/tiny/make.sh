#!/usr/bin/env bash
# Makes spatune-tiny and its policies from nothing: data, VLM stages, policies, stage report.
# Usage: recipes/tiny/make.sh [FOLDER] [gpu|cpu|small]
#
# Demonstrations and walks are rendered on the CPU; training at the scale `gpu` wants one. A stopped run
# goes on when called again.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-runs/tiny} scale=${2:-cpu}
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
mkdir -p "$folder"

case $scale in
gpu) suites=(libero_object libero_spatial libero_goal libero_10) episodes=50 walks=12 nav=12 tasks=(pointnav objectnav) ;;
cpu) suites=(libero_object libero_spatial) episodes=20 walks=12 nav=4 tasks=(pointnav) ;;
small) suites=(libero_object) episodes=1 walks=1 nav=1 tasks=(pointnav) ;;
*) echo "make.sh: unknown scale $scale; use gpu, cpu or small" >&2 && exit 2 ;;
esac

[ -d "$folder/demos" ] || .venv/bin/spatune demos libero --out "$folder/demos" --pictures arrays \
    --suites "${suites[@]}" --episodes $episodes --render-every 5 --noise 0.0 0.15 0.3
[ -d "$folder/nav" ] || .venv/bin/spatune demos nav --out "$folder/nav" --pictures arrays \
    --tasks "${tasks[@]}" --episodes $nav --detour 0.25 --image-size 128
.venv/bin/spatune data generate --out "$folder/walks" --trajectories $walks --frames 16
[ -d "$folder/mix-naming" ] ||
    .venv/bin/spatune data mix "$folder/walks" --out "$folder/mix-naming" --mix naming
# Long answers would outweigh letters a hundred times in a mean over tokens.
[ -d "$folder/mix-full" ] ||
    .venv/bin/spatune data mix "$folder/walks" --out "$folder/mix-full" --mix all --most 1100 \
        --without object_box_3d scene_caption views_caption
[ -d "$folder/mix-cot" ] ||
    .venv/bin/spatune data mix "$folder/walks" --out "$folder/mix-cot" --mix 8type --reasoning \
        --size 6000
[ -d "$folder/ground" ] ||
    .venv/bin/spatune data grounding --dataset "$folder/demos" --out "$folder/ground" --per-frame 2
[ -d "$folder/names" ] ||
    .venv/bin/spatune data grounding --dataset "$folder/demos" --out "$folder/names" --theme naming
[ -d "$folder/start" ] ||
    .venv/bin/spatune tune start --out "$folder/start" --data "$folder"/mix-{full,naming,cot} \
        "$folder/ground" "$folder/names" --hidden $([ $scale = gpu ] && echo 256 || echo 192)
.venv/bin/python recipes/tiny/train.py "$folder" --scale $scale
