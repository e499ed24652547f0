"""The end of a loan before its date, and the companies that a change of a vehicle concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import Clock
from portal.db import UnitOfWork
from portal.fleet.changes import ChangedVehicle, tell_vehicles_changed
from portal.fleet.loans.mails import mail_loan_ended
from portal.fleet.models import LoanState, Vehicle, VehicleLoan
from portal.fleet.vehicle_view import VehicleView
from portal.fleet.withdrawals import tell_vehicles_withdrawn

OPEN_STATES = (LoanState.OFFERED, LoanState.ACCEPTED)


def end_loan_in(uow: UnitOfWork, actor: Actor, row: VehicleLoan, vehicle: Vehicle, clock: Clock) -> None:
    """End an offered or accepted loan in the running transaction, which holds the lender's fleet.

    The borrower's passes of the vehicle end with an accepted one. An offer taken back is nobody's business: no mail.
    """
    accepted = row.state is LoanState.ACCEPTED
    row.state, row.ended_at = LoanState.ENDED, clock.now()
    journal_loan(actor, AuditTag.LOAN_ENDED, row, vehicle, clock)
    if accepted and row.borrower_id is not None:
        # The end is written before the passes are told: what they read of loans is already true.
        uow.session.flush()
        tell_vehicles_withdrawn(actor, uow, row.borrower_id, [row.vehicle_id], "loan-ended")
        mail_loan_ended(row.lender_id, row.borrower_id, vehicle)


def end_loans_of_vehicles(uow: UnitOfWork, actor: Actor, vehicles: Sequence[Vehicle], clock: Clock) -> None:
    """End every loan of vehicles that leave the fleet."""
    by_id = {vehicle.id: vehicle for vehicle in vehicles}
    for row in _open_loans(uow, list(by_id), clock.now()):
        end_loan_in(uow, actor, row, by_id[row.vehicle_id], clock)


def tell_every_holder(
    uow: UnitOfWork, actor: Actor, company_id: UUID, ids: Sequence[UUID], reason: str, clock: Clock
) -> None:
    """Tell that vehicles are withdrawn, for their company and for each one that borrows some of them now or later."""
    tell_vehicles_withdrawn(actor, uow, company_id, list(ids), reason)
    held: dict[UUID, list[UUID]] = {}
    for row in _open_loans(uow, ids, clock.now()):
        if row.state is LoanState.ACCEPTED and row.borrower_id is not None:
            held.setdefault(row.borrower_id, []).append(row.vehicle_id)
    for borrower_id, theirs in sorted(held.items()):
        tell_vehicles_withdrawn(actor, uow, borrower_id, theirs, reason)


def tell_changes(
    uow: UnitOfWork, actor: Actor, company_id: UUID, changes: Sequence[ChangedVehicle], clock: Clock
) -> None:
    """Tell that vehicles of a company changed; a new plate, however alike the two read, ends the passes of the old one.

    By form or by a file alike: the plate on the pass is what an agent compares.
    """
    replated = [one.vehicle_id for one in changes if _plate(one.before) != _plate(one.after)]
    if replated:
        tell_every_holder(uow, actor, company_id, replated, "plate-changed", clock)
    tell_vehicles_changed(actor, uow, changes)


def _plate(vehicle: VehicleView) -> tuple[str, str]:
    return vehicle.plate, vehicle.country


def journal_loan(actor: Actor, tag: AuditTag, row: VehicleLoan, vehicle: Vehicle, clock: Clock) -> None:
    """Write what became of a loan in the journal of the lender and, once it has answered, of the borrower."""
    data = {
        "plate": vehicle.plate,
        "siret": row.borrower_siret,
        "from": row.starts_at.isoformat(),
        "to": row.ends_at.isoformat(),
    }
    for company_id in (row.lender_id, row.borrower_id):
        if company_id is not None:
            record(actor, tag, subject_id=row.id, company_id=company_id, data=data, clock=clock)


def _open_loans(uow: UnitOfWork, vehicle_ids: Sequence[UUID], now: datetime) -> list[VehicleLoan]:
    found: list[VehicleLoan] = []
    # In parts: SQLite takes so many values and no more.
    for start in range(0, len(vehicle_ids), 500):
        wanted = select(VehicleLoan).where(
            VehicleLoan.vehicle_id.in_(vehicle_ids[start : start + 500]),
            VehicleLoan.state.in_(OPEN_STATES),
            VehicleLoan.ends_at > now,
        )
        ordered = wanted.order_by(VehicleLoan.id).with_for_update().execution_options(populate_existing=True)
        found += uow.session.scalars(ordered)
    return found
