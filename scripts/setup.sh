#!/usr/bin/env bash
# Makes .venv with everything spatune needs; returns at once when it is already up to date.
#
# PYTHON=/path/to/python3.12 chooses the interpreter.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

readonly WANTED_PYTHON=3.12
readonly STAMP=.venv/.spatune-setup

say() { printf 'setup: %s\n' "$*" >&2; }

# The folder is part of it because a virtual environment does not survive a move.
fingerprint() {
    {
        pwd
        cat pyproject.toml plugins/*/pyproject.toml constraints.txt scripts/setup.sh
    } | sha256sum | cut -d ' ' -f 1
}

is_wanted_python() {
    [[ $("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$WANTED_PYTHON" ]]
}

# Prints the first interpreter of the wanted version. Each candidate is run, not only looked up:
# a pyenv shim is on PATH even when no installed version stands behind it.
find_python() {
    local root="" candidate
    if command -v pyenv >/dev/null; then root=$(pyenv root 2>/dev/null || true); fi
    for candidate in ${PYTHON:+"$PYTHON"} "python$WANTED_PYTHON" python3 \
        "$root/versions/$WANTED_PYTHON"*"/bin/python$WANTED_PYTHON"; do
        if is_wanted_python "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
        if [[ $candidate == "${PYTHON:-}" ]]; then
            say "PYTHON=$PYTHON is not a working Python $WANTED_PYTHON; looking for another"
        fi
    done
    say "no working Python $WANTED_PYTHON found; install one (Debian, Ubuntu:" \
        "sudo apt-get install -y python$WANTED_PYTHON python$WANTED_PYTHON-venv;" \
        "pyenv: pyenv install $WANTED_PYTHON) or set PYTHON=/path/to/python$WANTED_PYTHON"
    return 1
}

has_library() { [[ $LIBRARIES == *"$1"* ]]; }

# Mesa's EGL library loads its drawing code at run time, so the driver is looked for as well.
has_egl() {
    has_library libEGL.so.1 || return 1
    has_library libEGL_nvidia.so && return 0
    has_library libEGL_mesa.so &&
        { compgen -G '/usr/lib*/dri/swrast_dri.so' || compgen -G '/usr/lib/*/dri/swrast_dri.so' ||
            compgen -G '/usr/lib*/libgallium-*.so' || compgen -G '/usr/lib/*/libgallium-*.so'; } >/dev/null
}

# Prints the Debian packages that are missing. MuJoCo draws without a screen through EGL or OSMesa;
# LeRobot reads videos through torchcodec, which loads the system's ffmpeg libraries. Libraries are
# looked for, not Debian packages, so that a machine set up in any other way is left alone.
missing_packages() {
    LIBRARIES=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)
    if ! has_egl && ! has_library libOSMesa.so; then echo libegl1 libgl1-mesa-dri libosmesa6; fi
    if ! has_library libavcodec.so; then echo ffmpeg; fi
}

install_system_packages() {
    local missing as_root=() package available=()
    read -r -d '' -a missing < <(missing_packages) || true
    if ((${#missing[@]} == 0)); then return; fi

    if ((EUID != 0)); then as_root=(sudo -n); fi
    if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
        say "installing system packages: ${missing[*]}"
        "${as_root[@]}" apt-get update -qq </dev/null >/dev/null || true
        # New distributions no longer have OSMesa, and apt-get refuses a list with an unknown name.
        for package in "${missing[@]}"; do
            if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); fi
        done
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${available[@]}" </dev/null >/dev/null || true
        read -r -d '' -a missing < <(missing_packages) || true
        if ((${#missing[@]} == 0)); then return; fi
    fi
    say "system packages are missing; run:  sudo apt-get install -y ${missing[*]}"
}

# Scripts of a virtual environment name its folder, so one that was moved or copied is of no use.
venv_is_usable() {
    is_wanted_python .venv/bin/python &&
        [[ $(head -n 1 .venv/bin/pip 2>/dev/null) == "#!$PWD/.venv/bin/"* ]]
}

install_python_packages() {
    local wanted python start=$SECONDS
    wanted=$(fingerprint)
    if [[ -f $STAMP && $(<"$STAMP") == "$wanted" ]]; then return 0; fi

    if venv_is_usable; then
        say "bringing .venv up to date"
    else
        python=$(find_python)
        say "making .venv with $("$python" --version) (about a minute)"
        "$python" -m venv --clear .venv || { rm -rf .venv && return 1; }
    fi
    rm -f "$STAMP"
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt uv
    .venv/bin/python -m uv pip install --quiet --python .venv/bin/python \
        --constraint constraints.txt --build-constraint constraints.txt \
        --editable '.[dev,onnx,openpi,procthor,tensorrt-rtx,unity]' \
        --editable plugins/lerobot_env_spatune --editable plugins/lerobot_policy_spatune
    # For pyright alone: see [tool.pyright] in pyproject.toml.
    mkdir -p .venv/typing
    ln -sfn ../.. .venv/typing/spatune
    printf '%s\n' "$wanted" >"$STAMP"
    say "ready after $((SECONDS - start)) s"
}

install_system_packages
install_python_packages
