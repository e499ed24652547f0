"""Reads of the checks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.cirqliz.models import PassCheck
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session

_RECENT = timedelta(hours=24)


def count_recent_checks(pass_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Return how often agents looked at a pass in 24 hours: a copied code is seen often, and far apart."""
    since = clock.now() - _RECENT
    statement = select(func.count()).where(PassCheck.pass_id == pass_id, PassCheck.at > since)
    return session().scalar(statement) or 0
