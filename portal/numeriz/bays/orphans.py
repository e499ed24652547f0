"""Files of bays that nothing names: of a process killed between the file and its transaction, say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.files import file_store
from portal.numeriz.bays import photos, undoing
from portal.numeriz.models import DeliveryBay, ImportReport

_KEPT_UNNAMED: Final = timedelta(days=1)
_NAMED_BY: Final[dict[str, InstrumentedAttribute[Any]]] = {
    photos.AREA: DeliveryBay.photo_key,
    undoing.AREA: ImportReport.file_key,
}


def erase_orphans(clock: Clock = SYSTEM_CLOCK) -> int:
    """Delete the photos that no bay names and the undos that no report names, a day after; return how many."""
    gone = []
    for area, key in _NAMED_BY.items():
        named = set(session().scalars(select(key).where(key.startswith(f"{area}/"))))
        gone += [old for old in file_store().older(area, clock.now() - _KEPT_UNNAMED) if old not in named]
    for old in gone:
        file_store().delete(old)
    return len(gone)
