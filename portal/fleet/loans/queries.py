"""Reads of loans, for both sides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select

from portal.accounts.api import CompanyStatus, get_company, list_companies
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.fleet.models import LoanState, Vehicle, VehicleLoan
from portal.fleet.plates import display_plate
from portal.web.locale import DEFAULT_ZONE

_MOST_SHOWN = 100
_ZONE = ZoneInfo(DEFAULT_ZONE)


class LoanPhase(StrEnum):
    """Where a loan stands now, by its state, its dates and its companies: held while one of them is closed."""

    WAITING = "waiting"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    COMING = "coming"
    RUNNING = "running"
    HELD = "held"
    OVER = "over"
    ENDED = "ended"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class LoanView:
    """A loan for display. borrower_name is None until the borrower has accepted: the SIRET alone says nothing."""

    id: UUID
    vehicle_id: UUID
    plate_display: str
    label: str
    lender_id: UUID
    lender_name: str
    borrower_siret: str
    borrower_name: str | None
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    phase: LoanPhase

    @property
    def first_day(self) -> date:
        """The first day of the loan, where people write dates."""
        return self.starts_at.astimezone(_ZONE).date()

    @property
    def last_day(self) -> date:
        """The last day of the loan: the whole of it when the loan ends at midnight."""
        return (self.ends_at - timedelta(microseconds=1)).astimezone(_ZONE).date()

    @property
    def may_end(self) -> bool:
        """True while there is something to end."""
        return self.phase in {LoanPhase.WAITING, LoanPhase.COMING, LoanPhase.RUNNING, LoanPhase.HELD}


def list_lent(
    company_id: UUID, vehicle_ids: Collection[UUID] | None = None, *, clock: Clock = SYSTEM_CLOCK
) -> Sequence[LoanView]:
    """Return the loans a company has offered, of these vehicles or of all, the newest first; a bounded number."""
    wanted = VehicleLoan.lender_id == company_id
    if vehicle_ids is not None:
        wanted &= VehicleLoan.vehicle_id.in_(vehicle_ids)
    return _views(wanted, clock.now())


def list_borrowed(company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[LoanView]:
    """Return the loans a company was offered, the newest first; those it has not answered only once it is verified."""
    company = get_company(company_id)
    answered = VehicleLoan.borrower_id == company_id
    waiting = (VehicleLoan.borrower_siret == company.siret) & (VehicleLoan.state == LoanState.OFFERED)
    return _views(or_(answered, waiting) if company.status is CompanyStatus.VERIFIED else answered, clock.now())


def current_loans(company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Mapping[UUID, LoanView]:
    """Return the accepted loans of today and later in which a company lends or borrows, the nearest of each vehicle."""
    found: dict[UUID, LoanView] = {}
    wanted = or_(VehicleLoan.lender_id == company_id, VehicleLoan.borrower_id == company_id)
    now = clock.now()
    for loan in _views(wanted & (VehicleLoan.state == LoanState.ACCEPTED) & (VehicleLoan.ends_at > now), now, 1000):
        known = found.get(loan.vehicle_id)
        if known is None or loan.starts_at < known.starts_at:
            found[loan.vehicle_id] = loan
    return found


def count_offers(company_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Count the offers that wait for the company's answer."""
    company = get_company(company_id)
    if company.status is not CompanyStatus.VERIFIED:
        return 0
    wanted = select(func.count()).where(
        VehicleLoan.borrower_siret == company.siret,
        VehicleLoan.state == LoanState.OFFERED,
        VehicleLoan.ends_at > clock.now(),
    )
    return int(session().scalar(wanted) or 0)


def _views(wanted: ColumnElement[bool], now: datetime, limit: int = _MOST_SHOWN) -> Sequence[LoanView]:
    rows = (
        session()
        .execute(
            select(VehicleLoan, Vehicle.plate, Vehicle.plate_scheme, Vehicle.label)
            .join(Vehicle, Vehicle.id == VehicleLoan.vehicle_id)
            .where(wanted)
            .order_by(VehicleLoan.created_at.desc(), VehicleLoan.id)
            .limit(limit)
        )
        .all()
    )
    if not rows:
        return []
    sides = {row[0].lender_id for row in rows} | {row[0].borrower_id for row in rows if row[0].borrower_id}
    companies = list_companies(sides)
    closed = {one.id for one in companies.values() if one.status.barred}
    views = []
    for loan, plate, scheme, label in rows:
        met = None if loan.state is LoanState.DECLINED else loan.borrower_id
        views.append(
            LoanView(
                id=loan.id,
                vehicle_id=loan.vehicle_id,
                plate_display=display_plate(plate, scheme),
                label=label,
                lender_id=loan.lender_id,
                lender_name=companies[loan.lender_id].name,
                borrower_siret=loan.borrower_siret,
                borrower_name=companies[met].name if met else None,
                starts_at=loan.starts_at,
                ends_at=loan.ends_at,
                ended_at=loan.ended_at,
                phase=_phase(loan, now, held=any(one in closed for one in (loan.lender_id, loan.borrower_id))),
            )
        )
    return views


def _phase(loan: VehicleLoan, now: datetime, *, held: bool) -> LoanPhase:
    if loan.state is LoanState.DECLINED:
        return LoanPhase.DECLINED
    if loan.state is LoanState.ENDED:
        return LoanPhase.TAKEN_BACK if loan.borrower_id is None else LoanPhase.ENDED
    if loan.state is LoanState.OFFERED:
        return LoanPhase.WAITING if loan.ends_at > now else LoanPhase.UNANSWERED
    if loan.ends_at <= now:
        return LoanPhase.OVER
    if held:
        return LoanPhase.HELD
    return LoanPhase.COMING if loan.starts_at > now else LoanPhase.RUNNING
