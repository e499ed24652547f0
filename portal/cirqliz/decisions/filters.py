"""What narrows and orders the clerk's queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.cirqliz.decisions.policies import CLAIM_LASTS
from portal.cirqliz.models import (
    AccessPass,
    AccessRequest,
    AutomaticDecision,
    Reexamination,
    RequestDocument,
    RequestPerimeter,
    RequestVehicle,
)
from portal.cirqliz.states import DECIDABLE_STATES, ReexaminationCause, RequestState, RuleOutcome
from portal.db import holds_text
from portal.fleet.api import Category, ids_of_category, plate_key
from portal.regulations.perimeters import Colour

TO_DECIDE = (RequestState.READY, RequestState.UNDER_REVIEW)


class Shelf(StrEnum):
    """Which part of the requests, besides the states themselves."""

    TO_DECIDE = "a-decider"
    MINE = "miennes"
    FREE = "libres"
    REOPENED = "reexamen"
    APPEALED = "recours"
    ALL = "toutes"


class Age(StrEnum):
    """Since when a request waits: less than a day, a second day, a first week, longer."""

    DAY = "jour"
    TWO_DAYS = "2-jours"
    WEEK = "semaine"
    LONGER = "plus"

    @property
    def bounds(self) -> tuple[timedelta, timedelta | None]:
        """From how long (included) to how long (excluded; None: for ever)."""
        return _BOUNDS[self]

    @classmethod
    def of(cls, since: datetime, now: datetime) -> Age:
        """Return the age of what was filed at an instant."""
        for age in (cls.LONGER, cls.WEEK, cls.TWO_DAYS):
            if now - since >= age.bounds[0]:
                return age
        return cls.DAY


_BOUNDS: Mapping[Age, tuple[timedelta, timedelta | None]] = MappingProxyType(
    {
        Age.DAY: (timedelta(0), timedelta(days=1)),
        Age.TWO_DAYS: (timedelta(days=1), timedelta(days=2)),
        Age.WEEK: (timedelta(days=2), timedelta(days=7)),
        Age.LONGER: (timedelta(days=7), None),
    }
)


class Proposal(StrEnum):
    """What the rules said: a rule would have approved (drawn for a check), a human decides, nothing was said."""

    APPROVE = "approuver"
    HUMAN = "humain"


class Sort(StrEnum):
    """The order of the queue."""

    AGE = "age"
    COMPANY = "entreprise"
    START = "debut"

    @property
    def keys(self) -> list[InstrumentedAttribute[Any]]:
        """The columns that order the list; the last is unique."""
        return [*_KEYS[self], AccessRequest.id]


_KEYS: Mapping[Sort, tuple[InstrumentedAttribute[Any], ...]] = MappingProxyType(
    {
        Sort.AGE: (AccessRequest.submitted_at,),
        Sort.COMPANY: (AccessRequest.company_name, AccessRequest.submitted_at),
        Sort.START: (AccessRequest.starts_at,),
    }
)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the clerk looks for; an empty field does not narrow. place: part of a perimeter's or an event's name."""

    where: Shelf | RequestState = Shelf.TO_DECIDE
    colour: Colour | None = None
    place: str = ""
    company: str = ""
    company_id: UUID | None = None
    age: Age | None = None
    category: Category | None = None
    documents: bool | None = None
    proposal: Proposal | None = None
    cause: ReexaminationCause | None = None
    search: str = ""
    sort: Sort = Sort.AGE


def narrow[*T](
    statement: Select[*T], territory_id: UUID, chosen: QueueFilter, clerk_id: UUID | None, now: datetime
) -> Select[*T]:
    """Narrow a statement over AccessRequest to what the clerk looks for in a territory."""
    statement = statement.where(AccessRequest.territory_id == territory_id, *_on_shelf(chosen.where, clerk_id, now))
    if chosen.colour is not None:
        statement = statement.where(AccessRequest.perimeters.any(RequestPerimeter.colour == chosen.colour))
    if chosen.place.strip():
        wanted = chosen.place.strip()
        named = holds_text(RequestPerimeter.name, wanted)
        of_event = holds_text(RequestPerimeter.event, wanted)
        statement = statement.where(AccessRequest.perimeters.any(named | of_event))
    if chosen.company_id is not None:
        statement = statement.where(AccessRequest.company_id == chosen.company_id)
    if chosen.company.strip():
        statement = statement.where(holds_text(AccessRequest.company_name, chosen.company.strip()))
    if chosen.age is not None:
        statement = statement.where(*aged(chosen.age, now))
    if chosen.category is not None:
        statement = statement.where(_with_vehicle_of(chosen.category))
    if chosen.documents is not None:
        attached = exists().where(RequestDocument.request_id == AccessRequest.id)
        statement = statement.where(attached if chosen.documents else ~attached)
    if chosen.proposal is not None:
        statement = statement.where(_proposed(chosen.proposal))
    if chosen.cause is not None:
        statement = statement.where(_reopened(Reexamination.cause == chosen.cause))
    if chosen.search.strip():
        statement = statement.where(_matches(chosen.search.strip()))
    return statement


def aged(age: Age, now: datetime) -> list[ColumnElement[bool]]:
    """Return what holds for requests of an age."""
    least, most = age.bounds
    found = [AccessRequest.submitted_at <= now - least] if least else []
    return found if most is None else [*found, AccessRequest.submitted_at > now - most]


def free(now: datetime) -> ColumnElement[bool]:
    """Return what holds for requests that a clerk may take: nobody has them in hand, or took them too long ago."""
    unclaimed = or_(AccessRequest.claimed_at.is_(None), AccessRequest.claimed_at <= now - CLAIM_LASTS)
    return and_(AccessRequest.state.in_(TO_DECIDE), unclaimed, AccessRequest.batch_id.is_(None))


def _on_shelf(where: Shelf | RequestState, clerk_id: UUID | None, now: datetime) -> list[ColumnElement[bool]]:
    if isinstance(where, RequestState):
        return [AccessRequest.state == where]
    match where:
        case Shelf.TO_DECIDE:
            return [AccessRequest.state.in_(TO_DECIDE)]
        case Shelf.MINE:
            mine = AccessRequest.claimed_by == clerk_id if clerk_id is not None else false()
            return [AccessRequest.state.in_(sorted(DECIDABLE_STATES)), mine]
        case Shelf.FREE:
            return [free(now)]
        case Shelf.REOPENED:
            return [_reopened()]
        case Shelf.APPEALED:
            return [_reopened(Reexamination.cause == ReexaminationCause.APPEAL)]
    return []


def _with_vehicle_of(category: Category) -> ColumnElement[bool]:
    """Join the vehicles instead of listing them: SQLite would make the list again for each request."""
    of_category = ids_of_category(category).subquery()
    joined = select(RequestVehicle.id).join(of_category, of_category.c.id == RequestVehicle.vehicle_id)
    return joined.where(RequestVehicle.request_id == AccessRequest.id).exists()


def _reopened(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return AccessRequest.id.in_(select(Reexamination.request_id).where(Reexamination.closed_at.is_(None), *more))


def _proposed(proposal: Proposal) -> ColumnElement[bool]:
    """Compare the last answer of the rules to a request."""
    last = (
        select(AutomaticDecision.outcome)
        .where(AutomaticDecision.request_id == AccessRequest.id)
        .order_by(AutomaticDecision.at.desc(), AutomaticDecision.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return last == (RuleOutcome.APPROVE if proposal is Proposal.APPROVE else RuleOutcome.HUMAN)


def _matches(text: str) -> ColumnElement[bool]:
    """Tell what the search of the desk compares: the request's number, a pass's number, a plate in any typing."""
    number = text.upper()
    with_pass = select(AccessPass.request_id).where(AccessPass.number == number)
    return (
        AccessRequest.number.startswith(number, autoescape=True)
        | AccessRequest.id.in_(with_pass)
        | AccessRequest.vehicles.any(RequestVehicle.plate_key.startswith(plate_key(text), autoescape=True))
    )
