#!/bin/sh
# Make ./.venv hold exactly what requirements.txt and tools.txt lock, and the project itself (editable).
#
#   stack/install.sh            does nothing when .venv is already so (a stamp keeps the hash of its inputs)
#   PYTHON=python3.12 stack/install.sh     takes another interpreter; 3.11 and 3.12 are what the lock was made for
#
# Needs a Python with either venv or pip; everything else, uv included, comes from the package index by hash.
set -eu

cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME # not compiling costs every Airflow process two seconds more
unset VIRTUAL_ENV                                   # an active environment of somebody else's is not ours to fill

# Trust what the machine trusts (company networks re-sign TLS); a bare container has no such file and uses the
# certificates that pip and uv bring along.
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
    export PIP_CERT="${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}"
fi

say() { printf '%s\n' "install: $*"; }

fail() {
    say "$*" >&2
    exit 1
}

# Print the first interpreter that runs and has a version we have a lock for: the one .venv was made with, else by
# name. A name on PATH proves nothing: version managers put names there that only print an error.
find_python() {
    for candidate in ${PYTHON:-.venv/bin/python python3.12 python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys._base_executable)'
            return
        fi
    done
    fail "no Python 3.11 or 3.12 found (looked for ${PYTHON:-python3.12, python3.11 and python3})." \
        "On Debian: stack/debian-packages.sh lists what to install. Elsewhere: PYTHON=/path/to/python3.12 make venv"
}

# Put uv into .state/uv, by venv where there is one, else by pip: Debian packs the two apart from Python.
fetch_uv() {
    rm -rf .state/uv
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .state/uv
        .state/uv/bin/python -m pip install --quiet --require-hashes -r stack/tools.txt
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --require-hashes --target .state/uv -r stack/tools.txt
    else
        fail "$python has neither venv nor pip. On Debian: stack/debian-packages.sh lists what to install."
    fi
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

digest() {
    { pwd && cat requirements.txt stack/tools.txt stack/install.sh pyproject.toml; } | sha256sum | cut -d ' ' -f 1
}

main() {
    mkdir -p .state
    exec 9>.state/install.lock
    flock 9 # two `make` at once: the second waits and then finds the work done

    wanted=$(digest)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/.installed 2>/dev/null)" = "$wanted" ] &&
        { [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of .venv/bin/python)" ]; }; then
        return
    fi
    python=$(find_python)
    version=$(version_of "$python")
    if [ ! -x .state/uv/bin/uv ] || ! cmp -s stack/tools.txt .state/uv/tools.txt; then
        say "fetching uv"
        fetch_uv
        cp stack/tools.txt .state/uv/tools.txt
    fi
    # Without a home to write in there is no cache directory either; keep one here then.
    if [ -z "${UV_CACHE_DIR:-}${XDG_CACHE_HOME:-}" ] && ! { [ -d "${HOME:-}" ] && [ -w "$HOME" ]; }; then
        export UV_CACHE_DIR="$PWD/.state/uv-cache"
    fi
    # Scripts in .venv know their place by its full path, so a checkout that was moved gets a new one.
    if [ "$(version_of .venv/bin/python)" != "$version" ] || [ "$(cat .venv/.place 2>/dev/null || pwd)" != "$PWD" ]; then
        say "making .venv with Python $version ($python)"
        rm -rf .venv
        .state/uv/bin/uv venv --quiet --python "$python" .venv
    fi
    rm -f .venv/.installed
    pwd >.venv/.place
    say "installing $(grep -c '==' requirements.txt) packages, each checked against its hash"
    .state/uv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode \
        requirements.txt stack/tools.txt
    say "installing the project itself (editable)"
    .state/uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    printf '%s\n' "$wanted" >.venv/.installed
    say "done"
}

main
