"""Where Chromium is on this machine, for what is measured and tested in a real browser."""

from __future__ import annotations

import shutil
from typing import Final

# The first is Chromium without its own windows and menus: the same engine, at a third of the processor time.
_PROGRAMS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of the machine's Chromium, None when there is none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)
