"""Changing the fleet: one vehicle at a time. Files are in `imports`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.fleet.changes import ARCHIVED, ChangedVehicle, change_line, keep_change, plain
from portal.fleet.drafts import VehicleDraft
from portal.fleet.loans.ending import end_loans_of_vehicles, tell_changes, tell_every_holder
from portal.fleet.locking import lock_fleet
from portal.fleet.models import ChangeSource, Vehicle
from portal.fleet.vehicle_view import view_of


def add_vehicle(actor: Actor, company_id: UUID, draft: VehicleDraft, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Add a vehicle to a company and return its id.

    Raises Conflict("plate-already-yours") on the field plate when the company has it; an archived vehicle with this
    plate comes back with the values of the draft.
    """
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        row = _by_plate(uow, company_id, draft)
        if row is not None and row.archived_at is None:
            raise Conflict("plate-already-yours", field="plate", vehicle_id=row.id)
        if row is None:
            row = new_row(company_id, draft, clock)
            uow.session.add(row)
            uow.session.flush()  # its history refers to it
            known = {name: value for name, value in draft.values().items() if value not in {None, ""}}
            _keep(uow, actor, row, None, known, clock)
            tag = AuditTag.VEHICLE_ADDED
        else:
            before = view_of(row)
            changes = draft.apply_to(row)
            row.archived_at, row.updated_at = None, clock.now()
            _keep(uow, actor, row, *_sides({ARCHIVED: (True, False), **changes}), clock)
            if changes:
                tell_changes(uow, actor, company_id, [ChangedVehicle(row.id, before, view_of(row))], clock)
            tag = AuditTag.VEHICLE_RESTORED
        record(actor, tag, subject_id=row.id, company_id=company_id, clock=clock)
        return row.id


def update_vehicle(
    actor: Actor, company_id: UUID, vehicle_id: UUID, draft: VehicleDraft, version: int, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Change a vehicle. A new plate ends the passes of the old one.

    Raises NotFound, Conflict("vehicle-changed-meanwhile") when `version` is no longer the row's, and
    Conflict("plate-already-yours") when another vehicle of the company has the plate.
    """
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        row = _scoped(uow, company_id, vehicle_id)
        if row.version != version:
            raise Conflict("vehicle-changed-meanwhile")
        twin = _by_plate(uow, company_id, draft)
        if twin is not None and twin.id != row.id:
            raise Conflict("plate-already-yours", field="plate", vehicle_id=twin.id)
        before = view_of(row)
        changes = draft.apply_to(row)
        if not changes:
            return
        row.updated_at = clock.now()
        _keep(uow, actor, row, *_sides(changes), clock)
        data = {name: [plain(old), plain(new)] for name, (old, new) in changes.items()}
        record(
            actor,
            AuditTag.VEHICLE_UPDATED,
            subject_id=row.id,
            company_id=company_id,
            data={"changes": data},
            clock=clock,
        )
        tell_changes(uow, actor, company_id, [ChangedVehicle(row.id, before, view_of(row))], clock)


def archive_vehicle(actor: Actor, company_id: UUID, vehicle_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a vehicle out of the fleet; its passes and loans end, its history stays. Archiving twice changes nothing."""
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        row = _scoped(uow, company_id, vehicle_id)
        if row.archived_at is not None:
            return
        row.archived_at = row.updated_at = clock.now()
        _keep(uow, actor, row, {ARCHIVED: False}, {ARCHIVED: True}, clock)
        record(actor, AuditTag.VEHICLE_ARCHIVED, subject_id=row.id, company_id=company_id, clock=clock)
        tell_every_holder(uow, actor, company_id, [row.id], "vehicle-archived", clock)
        end_loans_of_vehicles(uow, actor, [row], clock)


def restore_vehicle(actor: Actor, company_id: UUID, vehicle_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Put an archived vehicle back in the fleet; its passes stay ended."""
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        row = _scoped(uow, company_id, vehicle_id)
        if row.archived_at is None:
            return
        row.archived_at, row.updated_at = None, clock.now()
        _keep(uow, actor, row, {ARCHIVED: True}, {ARCHIVED: False}, clock)
        record(actor, AuditTag.VEHICLE_RESTORED, subject_id=row.id, company_id=company_id, clock=clock)


def new_row(company_id: UUID, draft: VehicleDraft, clock: Clock) -> Vehicle:
    """Return a row for a draft, not yet in a session."""
    now = clock.now()
    return Vehicle(id=new_id(), company_id=company_id, usages=[], created_at=now, updated_at=now, **draft.values())


def _scoped(uow: UnitOfWork, company_id: UUID, vehicle_id: UUID) -> Vehicle:
    row = uow.session.scalar(
        select(Vehicle)
        .where(Vehicle.company_id == company_id, Vehicle.id == vehicle_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("vehicle-not-found")
    return row


def _by_plate(uow: UnitOfWork, company_id: UUID, draft: VehicleDraft) -> Vehicle | None:
    return uow.session.scalar(
        select(Vehicle).where(
            Vehicle.company_id == company_id,
            Vehicle.plate_key == draft.plate.key,
            Vehicle.country == draft.plate.country,
        )
    )


def _sides(changes: dict[str, tuple[Any, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what changed as (before, after)."""
    return {name: old for name, (old, _new) in changes.items()}, {name: new for name, (_old, new) in changes.items()}


def _keep(
    uow: UnitOfWork, actor: Actor, row: Vehicle, before: dict[str, Any] | None, after: dict[str, Any], clock: Clock
) -> None:
    keep_change(uow, change_line(row.id, clock.now(), actor.label, ChangeSource.FORM, after, before))
