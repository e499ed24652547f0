"""Removing the files of imports that nothing names any more."""

from __future__ import annotations

from datetime import timedelta
from itertools import batched

from sqlalchemy import select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.files import file_store
from portal.fleet.imports.state import FILE_AREA, ROWS_AREA
from portal.fleet.models import FleetImport, ImportState

_YOUNG = timedelta(days=1)
_AT_ONCE = 200
_NAMING = {FILE_AREA: FleetImport.file_key, ROWS_AREA: FleetImport.report["rows_key"].as_string()}


def erase_lost_files(clock: Clock = SYSTEM_CLOCK) -> int:
    """Remove the files, and the kept rows, of no import or of a discarded one; return how many.

    A process may be killed after it wrote a file and before the row that names it, or after a row was changed and
    before its file was removed; a company that goes takes its rows along in the database, which knows of no file. A
    young file may be about to get its row.
    """
    store, lost = file_store(), 0
    for area, naming in _NAMING.items():
        for some in batched(store.older(area, clock.now() - _YOUNG), _AT_ONCE):
            wanted = select(naming).where(naming.in_(some), FleetImport.state != ImportState.DISCARDED)
            for key in set(some) - set(session().scalars(wanted)):
                store.delete(key)
                lost += 1
    return lost
