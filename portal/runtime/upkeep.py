"""What an installation does by itself at regular times: put lost jobs back, erase what was kept long enough."""

from __future__ import annotations

import time

from flask import Flask

from portal.cirqliz import api as cirqliz
from portal.jobs.runner import sweep

_ERASE_EVERY_S = 3600.0


class Upkeep:
    """The regular work of one installation; the supervisor, or `joptimiz sweep`, calls `round` every few seconds."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._next_erasure = 0.0

    def round(self) -> int:
        """Do what is due now; return how many jobs were pushed to the queue again."""
        with self._app.app_context():
            if time.monotonic() >= self._next_erasure:
                cirqliz.purge_checks()
                self._next_erasure = time.monotonic() + _ERASE_EVERY_S
            return sweep(self._app)
