"""The list of a fleet: searched, filtered, put in order, paged; the same choice as a set of vehicles to act upon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import Page, paginate, session
from portal.fleet.models import AirClass, Category, Energy, LoanState, Vehicle, VehicleLoan
from portal.fleet.selection import answering
from portal.fleet.vehicle_view import VehicleView, view_of

LACKING: Mapping[str, InstrumentedAttribute[Any]] = {
    "hauteur": Vehicle.height_cm,
    "ptac": Vehicle.gross_weight_kg,
    "longueur": Vehicle.length_cm,
    "largeur": Vehicle.width_cm,
    "energie": Vehicle.energy,
    "crit-air": Vehicle.air_class,
}
"""What a complete vehicle says, by its name in the URL: what routes, perimeters and clerks ask of it."""

ANYTHING = "tout"

SORTS: Mapping[str, Any] = {
    "plaque": Vehicle.plate,
    "nom": Vehicle.label,
    "categorie": Vehicle.category,
    "ptac": Vehicle.gross_weight_rank,
    "hauteur": Vehicle.height_rank,
    "longueur": Vehicle.length_rank,
    "energie": Vehicle.energy_rank,
    "crit-air": Vehicle.air_class_rank,
}


class LoanFilter(StrEnum):
    """Vehicles lent to others, or borrowed from them, today or later."""

    LENT = "pretes"
    BORROWED = "empruntes"


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """Which vehicles of a fleet are wanted. lacking: a name of LACKING, ANYTHING, or nothing."""

    search: str = ""
    category: Category | None = None
    energy: Energy | None = None
    air_class: AirClass | None = None
    lacking: str = ""
    loan: LoanFilter | None = None
    archived: bool = False

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Self:
        """Read the filter of a URL or a form; what is not understood filters nothing."""
        lacking = args.get("manque", "")
        return cls(
            search=args.get("q", "").strip()[:40],
            category=_member(Category, args.get("categorie")),
            energy=_member(Energy, args.get("energie")),
            air_class=_member(AirClass, args.get("critair")),
            lacking=lacking if lacking in LACKING or lacking == ANYTHING else "",
            loan=_member(LoanFilter, args.get("prets")),
            archived=args.get("archives") == "1",
        )

    def args(self) -> dict[str, str]:
        """Return the filter as parameters of a URL, those that filter nothing left out."""
        written = {
            "q": self.search,
            "categorie": self.category or "",
            "energie": self.energy or "",
            "critair": self.air_class or "",
            "manque": self.lacking,
            "prets": self.loan or "",
            "archives": "1" if self.archived else "",
        }
        return {name: str(value) for name, value in written.items() if value}

    @property
    def narrows(self) -> bool:
        """True when it leaves vehicles out, archived ones apart."""
        return replace(self, archived=False) != FleetFilter()


def _member[E: StrEnum](kind: type[E], text: str | None) -> E | None:
    return kind(text) if text in {member.value for member in kind} else None


def list_page(
    company_id: UUID,
    wanted: FleetFilter,
    *,
    sort: str = "plaque",
    descending: bool = False,
    cursor: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Page[VehicleView]:
    """Return a page of the vehicles of a company and of those it borrows now or later.

    sort: a name of SORTS. Raises Invalid("bad-cursor").
    """
    statement = select(Vehicle).where(_matching(company_id, wanted, clock, borrowed=True))
    keys = dict.fromkeys((SORTS[sort], Vehicle.plate, Vehicle.id))
    return paginate(statement, list(keys), cursor, descending=descending).map(view_of)


def count_matching(company_id: UUID, wanted: FleetFilter, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Count the company's own vehicles that the filter keeps."""
    statement = select(func.count()).select_from(Vehicle).where(_matching(company_id, wanted, clock))
    return int(session().scalar(statement) or 0)


def list_matching(
    company_id: UUID, wanted: FleetFilter, limit: int, *, clock: Clock = SYSTEM_CLOCK
) -> Sequence[VehicleView]:
    """Return the company's own vehicles that the filter keeps, by plate, at most `limit`."""
    statement = select(Vehicle).where(_matching(company_id, wanted, clock)).order_by(Vehicle.plate, Vehicle.id)
    return [view_of(row) for row in session().scalars(statement.limit(limit))]


def own_matching(company_id: UUID, wanted: FleetFilter, clock: Clock) -> ColumnElement[bool]:
    """The condition of the company's own vehicles that the filter keeps."""
    return _matching(company_id, wanted, clock)


def _matching(company_id: UUID, wanted: FleetFilter, clock: Clock, *, borrowed: bool = False) -> ColumnElement[bool]:
    return and_(_held(company_id, wanted, clock, borrowed), *_conditions(wanted))


def _held(company_id: UUID, wanted: FleetFilter, clock: Clock, borrowed: bool) -> ColumnElement[bool]:
    """Whose vehicles: the company's own, with those it borrows when they are wanted too."""
    own = Vehicle.company_id == company_id
    if wanted.archived:
        return own & Vehicle.archived_at.is_not(None)
    in_use = Vehicle.archived_at.is_(None)
    if wanted.loan is LoanFilter.LENT:
        return own & in_use & Vehicle.id.in_(_of_loans(VehicleLoan.lender_id == company_id, clock))
    # Looked up first: nearly no company borrows, and one condition alone is found by its index.
    others = _of_loans(VehicleLoan.borrower_id == company_id, clock) if borrowed else []
    if wanted.loan is LoanFilter.BORROWED:
        return in_use & Vehicle.id.in_(others) if others else false()
    return (or_(own, Vehicle.id.in_(others)) if others else own) & in_use


def _of_loans(side: ColumnElement[bool], clock: Clock) -> Sequence[UUID]:
    now = clock.now()
    running = side & (VehicleLoan.state == LoanState.ACCEPTED) & (VehicleLoan.ends_at > now)
    return session().scalars(select(VehicleLoan.vehicle_id).where(running).distinct().limit(1000)).all()


def _conditions(wanted: FleetFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.search:
        conditions.append(answering(wanted.search))
    if wanted.category is not None:
        conditions.append(Vehicle.category == wanted.category)
    if wanted.energy is not None:
        conditions.append(Vehicle.energy == wanted.energy)
    if wanted.air_class is not None:
        conditions.append(Vehicle.air_class == wanted.air_class)
    if wanted.lacking == ANYTHING:
        conditions.append(or_(*(column.is_(None) for column in LACKING.values())))
    elif wanted.lacking:
        conditions.append(LACKING[wanted.lacking].is_(None))
    return conditions


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many vehicles are in use, archived, complete, and lack each value of LACKING."""

    in_use: int
    archived: int
    complete: int
    lacking: Mapping[str, int]


def measure_completeness(company_id: UUID) -> Completeness:
    """Count what the company's own vehicles in use say of themselves, in one reading."""
    in_use = Vehicle.archived_at.is_(None)
    known = and_(*(column.is_not(None) for column in LACKING.values()))
    row = session().execute(
        select(
            func.count().filter(in_use),
            func.count().filter(~in_use),
            func.count().filter(in_use & known),
            *(func.count().filter(in_use & column.is_(None)) for column in LACKING.values()),
        ).where(Vehicle.company_id == company_id)
    )
    used, archived, complete, *lacking = row.one()
    return Completeness(used, archived, complete, dict(zip(LACKING, lacking, strict=True)))
