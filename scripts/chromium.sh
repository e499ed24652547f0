#!/bin/sh
# Install Chromium for the browser tests where we may; otherwise say what to install and let those tests be skipped.
# The package without windows and menus takes a third of the processor time; the whole Chromium serves where it is not
# packaged.
set -eu
command -v chromium-headless-shell >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests (Debian's package)" >&2
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; }
    apt-get update -qq >/dev/null 2>&1 || true
    install chromium-headless-shell fonts-dejavu-core || install chromium fonts-dejavu-core || true
fi
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
echo "Chromium is not installed: the browser tests will be skipped (apt install chromium-headless-shell)." >&2
