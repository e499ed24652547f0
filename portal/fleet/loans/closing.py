"""A company that closes or goes on, seen from its loans: they are held meanwhile, and the other side is told.

Nothing is written in the loan: it gives no right while one of its companies is closed (see `usable`).
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from portal.accounts.api import closed_companies
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork
from portal.fleet.loans.mails import mail_loans_held, mail_loans_resumed
from portal.fleet.models import LoanState, Vehicle, VehicleLoan


def tell_loans_held(uow: UnitOfWork, _actor: Actor, company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Tell each company that lends to a closed one, or borrows from it, that these loans are held."""
    for other_id, vehicles in _by_other_side(uow, company_id, clock).items():
        mail_loans_held(other_id, company_id, vehicles)


def tell_loans_resumed(uow: UnitOfWork, _actor: Actor, company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Tell each company whose loans with this one go on, now that it does."""
    for other_id, vehicles in _by_other_side(uow, company_id, clock).items():
        mail_loans_resumed(other_id, company_id, vehicles)


def _by_other_side(uow: UnitOfWork, company_id: UUID, clock: Clock) -> dict[UUID, list[Vehicle]]:
    """The vehicles of the loans of a company that are accepted and not over, by the other company unless it is closed
    too: nothing changes for that one.
    """
    sides = or_(VehicleLoan.lender_id == company_id, VehicleLoan.borrower_id == company_id)
    rows = uow.session.execute(
        select(VehicleLoan, Vehicle)
        .join(Vehicle, Vehicle.id == VehicleLoan.vehicle_id)
        .where(sides, VehicleLoan.state == LoanState.ACCEPTED, VehicleLoan.ends_at > clock.now())
        .order_by(Vehicle.plate, VehicleLoan.id)
    )
    found: dict[UUID, list[Vehicle]] = {}
    for loan, vehicle in rows:
        other_id = loan.borrower_id if loan.lender_id == company_id else loan.lender_id
        assert other_id is not None, "an accepted loan knows its borrower"
        found.setdefault(other_id, []).append(vehicle)
    closed = set(uow.session.scalars(closed_companies(list(found))))
    return {other_id: vehicles for other_id, vehicles in sorted(found.items()) if other_id not in closed}
