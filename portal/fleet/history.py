"""What became of a vehicle, line by line: who, when, by what means, from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from portal.db import Page, paginate
from portal.fleet.changes import ARCHIVED
from portal.fleet.columns import COLUMNS
from portal.fleet.models import ChangeSource, VehicleChange
from portal.fleet.queries import get_vehicle
from portal.fleet.wording import name_of, say

_LINES = 20


class Event(StrEnum):
    """What a line of history tells first."""

    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Change:
    """One value in words: its name, what it was, what it became. before is None when the vehicle was added."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a vehicle's history, for display. import_id: the file it came from, when its row still exists."""

    at: datetime
    by: str
    event: Event
    source: ChangeSource
    import_id: UUID | None
    changes: tuple[Change, ...]


def list_history(company_id: UUID, vehicle_id: UUID, cursor: str | None = None) -> Page[HistoryLine]:
    """Return a page of the history of a vehicle of the company, the newest first; raises NotFound."""
    get_vehicle(company_id, vehicle_id)
    lines = select(VehicleChange).where(VehicleChange.vehicle_id == vehicle_id)
    keys = [VehicleChange.at, VehicleChange.id]
    return paginate(lines, keys, cursor, size=_LINES, descending=True).map(_line)


def _line(row: VehicleChange) -> HistoryLine:
    before = row.before
    changes = tuple(
        Change(
            name_of(column.key),
            None if before is None else say(column.key, before.get(column.key)),
            say(column.key, row.after.get(column.key)),
        )
        for column in COLUMNS
        if column.key in row.after and (before is not None or row.after[column.key] not in (None, "", False))
    )
    return HistoryLine(row.at, row.by_label, _event(row), row.source, row.import_id, changes)


def _event(row: VehicleChange) -> Event:
    if row.before is None:
        return Event.ADDED
    if ARCHIVED in row.after:
        return Event.ARCHIVED if row.after[ARCHIVED] else Event.RESTORED
    return Event.CHANGED
