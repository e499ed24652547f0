"""Tours still to be driven are looked at again when the law or the passes change, and computed again when touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, or_, select, update

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.db import session, unit_of_work
from portal.itineriz import services
from portal.itineriz.basis import basis_of, ends_at
from portal.itineriz.changes import changes_between
from portal.itineriz.mails import ChangedRoute, mail_changes
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.ports import passes_of
from portal.itineriz.trip_values import pass_of, pass_values
from portal.jobs import JobState, enqueue, latest_job
from portal.numeriz.api import law_snapshot, law_version
from portal.regulations.passes import PassRight
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import list_territories

RECHECK = "itineriz.recheck"
RECOMPUTE = "itineriz.recompute_routes"
LOOK_EVERY: Final = timedelta(minutes=5)
"""Passes and the graph change without a word to us: each tour is looked at again that often, whatever happens."""
LONGEST_TOUR: Final = timedelta(days=2)
MOST_LOOKED_AT: Final = 500
MOST_LEGS: Final = 2000
"""How much one job looks at, and computes; the rest waits for the next round."""
_ANSWERED = (RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)


def ask_for_due_work(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for a look at the tours of each territory where one is due; return how many looks. Cheap."""
    return sum(_ask_look(territory.id, clock) for territory in list_territories())


def _ask_look(territory_id: UUID, clock: Clock) -> bool:
    now = clock.now()
    due = _due(territory_id, law_version(territory_id), now).with_only_columns(Route.id)
    if session().scalar(due.limit(1)) is None:
        return False
    args = {"territory_id": str(territory_id)}
    last = latest_job(RECHECK, args)
    if last is not None and not last.state.ended:
        return False
    if last is not None and last.state is JobState.FAILED and now - last.created_at < LOOK_EVERY:
        # It would fail again at once.
        return False
    enqueue(RECHECK, args)
    return True


def _due(territory_id: UUID, law: str, now: datetime) -> Select[Route]:
    """Answered tours that may still be driven and were not compared with this version of the law, or not lately."""
    return select(Route).where(
        Route.territory_id == territory_id,
        Route.depart_at > now - LONGEST_TOUR,
        Route.status.in_(_ANSWERED),
        # The tour of a request is what was decided on: it stays as it is.
        Route.assume_passes.is_(False),
        or_(Route.checked_law.is_distinct_from(law), Route.checked_at.is_(None), Route.checked_at <= now - LOOK_EVERY),
    )


@dataclass(slots=True)
class Looked:
    """What a look found. at, law: instant and version before the law was read. touched: by company."""

    at: datetime
    law: str
    seen: list[UUID] = field(default_factory=list)
    touched: dict[UUID | None, list[UUID]] = field(default_factory=dict)


def look(territory_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Looked:
    """Compare what the due tours of a territory rest on with the law and the passes of now. Writes nothing."""
    # Read before the law itself: a change in between is looked at once more.
    found = Looked(clock.now(), law_version(territory_id))
    law = law_snapshot(territory_id)
    due = _due(territory_id, found.law, found.at).order_by(Route.checked_at, Route.id).limit(MOST_LOOKED_AT)
    legs = 0
    for row in session().scalars(due):
        if _is_touched(row, law, found.at):
            legs += len(row.stops)
            if legs > MOST_LEGS and found.touched:
                break
            found.touched.setdefault(row.company_id, []).append(row.id)
        found.seen.append(row.id)
    return found


def _is_touched(row: Route, law: LawSnapshot, now: datetime) -> bool:
    result = row.result or {}
    if ends_at(row.depart_at, result) <= now or any(values.get("supposed") for values in row.passes):
        # It is over; or it was asked to see what a pass would change.
        return False
    return row.basis != basis_of(law, row.stops, row.depart_at, result, held_passes(row, now))


def held_passes(row: Route, now: datetime) -> list[PassRight]:
    """The passes of the vehicle of a tour as they are now; those that ended meanwhile counted when it was asked."""
    stored = [pass_of(values) for values in row.passes if not values.get("supposed")]
    if row.vehicle_id is None:
        return stored
    return [*passes_of(row.territory_id, row.vehicle_id), *(right for right in stored if right.end <= now)]


def ask_again(found: Looked) -> None:
    """Write that tours were looked at, and ask for those that are touched, in the running unit of work."""
    with unit_of_work() as uow:
        uow.session.execute(
            update(Route).where(Route.id.in_(found.seen)).values(checked_at=found.at, checked_law=found.law)
        )
        for route_ids in found.touched.values():
            enqueue(RECOMPUTE, {"route_ids": [str(route_id) for route_id in route_ids]})


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A new answer for a tour, or why there is none. passes: those it was computed with."""

    route_id: UUID
    passes: Sequence[dict[str, object]]
    computed: services.ComputedRoute | None
    fault: Invalid | None = None


def recompute(route_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Recomputed | None:
    """The new answer of a tour; None when it is gone, over or not touched any more. Long, writes nothing."""
    row = session().get(Route, route_id, populate_existing=True)
    now = clock.now()
    if row is None or row.status not in _ANSWERED or not _is_touched(row, law_snapshot(row.territory_id), now):
        return None
    passes = [pass_values(right) for right in held_passes(row, now)]
    try:
        return Recomputed(route_id, passes, services.compute_route(route_id, passes=passes, clock=clock))
    except Invalid as fault:
        return Recomputed(route_id, passes, None, fault)


def store(answers: Iterable[Recomputed], *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep new answers and tell each company, in one mail, what they change; in the running unit of work."""
    told: dict[UUID, list[ChangedRoute]] = {}
    with unit_of_work():
        for answer in answers:
            changed = _store(answer, clock)
            if changed is not None and changed.company_id is not None:
                told.setdefault(changed.company_id, []).append(ChangedRoute.of(changed))
        for company_id, routes in told.items():
            mail_changes(company_id, routes)


def _store(answer: Recomputed, clock: Clock) -> Route | None:
    """Keep one new answer; return the row when somebody would notice a difference."""
    row = session().get(Route, answer.route_id, populate_existing=True, with_for_update=True)
    if row is None or row.status not in _ANSWERED:
        return None
    computed = answer.computed
    if computed is not None and computed.basis == row.basis:
        # Another run has stored it.
        return None
    before = (row.status, row.result or {})
    row.passes = list(answer.passes)
    if computed is None:
        assert answer.fault is not None
        services.store_failure(row.id, answer.fault, clock=clock)
        version = row.law_version or ""
    else:
        services.store_route(row.id, computed, clock=clock)
        version = computed.law_version
    changes = changes_between(before, (row.status, row.result or {}), clock.now(), version)
    if changes is None:
        return None
    row.changes = changes
    return row
