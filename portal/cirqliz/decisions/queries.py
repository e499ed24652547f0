"""The clerk's queue: a page of it, its counts, what stands before and after a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import false, func, select, tuple_
from sqlalchemy.orm import lazyload

from portal.cirqliz.decisions.filters import TO_DECIDE, Age, QueueFilter, aged, free, narrow
from portal.cirqliz.decisions.policies import CLAIM_LASTS
from portal.cirqliz.models import (
    AccessRequest,
    AutomaticDecision,
    Reexamination,
    RequestDocument,
    RequestPerimeter,
    RequestVehicle,
)
from portal.cirqliz.states import (
    OPEN_STATES,
    ReexaminationCause,
    RequestState,
    RuleOutcome,
    VehicleDecision,
)
from portal.db import Page, paginate, session
from portal.regulations.perimeters import Colour

QUEUE_SIZE = 50


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A line of the queue. claimed_by: the name of whoever has it in hand; mine: that is the reader.

    proposal: what the rules answered last; cause: why a decided request came back.
    """

    id: UUID
    number: str
    version: int
    company_id: UUID
    company_name: str
    state: RequestState
    submitted_at: datetime
    starts_at: datetime
    ends_at: datetime
    claimed_by: str | None
    claimed_at: datetime | None
    mine: bool
    in_batch: bool
    vehicles: int
    pending: int
    colours: tuple[Colour, ...]
    documents: int
    proposal: RuleOutcome | None
    cause: ReexaminationCause | None

    def claim_old(self, now: datetime) -> bool:
        """Tell whether another clerk's claim is so old that anybody may take the request."""
        return self.claimed_at is not None and now >= self.claimed_at + CLAIM_LASTS


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The queue in figures. ages: of those to decide; the others by what is expected and of whom."""

    to_decide: int
    ages: Mapping[Age, int]
    mine: int
    free: int
    information_asked: int
    computing: int
    reopened: int
    appealed: int


def list_queue(
    territory_id: UUID,
    chosen: QueueFilter,
    now: datetime,
    cursor: str | None = None,
    size: int = QUEUE_SIZE,
    clerk_id: UUID | None = None,
) -> Page[QueueRow]:
    """Return a page of the territory's requests, in the order chosen."""
    # The page needs counts of what hangs on a request, never the rows themselves.
    statement = narrow(select(AccessRequest).options(lazyload("*")), territory_id, chosen, clerk_id, now)
    page = paginate(statement, chosen.sort.keys, cursor, size=size)
    beside = _Beside.of([row.id for row in page.items])
    return page.map(lambda row: beside.row(row, clerk_id))


def list_matching(
    territory_id: UUID, chosen: QueueFilter, now: datetime, limit: int, clerk_id: UUID | None = None
) -> Sequence[tuple[UUID, int]]:
    """Return id and version of the first requests of the queue, at most `limit`, in its order."""
    statement = narrow(select(AccessRequest.id, AccessRequest.version), territory_id, chosen, clerk_id, now)
    found = session().execute(statement.order_by(*chosen.sort.keys).limit(limit))
    return [(id_, version) for id_, version in found]


def find_neighbours(
    territory_id: UUID, chosen: QueueFilter, request_id: UUID, now: datetime, clerk_id: UUID | None = None
) -> tuple[UUID | None, UUID | None]:
    """Return the requests of the queue before and after one, which need not be in it (any longer)."""
    keys = chosen.sort.keys
    place = session().execute(select(*keys).where(AccessRequest.id == request_id)).one_or_none()
    if place is None:
        return None, None
    edge = tuple_(*place, types=[key.type for key in keys])
    queue = narrow(select(AccessRequest.id), territory_id, chosen, clerk_id, now)
    before = queue.where(tuple_(*keys) < edge).order_by(*(key.desc() for key in keys)).limit(1)
    after = queue.where(tuple_(*keys) > edge).order_by(*keys).limit(1)
    return session().scalar(before), session().scalar(after)


def count_queue(territory_id: UUID, now: datetime, clerk_id: UUID | None = None) -> QueueCounts:
    """Count what waits in the territory."""
    state = AccessRequest.state
    waiting = state.in_(TO_DECIDE)
    reopened = (
        select(func.count(), func.count().filter(Reexamination.cause == ReexaminationCause.APPEAL))
        .join(AccessRequest, AccessRequest.id == Reexamination.request_id)
        .where(AccessRequest.territory_id == territory_id, Reexamination.closed_at.is_(None))
    )
    row = session().execute(
        select(
            *(func.count().filter(waiting, *aged(age, now)) for age in Age),
            func.count().filter(AccessRequest.claimed_by == clerk_id if clerk_id is not None else false()),
            func.count().filter(free(now)),
            func.count().filter(state == RequestState.INFORMATION_ASKED),
            func.count().filter(state == RequestState.SUBMITTED),
        ).where(AccessRequest.territory_id == territory_id, state.in_(sorted(OPEN_STATES)))
    )
    *ages, mine, unclaimed, asked, computing = row.one()
    back, appealed = session().execute(reopened).one()
    return QueueCounts(sum(ages), dict(zip(Age, ages, strict=True)), mine, unclaimed, asked, computing, back, appealed)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What hangs on the requests of a page, by request."""

    vehicles: Mapping[UUID, tuple[int, int]]
    colours: Mapping[UUID, tuple[Colour, ...]]
    documents: Mapping[UUID, int]
    proposals: Mapping[UUID, RuleOutcome]
    causes: Mapping[UUID, ReexaminationCause]

    @classmethod
    def of(cls, ids: Sequence[UUID]) -> _Beside:
        if not ids:
            return cls({}, {}, {}, {}, {})
        ask = session().execute
        pending = func.count().filter(RequestVehicle.decision == VehicleDecision.PENDING)
        of_vehicles = select(RequestVehicle.request_id, func.count(), pending)
        vehicles = ask(of_vehicles.where(RequestVehicle.request_id.in_(ids)).group_by(RequestVehicle.request_id))
        of_colours = select(RequestPerimeter.request_id, RequestPerimeter.colour).distinct()
        colours: dict[UUID, list[Colour]] = {}
        for id_, colour in ask(of_colours.where(RequestPerimeter.request_id.in_(ids))):
            colours.setdefault(id_, []).append(colour)
        of_documents = select(RequestDocument.request_id, func.count()).where(RequestDocument.request_id.in_(ids))
        said = (
            select(AutomaticDecision.request_id, AutomaticDecision.outcome)
            .where(AutomaticDecision.request_id.in_(ids))
            .order_by(AutomaticDecision.at, AutomaticDecision.id)
        )
        causes = select(Reexamination.request_id, Reexamination.cause).where(
            Reexamination.request_id.in_(ids), Reexamination.closed_at.is_(None)
        )
        return cls(
            vehicles={id_: (count, waiting) for id_, count, waiting in vehicles},
            colours={id_: tuple(sorted(found, key=lambda c: -c.strictness)) for id_, found in colours.items()},
            documents={id_: count for id_, count in ask(of_documents.group_by(RequestDocument.request_id)) if id_},
            # In the order they were said: the last one stays.
            proposals={row.request_id: row.outcome for row in ask(said)},
            causes={row.request_id: row.cause for row in ask(causes)},
        )

    def row(self, request: AccessRequest, clerk_id: UUID | None) -> QueueRow:
        vehicles, pending = self.vehicles.get(request.id, (0, 0))
        return QueueRow(
            id=request.id,
            number=request.number,
            version=request.version,
            company_id=request.company_id,
            company_name=request.company_name,
            state=request.state,
            submitted_at=request.submitted_at,
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            claimed_by=request.claimed_by_label,
            claimed_at=request.claimed_at,
            mine=request.claimed_by is not None and request.claimed_by == clerk_id,
            in_batch=request.batch_id is not None,
            vehicles=vehicles,
            pending=pending,
            colours=self.colours.get(request.id, ()),
            documents=self.documents.get(request.id, 0),
            proposal=self.proposals.get(request.id),
            cause=self.causes.get(request.id),
        )
