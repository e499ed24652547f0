#!/bin/sh
# Write the lock files again from pyproject.toml: pinned, hashed, free of download addresses.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .tools/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
        --no-annotate --no-header "$@"
}
compile pyproject.toml --output-file requirements.lock
compile --group dev pyproject.toml --output-file requirements-dev.lock
