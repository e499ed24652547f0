"""Offering, answering and ending loans. The lender's fleet is held while one of its loans changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.api import CompanyStatus, closed_companies, get_company, siret_number
from portal.audit import AuditTag
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.fleet.loans.ending import OPEN_STATES, end_loan_in, journal_loan
from portal.fleet.loans.mails import mail_loan_answered
from portal.fleet.locking import lock_fleet
from portal.fleet.models import LoanState, Vehicle, VehicleLoan
from portal.fleet.ports import vehicle_passes
from portal.jobs import enqueue

LONGEST = timedelta(days=366)
MOST_WAITING = 200
"""Offers of one company that nobody has answered: each may send a mail to somebody."""


def offer_loan(
    actor: Actor,
    company_id: UUID,
    vehicle_id: UUID,
    siret: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> UUID:
    """Offer a vehicle to the company of a SIRET, for a time; return the loan's id.

    The answer is the same whether the SIRET is registered or not: the offer waits, and whoever registers with it finds
    it. Raises Denied, NotFound, Invalid (siret-format, siret-checksum, loan-to-yourself, loan-dates, loan-too-long,
    loan-over), Conflict (lender-closed, vehicle-is-archived, loan-overlaps, lender-has-passes, too-many-offers).
    """
    _require_manager(actor, company_id)
    number = siret_number(siret)
    if number == get_company(company_id).siret:
        raise Invalid("loan-to-yourself", field="siret")
    _check_dates(starts_at, ends_at, clock.now())
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        _check_lender(uow, company_id)
        vehicle = _vehicle(uow, company_id, vehicle_id)
        if vehicle.archived_at is not None:
            raise Conflict("vehicle-is-archived")
        _check_free(uow, vehicle_id, starts_at, ends_at)
        held = vehicle_passes().list_overlapping(company_id, vehicle_id, starts_at, ends_at)
        if held:
            raise Conflict("lender-has-passes", field="first_day", numbers=", ".join(held))
        if _waiting(uow, company_id, clock.now()) >= MOST_WAITING:
            raise Conflict("too-many-offers", most=MOST_WAITING)
        row = VehicleLoan(
            id=new_id(),
            vehicle_id=vehicle_id,
            lender_id=company_id,
            borrower_siret=number,
            starts_at=starts_at,
            ends_at=ends_at,
            state=LoanState.OFFERED,
            created_by=actor.user_id,
            created_at=clock.now(),
        )
        uow.session.add(row)
        journal_loan(actor, AuditTag.LOAN_OFFERED, row, vehicle, clock)
        # A job tells the other company, if there is one: how long this answer takes says nothing of it.
        enqueue("fleet.tell_loan_offer", {"loan_id": str(row.id)}, priority=True)
        return row.id


def accept_loan(actor: Actor, company_id: UUID, loan_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Accept an offer for the company of its SIRET; accepting twice changes nothing.

    Raises Denied, NotFound, Conflict (loan-answered, loan-over, lender-closed, lender-still-has-passes: one vehicle
    never carries the passes of two companies for the same hour).
    """
    _answer(actor, company_id, loan_id, LoanState.ACCEPTED, clock)


def decline_loan(actor: Actor, company_id: UUID, loan_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Decline an offer; raises as `accept_loan` does."""
    _answer(actor, company_id, loan_id, LoanState.DECLINED, clock)


def end_loan(actor: Actor, company_id: UUID, loan_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """End a loan now, or take an offer back, by the lender; end it by the borrower. Ending twice changes nothing.

    The borrower's passes of the vehicle end with it. Raises Denied, NotFound, Conflict (loan-answered, loan-over).
    """
    _require_manager(actor, company_id)
    with unit_of_work() as uow:
        row, vehicle = _hold(uow, loan_id)
        lends = row.lender_id == company_id
        borrows = row.borrower_id == company_id and row.state is not LoanState.DECLINED
        if not (lends or borrows):
            raise NotFound("loan-not-found")
        if row.state is LoanState.ENDED:
            return
        if row.state is LoanState.DECLINED:
            raise Conflict("loan-answered")
        if row.ends_at <= clock.now():
            raise Conflict("loan-over")
        end_loan_in(uow, actor, row, vehicle, clock)


def _answer(actor: Actor, company_id: UUID, loan_id: UUID, answer: LoanState, clock: Clock) -> None:
    _require_manager(actor, company_id)
    company = get_company(company_id)
    with unit_of_work() as uow:
        row, vehicle = _hold(uow, loan_id)
        # Anybody may register with a SIRET: only a company that an agent has verified answers in its name.
        if row.borrower_siret != company.siret or company.status is not CompanyStatus.VERIFIED:
            raise NotFound("loan-not-found")
        if row.state is answer:
            return
        if row.state is not LoanState.OFFERED:
            raise Conflict("loan-answered")
        if row.ends_at <= clock.now():
            raise Conflict("loan-over")
        accepted = answer is LoanState.ACCEPTED
        if accepted:
            _check_lender(uow, row.lender_id)
            if vehicle_passes().list_overlapping(row.lender_id, row.vehicle_id, row.starts_at, row.ends_at):
                raise Conflict("lender-still-has-passes")
        row.state, row.borrower_id = answer, company_id
        journal_loan(actor, AuditTag.LOAN_ACCEPTED if accepted else AuditTag.LOAN_DECLINED, row, vehicle, clock)
        mail_loan_answered(row, company_id, vehicle, accepted=accepted)


def _hold(uow: UnitOfWork, loan_id: UUID) -> tuple[VehicleLoan, Vehicle]:
    """Return a loan and its vehicle with the lender's fleet held; raises NotFound."""
    lender_id = uow.session.scalar(select(VehicleLoan.lender_id).where(VehicleLoan.id == loan_id))
    if lender_id is None:
        raise NotFound("loan-not-found")
    lock_fleet(uow, lender_id)
    held = uow.session.execute(
        select(VehicleLoan, Vehicle)
        .join(Vehicle, Vehicle.id == VehicleLoan.vehicle_id)
        .where(VehicleLoan.id == loan_id)
        .with_for_update(of=VehicleLoan)
        .execution_options(populate_existing=True)
    ).one()
    return held[0], held[1]


def _check_dates(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise Invalid("loan-dates", field="last_day")
    if ends_at <= now:
        raise Invalid("loan-over", field="last_day")
    if ends_at - starts_at > LONGEST:
        raise Invalid("loan-too-long", field="last_day", days=LONGEST.days)


def _check_free(uow: UnitOfWork, vehicle_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    same_time = (VehicleLoan.starts_at < ends_at) & (VehicleLoan.ends_at > starts_at)
    wanted = select(VehicleLoan.id).where(
        VehicleLoan.vehicle_id == vehicle_id, VehicleLoan.state.in_(OPEN_STATES), same_time
    )
    if uow.session.scalar(wanted.limit(1)) is not None:
        raise Conflict("loan-overlaps", field="first_day")


def _waiting(uow: UnitOfWork, company_id: UUID, now: datetime) -> int:
    wanted = select(func.count()).where(
        VehicleLoan.lender_id == company_id, VehicleLoan.state == LoanState.OFFERED, VehicleLoan.ends_at > now
    )
    return int(uow.session.scalar(wanted) or 0)


def _check_lender(uow: UnitOfWork, lender_id: UUID) -> None:
    """Raise Conflict when the company whose fleet is held has been declared closed."""
    if uow.session.scalar(closed_companies([lender_id])) is not None:
        raise Conflict("lender-closed")


def _vehicle(uow: UnitOfWork, company_id: UUID, vehicle_id: UUID) -> Vehicle:
    wanted = select(Vehicle).where(Vehicle.company_id == company_id, Vehicle.id == vehicle_id)
    row = uow.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("vehicle-not-found")
    return row


def _require_manager(actor: Actor, company_id: UUID) -> None:
    if actor.kind is not ActorKind.SYSTEM and not actor.belongs_to(company_id, CompanyRole.MANAGER):
        raise Denied("company-role-needed", role=CompanyRole.MANAGER.value)
