#!/bin/sh
# Bring the translations up to date with the sources: extract, update, compile.
# Then fill in the empty msgstr of translations/en/LC_MESSAGES/messages.po and run this again.
set -eu
cd "$(dirname "$0")/.."
found=$(mktemp)
trap 'rm -f "$found"' EXIT
.venv/bin/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -o "$found" .
.venv/bin/python scripts/catalogues.py "$found"
.venv/bin/pybabel -q compile -d translations
