"""What a form may offer of a fleet before its hours are known: own vehicles in use, and those borrowed now or later.

A fleet may hold tens of thousands: a form shows a screenful, and reaches the others by a search or by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import session
from portal.fleet.loans.usable import in_force
from portal.fleet.models import LoanState, Vehicle, VehicleLoan
from portal.fleet.selection import answering
from portal.fleet.vehicle_view import VehicleView, view_of


@dataclass(frozen=True)
class OfferedFleet:
    """The vehicles that a company's form may offer; every list is by plate."""

    company_id: UUID
    clock: Clock = SYSTEM_CLOCK

    def count(self, search: str = "") -> int:
        """Count the vehicles whose plate or name holds what is searched; all of them for nothing."""
        return int(session().scalar(self._found(select(func.count()).select_from(Vehicle), search)) or 0)

    def find(self, search: str = "", *, limit: int) -> Sequence[VehicleView]:
        """Return the first of the vehicles whose plate or name holds what is searched, at most `limit`."""
        return self._views(self._found(select(Vehicle), search).limit(limit))

    def get(self, ids: Collection[UUID]) -> Sequence[VehicleView]:
        """Return those of the vehicles that may be offered."""
        return self._views(self._found(select(Vehicle)).where(Vehicle.id.in_(ids))) if ids else []

    def _found[*T](self, statement: Select[*T], search: str = "") -> Select[*T]:
        statement = statement.where(Vehicle.archived_at.is_(None), self._held)
        return statement.where(answering(search.strip())) if search.strip() else statement

    @cached_property
    def _held(self) -> ColumnElement[bool]:
        """Borrowed ones are looked up first: nearly no company has any, and an index finds one condition alone."""
        lent = select(VehicleLoan.vehicle_id).where(
            VehicleLoan.borrower_id == self.company_id,
            VehicleLoan.state == LoanState.ACCEPTED,
            VehicleLoan.ends_at > self.clock.now(),
            in_force(),
        )
        borrowed = session().scalars(lent.distinct()).all()
        own = Vehicle.company_id == self.company_id
        return or_(own, Vehicle.id.in_(borrowed)) if borrowed else own

    def _views(self, statement: Select[Vehicle]) -> Sequence[VehicleView]:
        return [view_of(row) for row in session().scalars(statement.order_by(Vehicle.plate, Vehicle.id))]
