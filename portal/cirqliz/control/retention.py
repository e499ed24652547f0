"""How long the looks of agents are kept."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from sqlalchemy import delete

from portal.cirqliz.models import PassCheck
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.config import Settings
from portal.db import unit_of_work


def purge_checks(*, clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase the checks older than the retention of the settings; return how many."""
    settings: Settings = current_app.extensions["settings"]
    limit = clock.now() - timedelta(days=settings.scan_retention_days)
    with unit_of_work() as uow:
        erased = uow.session.execute(delete(PassCheck).where(PassCheck.at < limit))
    return int(erased.rowcount)  # type: ignore[attr-defined]
