"""Tours still to be driven are looked at again when the law, the passes or their bays change, and computed again when
touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select, update

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.db import session, unit_of_work
from portal.itineriz import asking, services
from portal.itineriz.basis import basis_of, ends_at
from portal.itineriz.changes import changes_between
from portal.itineriz.documents.answer import to_public
from portal.itineriz.held_passes import held_passes, supposed_passes
from portal.itineriz.kept_bays import named_bays
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.telling import RECOMPUTE, ask_for_due_mails, keep_changes
from portal.itineriz.trip_values import pass_values, trip_of
from portal.itineriz.underway import joined, place_reached, remaining_part, remaining_trip
from portal.jobs import JobState, enqueue, latest_job
from portal.jobs.waiting import waiting_args
from portal.numeriz.api import law_snapshot, law_version
from portal.regulations.passes import PassRight
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import get_territory_by_id, list_territories

RECHECK = "itineriz.recheck"
LOOK_EVERY: Final = timedelta(minutes=5)
"""Passes and the graph change without a word to us: each tour is looked at again that often, whatever happens."""
LONGEST_TOUR: Final = timedelta(days=2)
MOST_LOOKED_AT: Final = 500
"""How many tours one job looks at; the rest waits for the next round."""
_ANSWERED = (RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE)


def ask_for_due_work(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for a look at the tours of each territory where one is due, and for the mails that are due.

    Returns how many looks. Cheap.
    """
    ask_for_due_mails(clock)
    return sum(ask_look(territory.id, clock) for territory in list_territories())


def ask_look(territory_id: UUID, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Ask for a look at the tours of a territory when one is due; tell whether it was asked for."""
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
    """Answered tours that may still be driven and were not compared with this version of the law, or not lately.

    Those known to be touched hold for no version: their computation is asked for, again if it fails.
    """
    return select(Route).where(
        Route.territory_id == territory_id,
        Route.depart_at > now - LONGEST_TOUR,
        Route.status.in_(_ANSWERED),
        # The tour of a request is what was decided on: it stays as it is.
        Route.assume_passes.is_(False),
        or_(Route.checked_law != law, Route.checked_at.is_(None), Route.checked_at <= now - LOOK_EVERY),
    )


@dataclass(slots=True)
class Looked:
    """What a look found. at, law: instant and version before the law was read. touched: (tour, its company)."""

    at: datetime
    law: str
    untouched: list[UUID] = field(default_factory=list)
    touched: list[tuple[UUID, UUID | None]] = field(default_factory=list)


def look(territory_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Looked:
    """Compare what the due tours of a territory rest on with the law and the passes of now. Writes nothing."""
    # Read before the law itself: a change in between is looked at once more.
    found = Looked(clock.now(), law_version(territory_id))
    law = law_snapshot(territory_id)
    due = _due(territory_id, found.law, found.at).order_by(Route.checked_at, Route.id).limit(MOST_LOOKED_AT)
    # Those that leave first are computed first.
    for row in sorted(session().scalars(due), key=lambda row: row.depart_at):
        if _is_touched(row, law, found.at):
            found.touched.append((row.id, row.company_id))
        else:
            found.untouched.append(row.id)
    return found


def _is_touched(row: Route, law: LawSnapshot, now: datetime) -> bool:
    result = row.result or {}
    if ends_at(row.depart_at, result) <= now:
        return False
    return row.basis != _basis(row, law, result, held_passes(row.territory_id, row.vehicle_id, row.passes, now))


def _basis(row: Route, law: LawSnapshot, result: Mapping[str, Any], held: Sequence[PassRight]) -> str:
    """What an answer of a tour rests on now."""
    bays = named_bays(row.territory_id, law, result)
    return basis_of(law, row.stops, row.depart_at, result, held, bays)


def ask_again(found: Looked) -> None:
    """Write which tours still hold, and ask for those that are touched, in the running unit of work.

    Each has a job of its own: one that fails, or is long, keeps no other from being computed.
    """
    with unit_of_work() as uow:
        uow.session.execute(
            update(Route).where(Route.id.in_(found.untouched)).values(checked_at=found.at, checked_law=found.law)
        )
        touched = [route_id for route_id, _company_id in found.touched]
        uow.session.execute(update(Route).where(Route.id.in_(touched)).values(checked_at=found.at, checked_law=None))
        waiting = {args["route_id"] for args in waiting_args(RECOMPUTE)}
        for route_id, company_id in found.touched:
            if str(route_id) not in waiting:
                company = None if company_id is None else str(company_id)
                enqueue(RECOMPUTE, {"route_id": str(route_id), "company_id": company})


@dataclass(frozen=True, slots=True)
class StillHolds:
    """The answer of a tour holds at an instant, for a version of the law. basis: what it rests on, if that is new."""

    route_id: UUID
    at: datetime
    law: str
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A new answer for a tour, or why there is none. passes: those it was computed with."""

    route_id: UUID
    passes: Sequence[dict[str, object]]
    computed: services.ComputedRoute | None
    fault: Invalid | None = None


def recompute(route_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> Recomputed | StillHolds | None:
    """The new answer of a tour, unless it is not touched any more; None when it is gone. Long, writes nothing.

    Of a tour under way only what remains is computed, in the order begun.
    """
    row = session().get(Route, route_id, populate_existing=True)
    now = clock.now()
    if row is None or row.status not in _ANSWERED:
        return None
    version, law = law_version(row.territory_id), law_snapshot(row.territory_id)
    if not _is_touched(row, law, now):
        return StillHolds(route_id, now, version)
    held = held_passes(row.territory_id, row.vehicle_id, row.passes, now)
    passes = [
        *(pass_values(right) for right in held),
        *(pass_values(right, supposed=True) for right in supposed_passes(row.passes)),
    ]
    place = place_reached(row.result or {}, now)
    try:
        if place is None:
            return Recomputed(route_id, passes, services.compute_route(route_id, passes=passes, clock=clock))
        whole = _with_new_rest(row, place, passes, now)
    except Invalid as fault:
        return Recomputed(route_id, passes, None, fault)
    basis = _basis(row, law, whole or row.result or {}, held)
    if whole is None:
        return StillHolds(route_id, now, version, basis)
    status = RouteStatus.DONE if whole["status"] == "ok" else RouteStatus.NO_LAWFUL_ROUTE
    versions = whole["law_version"], whole["graph_version"]
    computed = services.ComputedRoute(status, whole, *versions, basis=basis, checked_at=now, checked_law=version)
    return Recomputed(route_id, passes, computed)


def _with_new_rest(row: Route, place: int, passes: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The answer of a tour under way that has come to a place, with a new rest; None when the rest stays as it is."""
    driven = row.result or {}
    if place + 1 == len(driven["stops"]):
        return None
    territory = get_territory_by_id(row.territory_id)
    trip = remaining_trip(trip_of(row, passes), driven, place)
    rest = to_public(asking.answer(territory, trip), ZoneInfo(territory.timezone))
    status = RouteStatus.DONE if rest["status"] == "ok" else RouteStatus.NO_LAWFUL_ROUTE
    before = RouteStatus.DONE, remaining_part(driven, place)
    if changes_between(before, (status, rest), now, rest["law_version"]) is None:
        return None
    return joined(driven, rest, place)


def store(answer: Recomputed | StillHolds, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep a new answer, and what it changes of the one before; in the running unit of work."""
    with unit_of_work():
        row = session().get(Route, answer.route_id, populate_existing=True, with_for_update=True)
        if row is None or row.status not in _ANSWERED:
            return
        if isinstance(answer, StillHolds):
            row.checked_at, row.checked_law, row.basis = answer.at, answer.law, answer.basis or row.basis
            return
        computed = answer.computed
        if computed is not None and computed.basis == row.basis:
            # Another run has stored it.
            row.checked_at, row.checked_law = computed.checked_at, computed.checked_law
            return
        _store(row, answer, clock)


def _store(row: Route, answer: Recomputed, clock: Clock) -> None:
    before = (row.status, row.result or {})
    row.passes = list(answer.passes)
    if answer.computed is None:
        assert answer.fault is not None
        services.store_failure(row.id, answer.fault, clock=clock)
        version = row.law_version or ""
    else:
        services.store_route(row.id, answer.computed, clock=clock)
        version = answer.computed.law_version
    changes = changes_between(before, (row.status, row.result or {}), clock.now(), version)
    if changes is not None:
        keep_changes(row, before, changes, clock)
