"""The events of the territory whose hours a measure may follow."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.db import session
from portal.numeriz.models import CityEvent


def list_event_names(territory_id: UUID) -> Sequence[str]:
    """Return the names of the events that have sessions, in alphabetical order."""
    found = select(CityEvent.name, CityEvent.sessions).where(CityEvent.territory_id == territory_id)
    rows = session().execute(found.order_by(CityEvent.name))
    return [row.name for row in rows if row.sessions]
