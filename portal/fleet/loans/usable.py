"""The vehicles a company may use at a time: its own that it has not lent, and those it borrows for the whole time.

A vehicle that is lent is in the hands of one company only: its owner may ask nothing for it meanwhile, or one van would
carry two passes of two companies at the same hour. A loan gives no right while one of its companies is closed; it goes
on when that company does, and its owner may end it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from portal.accounts.api import closed_companies
from portal.db import UnitOfWork, session
from portal.fleet.locking import lock_fleets
from portal.fleet.models import Category, LoanState, Vehicle, VehicleLoan
from portal.fleet.selection import answering
from portal.fleet.vehicle_view import VehicleView, view_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a vehicle may not exceed. Kilograms; None: no bound; an unknown weight exceeds any bound."""

    categories: Collection[Category]
    gross_weight_kg: int | None
    combination_weight_kg: int | None
    hazmat: bool

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions of the vehicles within these bounds."""
        found: list[ColumnElement[bool]] = [Vehicle.category.in_(self.categories)]
        if self.gross_weight_kg is not None:
            found.append(Vehicle.gross_weight_kg <= self.gross_weight_kg)
        if self.combination_weight_kg is not None:
            found.append(Vehicle.combination_weight_kg <= self.combination_weight_kg)
        return found if self.hazmat else [*found, Vehicle.hazmat.is_(False)]


def list_usable_vehicles(
    company_id: UUID, start: datetime, end: datetime, limit: int, *, search: str = "", within: Bounds | None = None
) -> Sequence[VehicleView]:
    """Return the vehicles the company may use from start to end, by plate, at most `limit`.

    A borrowed one has another company's id in `company_id`. search: a part of the plate or of the name.
    """
    wanted = select(Vehicle).where(_usable(company_id, start, end))
    if search.strip():
        wanted = wanted.where(answering(search.strip()))
    if within is not None:
        wanted = wanted.where(*within.conditions())
    return [view_of(row) for row in session().scalars(wanted.order_by(Vehicle.plate, Vehicle.id).limit(limit))]


def get_usable_vehicles(
    company_id: UUID, ids: Collection[UUID], start: datetime, end: datetime
) -> Sequence[VehicleView]:
    """Return those of the vehicles that the company may use from start to end, by plate."""
    wanted = select(Vehicle).where(Vehicle.id.in_(ids), _usable(company_id, start, end))
    found = session().scalars(wanted.order_by(Vehicle.plate, Vehicle.id).execution_options(populate_existing=True))
    return [view_of(row) for row in found]


def get_known_vehicles(company_id: UUID, ids: Collection[UUID]) -> Sequence[VehicleView]:
    """Return those of the vehicles that are the company's or were ever lent to it, archived ones included, by plate.

    For what was asked earlier: the name and sizes of a vehicle of an old request stay readable when its loan is over.
    """
    lent = select(VehicleLoan.vehicle_id).where(
        VehicleLoan.borrower_id == company_id, VehicleLoan.state.in_((LoanState.ACCEPTED, LoanState.ENDED))
    )
    known = or_(Vehicle.company_id == company_id, Vehicle.id.in_(lent.scalar_subquery()))
    rows = session().scalars(select(Vehicle).where(Vehicle.id.in_(ids), known).order_by(Vehicle.plate, Vehicle.id))
    return [view_of(row) for row in rows]


def lock_vehicles(uow: UnitOfWork, company_id: UUID, ids: Collection[UUID]) -> None:
    """Hold the fleets of the company and of whoever lends it these vehicles until the transaction ends.

    Whoever gives a right to a vehicle takes this lock, then asks `get_usable_vehicles`: what leaves a fleet, changes
    plate or ends its loan at this instant either is seen, or ends the right just given.
    """
    owners = uow.session.scalars(select(Vehicle.company_id).where(Vehicle.id.in_(ids)).distinct())
    lock_fleets(uow, {company_id, *owners})


def _usable(company_id: UUID, start: datetime, end: datetime) -> ColumnElement[bool]:
    accepted = and_(VehicleLoan.vehicle_id == Vehicle.id, VehicleLoan.state == LoanState.ACCEPTED)
    lent = select(VehicleLoan.id).where(accepted, VehicleLoan.starts_at < end, VehicleLoan.ends_at > start).exists()
    borrowed = select(VehicleLoan.vehicle_id).where(
        VehicleLoan.borrower_id == company_id,
        VehicleLoan.state == LoanState.ACCEPTED,
        VehicleLoan.starts_at <= start,
        VehicleLoan.ends_at >= end,
        in_force(),
    )
    own = and_(Vehicle.company_id == company_id, ~lent)
    return and_(Vehicle.archived_at.is_(None), or_(own, Vehicle.id.in_(borrowed.scalar_subquery())))


def in_force() -> ColumnElement[bool]:
    """The condition of the loans that count: none of a closed company does."""
    closed = closed_companies().scalar_subquery()
    return and_(VehicleLoan.lender_id.not_in(closed), VehicleLoan.borrower_id.not_in(closed))
