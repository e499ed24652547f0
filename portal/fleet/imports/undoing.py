"""Undoing the last import of a company: what it changed is put back, what it added leaves the fleet.

A vehicle that somebody changed since is left alone and told: the newer word stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Enum, func, select

from portal.audit import AuditTag, record
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict
from portal.db import UnitOfWork, session, unit_of_work
from portal.fleet.changes import ARCHIVED, ChangedVehicle
from portal.fleet.imports.state import last_applied, scoped
from portal.fleet.imports.storing import CHANGES, VEHICLES, Author, changed_view, write_changes
from portal.fleet.loans.ending import end_loans_of_vehicles, tell_changes, tell_every_holder
from portal.fleet.locking import lock_fleet
from portal.fleet.models import ChangeSource, FleetImport, ImportState, Vehicle
from portal.fleet.plates import display_plate
from portal.fleet.vehicle_view import VehicleView, view_of
from portal.jobs import JobState, RunningJob, enqueue, get_job, task

_SHORT_ROWS = 2_000
_SHOWN_PLATES = 50
_BATCH = 500


def undo_import(actor: Actor, company_id: UUID, import_id: UUID) -> None:
    """Ask for the last import of the company to be undone. Asking twice asks once.

    Raises NotFound, Conflict("import-not-applied"), Conflict("import-not-last") when another was stored since.
    """
    with unit_of_work() as uow:
        row = scoped(company_id, import_id, lock=True)
        if row.state is ImportState.UNDONE:
            return
        if row.state is not ImportState.APPLIED:
            raise Conflict("import-not-applied")
        if last_applied(company_id) != row.id:
            raise Conflict("import-not-last")
        if row.job_id and get_job(row.job_id).state in {JobState.PENDING, JobState.RUNNING}:
            return
        args = {"import_id": str(row.id), "actor": actor.label, "actor_id": str(actor.user_id or "")}
        changed = (row.added or 0) + (row.updated or 0)
        uow.session.flush()  # the job's row is referenced below
        row.job_id = enqueue("fleet.undo_import", args, priority=changed <= _SHORT_ROWS)


@dataclass(slots=True)
class _Undoing:
    """What is put back, what leaves, and what somebody changed since: (view, before, after)."""

    back: list[tuple[VehicleView, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    leave: list[tuple[VehicleView, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    kept: list[VehicleView] = field(default_factory=list)


@task("fleet.undo_import", timeout_s=900)
def undo(job: RunningJob, import_id: str, actor: str, actor_id: str) -> None:
    """Undo a stored import in one transaction, once."""
    row = session().get(FleetImport, UUID(import_id))
    if row is None or row.state is not ImportState.APPLIED:
        return
    job.progress("undoing", 0, (row.added or 0) + (row.updated or 0))
    with job.finish() as uow:
        kept = uow.session.get(FleetImport, UUID(import_id), with_for_update=True, populate_existing=True)
        if kept is None or kept.state is not ImportState.APPLIED or last_applied(kept.company_id) != kept.id:
            return
        lock_fleet(uow, kept.company_id)
        now = SYSTEM_CLOCK.now()
        found = _what_to_undo(uow, kept)
        write_changes(uow, [*found.back, *found.leave], Author(actor, now, ChangeSource.UNDO, kept.id))
        kept.state, kept.undone_at = ImportState.UNDONE, now
        counts = {"restored": len(found.back), "archived": len(found.leave), "kept": len(found.kept)}
        plates = [display_plate(view.plate, view.plate_scheme) for view in found.kept[:_SHOWN_PLATES]]
        kept.report = {**(kept.report or {}), "undo": {**counts, "kept_plates": plates}}
        who = system_actor("fleet-import")
        by = {"by": actor, "by_id": actor_id, "file": kept.file_name, **counts}
        record(who, AuditTag.FLEET_IMPORT_UNDONE, subject_id=kept.id, company_id=kept.company_id, data=by)
        _tell(who, uow, kept.company_id, found, now)


def _tell(who: Actor, uow: UnitOfWork, company_id: UUID, found: _Undoing, now: datetime) -> None:
    ids = [view.id for view, _before, _after in found.leave]
    if ids:
        tell_every_holder(uow, who, company_id, ids, "vehicle-archived", SYSTEM_CLOCK)
        for part in batched(ids, _BATCH):
            rows = select(Vehicle).where(Vehicle.id.in_(part)).execution_options(populate_existing=True)
            gone = uow.session.scalars(rows).all()
            end_loans_of_vehicles(uow, who, gone, SYSTEM_CLOCK)
    changes = [ChangedVehicle(view.id, view, changed_view(view, after, now)) for view, _b, after in found.back]
    tell_changes(uow, who, company_id, changes, SYSTEM_CLOCK)


def _what_to_undo(uow: UnitOfWork, row: FleetImport) -> _Undoing:
    mine = CHANGES.c.import_id == row.id, CHANGES.c.source == ChangeSource.IMPORT
    later = CHANGES.alias("later")
    # Whatever was written about a vehicle since: every writer leaves a line, at its own instant.
    newest = select(func.max(later.c.at)).where(later.c.vehicle_id == CHANGES.c.vehicle_id).scalar_subquery()
    statement = (
        select(*VEHICLES.c, CHANGES.c.before, CHANGES.c.after, CHANGES.c.at, newest.label("newest"))
        .join(CHANGES, CHANGES.c.vehicle_id == VEHICLES.c.id)
        .where(*mine)
    )
    found = _Undoing()
    for each in uow.session.execute(statement).yield_per(_BATCH):
        view = view_of(cast("Vehicle", each))
        if each.newest > each.at or not _still(view, each.after):
            found.kept.append(view)
        elif each.before is None:
            found.leave.append((view, {ARCHIVED: False}, {ARCHIVED: True}))
        elif each.before.get(ARCHIVED):
            before = _typed(each.before)
            found.leave.append((view, {name: _now(view, name) for name in before}, before))
        else:
            before = _typed(each.before)
            found.back.append((view, {name: _now(view, name) for name in before}, before))
    return found


def _still(view: VehicleView, after: Mapping[str, Any]) -> bool:
    """Tell whether a vehicle still is what the import made of it."""
    return all(_now(view, name) == value for name, value in _typed(after).items() if name != "plate_key")


def _now(view: VehicleView, name: str) -> Any:
    return view.archived if name == ARCHIVED else getattr(view, name)


def _typed(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a line of history as the columns hold them."""
    found: dict[str, Any] = {}
    for name, value in kept.items():
        kind = VEHICLES.c[name].type if name != ARCHIVED else None
        if value is not None and isinstance(kind, Enum) and kind.enum_class is not None:
            found[name] = kind.enum_class(value)
        elif value is not None and name == "plate_valid_until":
            found[name] = date.fromisoformat(value)
        else:
            found[name] = value
    return found


def added_vehicles(company_id: UUID, import_id: UUID) -> Sequence[UUID]:
    """Return the vehicles that an import added, for the page that asks before it is undone."""
    row = scoped(company_id, import_id)
    mine = CHANGES.c.import_id == row.id, CHANGES.c.source == ChangeSource.IMPORT
    lines = session().execute(select(CHANGES.c.vehicle_id, CHANGES.c.before).where(*mine))
    # Looked at here: in the database "nothing before" is a null of JSON, which SQL does not call null.
    return [line.vehicle_id for line in lines if line.before is None]
