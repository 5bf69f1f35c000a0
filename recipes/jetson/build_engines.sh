#!/usr/bin/env bash
# Build the TensorRT engines of a bundle on this machine, and skip those that are there.
#
#     build_engines.sh BUNDLE [PRECISION...]
#
# Without precisions those of the bundle's whole policy are built which this script knows to be for
# TensorRT (fp32, fp16, bf16, int8, fp8, nvfp4). STAGES="policy vision" builds more than the whole.
set -euo pipefail

fail() {
    echo "build_engines: error: $*" >&2
    exit 2
}

[[ $# -ge 1 ]] || fail "name a bundle: build_engines.sh BUNDLE [PRECISION...]"
bundle=$1
shift
manifest=$bundle/manifest.json
[[ -f $manifest ]] || fail "$bundle has no manifest.json: copy the whole folder that spatune export wrote"
[[ -w $bundle ]] || fail "$bundle cannot be written, and the engines are kept in it: change its permissions"
command -v spatune > /dev/null || fail "spatune is not on PATH: activate its environment, or use the image"
python=${PYTHON:-python3}
"$python" -c 'import tensorrt' 2> /dev/null \
    || fail "$python has no tensorrt: install python3-libnvinfer, and make environments with --system-site-packages"

if [[ $# -gt 0 ]]; then
    precisions=("$@")
else
    exported=$("$python" -c '
import json, sys
known = ("fp32", "fp16", "bf16", "int8", "fp8", "nvfp4")
graphs = json.load(open(sys.argv[1]))["graphs"]
print(*(p for p in graphs.get("policy", ()) if p in known))
' "$manifest") || fail "$manifest cannot be read: export again"
    read -r -a precisions <<< "$exported"
fi
[[ ${#precisions[@]} -gt 0 ]] || fail "$bundle has no precision for TensorRT: export with --precision fp16"
read -r -a stages <<< "${STAGES:-policy}"

failed=()
for precision in "${precisions[@]}"; do
    for stage in "${stages[@]}"; do
        # A chip may lack a precision (Orin: fp8, nvfp4); the others are built all the same.
        spatune export engine "$bundle" --engine tensorrt --precision "$precision" --stage "$stage" \
            || failed+=("$stage.$precision")
    done
done
[[ ${#failed[@]} -eq 0 ]] || fail "not built: ${failed[*]} (reasons above)"
