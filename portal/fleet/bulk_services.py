"""Doing what a preview of several vehicles showed, and undoing the last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.fleet.bulk import BulkChange, Choice, chosen_vehicles, fingerprint, plan_change
from portal.fleet.changes import ARCHIVED, ChangedVehicle, change_line, plain, tell_vehicles_changed
from portal.fleet.loans.ending import end_loans_of_vehicles, tell_every_holder
from portal.fleet.locking import lock_fleet
from portal.fleet.models import AirClass, BulkEdit, Category, ChangeSource, Energy, Vehicle, VehicleChange
from portal.fleet.vehicle_view import VehicleView, view_of

ARCHIVE = "archive"
"""What is asked of vehicles that are to be archived, in their fingerprint."""


@dataclass(frozen=True, slots=True)
class LastEdit:
    """The last change of several vehicles, while it can be undone."""

    id: UUID
    at: datetime
    by: str
    vehicles: int


@dataclass(frozen=True, slots=True)
class Undone:
    """How many vehicles are as they were before, and how many were left as they are: changed again since."""

    restored: int
    left: int


def change_vehicles(
    actor: Actor,
    company_id: UUID,
    choice: Choice,
    change: BulkChange,
    seen: str,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Do to the chosen vehicles what the preview of this fingerprint showed; return how many changed.

    Raises Invalid as `chosen_vehicles` does, Conflict("selection-changed") when the preview is no longer true.
    """
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        plan = plan_change(chosen_vehicles(company_id, choice), change)
        if plan.fingerprint != seen:
            raise Conflict("selection-changed")
        if not plan.changed:
            return 0
        edit = _new_edit(uow, actor, company_id, len(plan.changed), clock)
        after = {one.vehicle.id: one.after for one in plan.changed}
        rows = _rows(uow, company_id, list(after))
        told = _write(uow, actor, rows, lambda row: after[row.id], ChangeSource.BULK, edit.id, clock)
        asked = {name: plain(value) for name, value in change.values.items()}
        if change.label_prefix:
            asked["label_prefix"] = change.label_prefix
        _journal(actor, company_id, edit.id, {"vehicles": len(told), "set": asked}, clock)
        tell_vehicles_changed(actor, uow, told)
        return len(told)


def archive_vehicles(actor: Actor, company_id: UUID, choice: Choice, seen: str, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Archive the chosen vehicles: their passes and loans end. Raises as `change_vehicles` does."""
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        vehicles = chosen_vehicles(company_id, choice)
        if fingerprint(vehicles, ARCHIVE) != seen:
            raise Conflict("selection-changed")
        edit = _new_edit(uow, actor, company_id, len(vehicles), clock)
        rows = _rows(uow, company_id, [vehicle.id for vehicle in vehicles])
        now = clock.now()
        for row in rows:
            row.archived_at = row.updated_at = now
        lines = [
            change_line(
                row.id, now, actor.label, ChangeSource.BULK, {ARCHIVED: True}, {ARCHIVED: False}, bulk_id=edit.id
            )
            for row in rows
        ]
        uow.session.execute(insert(VehicleChange), lines)
        _journal(actor, company_id, edit.id, {"vehicles": len(rows), "set": {ARCHIVED: True}}, clock)
        tell_every_holder(uow, actor, company_id, [row.id for row in rows], "vehicle-archived", clock)
        end_loans_of_vehicles(uow, actor, rows, clock)
        return len(rows)


def last_edit(company_id: UUID) -> LastEdit | None:
    """Return the last change of several vehicles of a company, None when there is none or it is undone."""
    newest = select(BulkEdit).where(BulkEdit.company_id == company_id).order_by(BulkEdit.at.desc(), BulkEdit.id.desc())
    row = session().scalar(newest.limit(1).execution_options(populate_existing=True))
    if row is None or row.undone_at is not None:
        return None
    return LastEdit(row.id, row.at, row.by_label, row.vehicles)


def undo_last_edit(actor: Actor, company_id: UUID, edit_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Undone:
    """Put back what the last change of several vehicles changed, for each vehicle that has not changed since.

    Archived vehicles come back; their passes stay ended. Raises NotFound, Conflict("edit-not-last").
    """
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        edit = uow.session.get(BulkEdit, edit_id)
        if edit is None or edit.company_id != company_id:
            raise NotFound("edit-not-found")
        last = last_edit(company_id)
        if last is None or last.id != edit_id:
            raise Conflict("edit-not-last")
        done = uow.session.scalars(select(VehicleChange).where(VehicleChange.bulk_id == edit_id)).all()
        lines = {line.vehicle_id: line for line in done}
        rows = _rows(uow, company_id, list(lines))
        same = [row for row in rows if all(_held(row, name) == value for name, value in lines[row.id].after.items())]
        told = _write(uow, actor, same, lambda row: _values(lines[row.id].before or {}), ChangeSource.UNDO, None, clock)
        edit.undone_at = clock.now()
        counts = {"undone": True, "vehicles": len(same), "left": len(lines) - len(same)}
        _journal(actor, company_id, edit_id, counts, clock)
        tell_vehicles_changed(actor, uow, told)
        return Undone(len(same), len(lines) - len(same))


def _write(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[Vehicle],
    after_of: Callable[[Vehicle], Mapping[str, Any]],
    source: ChangeSource,
    bulk_id: UUID | None,
    clock: Clock,
) -> list[ChangedVehicle]:
    """Write new values on rows with a line of history each; return what there is to tell."""
    now = clock.now()
    lines, told = [], []
    for row in rows:
        after = after_of(row)
        before = {name: _held(row, name) for name in after}
        seen = view_of(row)
        _set(row, after, now)
        lines.append(change_line(row.id, now, actor.label, source, after, before, bulk_id=bulk_id))
        told += _told(seen, row)
    if lines:
        uow.session.execute(insert(VehicleChange), lines)
    return told


def _set(row: Vehicle, after: Mapping[str, Any], now: datetime) -> None:
    for name, value in after.items():
        if name == ARCHIVED:
            row.archived_at = now if value else None
        else:
            setattr(row, name, value)
    row.updated_at = now


def _told(seen: VehicleView, row: Vehicle) -> list[ChangedVehicle]:
    # A vehicle that comes back has no pass left to look at: only what is in use is told.
    return [] if seen.archived else [ChangedVehicle(row.id, seen, view_of(row))]


def _held(row: Vehicle, name: str) -> Any:
    """Return what a row holds now under a name of the history, as JSON."""
    return row.archived_at is not None if name == ARCHIVED else plain(getattr(row, name))


_KINDS: Mapping[str, Callable[[Any], Any]] = {"category": Category, "energy": Energy, "air_class": AirClass}


def _values(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of the history as the columns hold them."""
    return {name: value if value is None or name not in _KINDS else _KINDS[name](value) for name, value in kept.items()}


def _rows(uow: UnitOfWork, company_id: UUID, ids: Sequence[UUID]) -> list[Vehicle]:
    rows: list[Vehicle] = []
    for start in range(0, len(ids), 500):
        part = select(Vehicle).where(Vehicle.company_id == company_id, Vehicle.id.in_(ids[start : start + 500]))
        rows += uow.session.scalars(part.execution_options(populate_existing=True))
    return rows


def _new_edit(uow: UnitOfWork, actor: Actor, company_id: UUID, vehicles: int, clock: Clock) -> BulkEdit:
    edit = BulkEdit(id=new_id(), company_id=company_id, at=clock.now(), by_label=actor.label, vehicles=vehicles)
    uow.session.add(edit)
    uow.session.flush()  # the lines of history refer to it
    return edit


def _journal(actor: Actor, company_id: UUID, edit_id: UUID, data: Mapping[str, Any], clock: Clock) -> None:
    record(actor, AuditTag.VEHICLES_CHANGED, subject_id=edit_id, company_id=company_id, data=data, clock=clock)
