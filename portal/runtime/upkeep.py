"""What an installation does by itself at regular times: put lost jobs back, ask for due work, erase what is old."""

from __future__ import annotations

import time

from flask import Flask

from portal import audit
from portal.cirqliz import api as cirqliz
from portal.fleet import api as fleet
from portal.itineriz import api as itineriz
from portal.jobs.runner import sweep
from portal.numeriz import api as numeriz
from portal.visualiz import api as visualiz

_ERASE_EVERY_S = 3600.0
_ASK_EVERY_S = 10.0


class Upkeep:
    """The regular work of one installation; the supervisor, or `joptimiz sweep`, calls `round` every few seconds."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._next_erasure = 0.0
        self._next_asking = 0.0

    def round(self) -> int:
        """Do what is due now; return how many jobs were pushed to the queue again."""
        with self._app.app_context():
            pushed = sweep(self._app)
            if time.monotonic() >= self._next_erasure:
                cirqliz.purge_checks()
                cirqliz.purge_sheets()
                cirqliz.expire_requests()
                cirqliz.erase_old_papers()
                fleet.erase_lost_files()
                numeriz.erase_old_law()
                itineriz.erase_old_routes()
                itineriz.erase_lost_files()
                visualiz.erase_unconfirmed()
                audit.seal_entries(everything=True)
                self._next_erasure = time.monotonic() + _ERASE_EVERY_S
            if time.monotonic() >= self._next_asking:
                cirqliz.ask_for_due_batches()
                numeriz.ask_for_due_work()
                itineriz.ask_for_due_work()
                cirqliz.ask_for_reexaminations()
                visualiz.ask_for_due_alerts()
                audit.seal_entries()
                self._next_asking = time.monotonic() + _ASK_EVERY_S
            return pushed
