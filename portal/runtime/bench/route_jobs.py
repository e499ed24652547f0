"""What routes cost through the real queue: how many a second one worker sustains, and how long one person waits."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from datetime import time as clock_time
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import func, select

from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.itineriz import asking
from portal.itineriz.api import CreateRoute, RouteStatus, Stop, create_route
from portal.itineriz.models import Route
from portal.itineriz.trip import Status, Trip, TripResult
from portal.jobs.models import Job
from portal.numeriz.api import EventDraft, EventKind, EventState, store_events
from portal.regulations.schedules import Period
from portal.regulations.vehicles import Vehicle
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import TerritoryView, get_territory

_ROUTES, _ALONE, _WARMING = 200, 30, 5
_TARGET_PER_S, _TARGET_CLOSURE_S = 30.0, 5.0
_WITHIN_S = 600.0
_LOOK_EVERY_S = 0.02
_FLEET = (
    {"gvw_t": 3.5, "height_m": 2.6, "width_m": 2.0, "length_m": 6.0},
    {"gvw_t": 7.5, "height_m": 3.2, "width_m": 2.3, "length_m": 7.5},
    {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 8.6},
    {"gvw_t": 19, "height_m": 3.8, "width_m": 2.55, "length_m": 10.5},
)
_HOURS = ((6, 30), (8, 0), (9, 45), (12, 0), (14, 30), (17, 15), (20, 0))
_ACTOR = system_actor("bench")


def measure(ground: Ground) -> Iterator[Line]:
    """Yield routes a second of one worker on one core, the wait for one route, and for a live closure to count."""
    asked = _Routes(ground)
    with ground.app.app_context():
        _on_one_core(ground.app.extensions["settings"])
    asked.wait(asked.ask(_WARMING))
    yield from _throughput(asked)
    yield from _waits(asked)
    yield _closure(asked)


def _throughput(asked: _Routes) -> Iterator[Line]:
    """All trips, of which some are refused and their next hours looked for; then others, with a lawful route alone.

    The lawful ones are found in this process: the worker meets each trip for the first time.
    """
    jobs = asked.wait(asked.ask(_ROUTES))
    refused = sum(job.status is not RouteStatus.DONE for job in jobs) / len(jobs)
    lawful = asked.wait(asked.ask_for(list(islice(asked.lawful(), _ROUTES))))
    name = "routes through the queue, one worker on one core"
    yield Line(f"{name}, all lawful", _per_second(lawful), "/s", "target", _TARGET_PER_S)
    yield Line(f"{name}, {refused:.0%} refused", _per_second(jobs), "/s", "target", _TARGET_PER_S)


def _per_second(jobs: Sequence[Any]) -> float:
    seconds = (max(job.ended_at for job in jobs) - min(job.started_at for job in jobs)).total_seconds()
    return float(len(jobs) / seconds)


def _waits(asked: _Routes) -> Iterator[Line]:
    waits_ms = []
    for _ in range(_ALONE):
        (job,) = asked.wait(asked.ask(1))
        waits_ms.append((job.ended_at - job.created_at).total_seconds() * 1000)
    alone_ms = asked.planned_here_ms(_ALONE)
    for percent in (50, 95):
        waited, alone = percentile(waits_ms, percent), percentile(alone_ms, percent)
        yield Line(f"one route from asked to done, p{percent}", waited, "ms", f"the planner alone, p{percent}", alone)


def _closure(asked: _Routes) -> Line:
    """From the instant a closure is stored to the answer of the first route that avoids it."""
    trip = next(asked.lawful())
    (before,) = asked.wait(asked.ask_for([trip]))
    street = asked.middle_of(before.id)
    started = time.monotonic()
    asked.close(street)
    (after,) = asked.wait(asked.ask_for([trip]))
    seconds = time.monotonic() - started
    asked.close(street, over=True)
    if after.status is RouteStatus.DONE and asked.middle_of(after.id).equals(street):
        raise RuntimeError("the closure did not reach the route asked after it")
    return Line("a live closure reaches a new route", seconds, "s", "target", _TARGET_CLOSURE_S)


class _Routes:
    """Trips across the town in the day of its event, each by a vehicle and at an hour of its own."""

    def __init__(self, ground: Ground) -> None:
        self._app = ground.app
        self._dice = random.Random(7)  # noqa: S311 the same pairs each time, nothing secret
        self._places = [(address.lon, address.lat) for address in ground.town.addresses]
        self._version = int(time.time())
        with self._app.app_context():
            self._territory: TerritoryView = get_territory(ground.territory)
        zone = ZoneInfo(self._territory.timezone)
        day = datetime.now(zone).date() + timedelta(days=2)
        self._hours = [datetime.combine(day, clock_time(hour, minute), zone) for hour, minute in _HOURS]

    def trip(self) -> CreateRoute:
        """What asks for a route between two addresses, all drawn at random."""
        stops = tuple(Stop(*self._dice.choice(self._places)) for _ in range(2))
        return CreateRoute(self._territory.id, None, stops, self._dice.choice(self._hours), self._dice.choice(_FLEET))

    def ask(self, count: int) -> list[UUID]:
        """Ask for new routes, all at once."""
        return self.ask_for([self.trip() for _ in range(count)])

    def ask_for(self, trips: Sequence[CreateRoute]) -> list[UUID]:
        """Ask for routes, all at once."""
        with self._app.app_context(), unit_of_work():
            return [create_route(_ACTOR, trip) for trip in trips]

    def wait(self, route_ids: Sequence[UUID]) -> list[Any]:
        """Wait until routes are computed; return their instants and states. Raises RuntimeError for one that failed."""
        deadline = time.monotonic() + _WITHIN_S
        left = select(func.count()).where(
            Route.id.in_(route_ids), Route.status.in_([RouteStatus.QUEUED, RouteStatus.RUNNING])
        )
        while self._scalar(left):
            if time.monotonic() > deadline:
                raise RuntimeError("the routes are not computed in time")
            time.sleep(_LOOK_EVERY_S)
        columns = select(Route.id, Route.status, Job.created_at, Job.started_at, Job.ended_at)
        with self._app.app_context():
            rows = session().execute(columns.join(Job, Job.id == Route.job_id).where(Route.id.in_(route_ids))).all()
        if any(row.status is RouteStatus.FAILED for row in rows):
            raise RuntimeError("a route failed")
        return [*rows]

    def lawful(self) -> Iterator[CreateRoute]:
        """Trips with a lawful route, as the planner finds in this process."""
        while True:
            trip = self.trip()
            if self._plan_here(trip).status is Status.OK:
                yield trip

    def planned_here_ms(self, count: int) -> list[float]:
        """How long the planner takes for as many routes in this process, once warm."""
        trips = [self.trip() for _ in range(count + 1)]
        self._plan_here(trips.pop())
        return [timed_ms(lambda trip=trip: self._plan_here(trip)) for trip in trips]  # type: ignore[misc]

    def _plan_here(self, asked: CreateRoute) -> TripResult:
        trip = Trip(asked.stops, asked.depart_at, Vehicle.from_public(asked.vehicle))
        with self._app.app_context():
            return asking.answer(self._territory, trip)

    def middle_of(self, route_id: UUID) -> shapely.LineString:
        """The streets in the middle of a route, (lon, lat)."""
        with self._app.app_context():
            row = session().get(Route, route_id)
            assert row is not None
            way = (row.result or {})["geometry"]["coordinates"]
        return shapely.LineString(way[len(way) // 2 : len(way) // 2 + 2])

    def close(self, street: shapely.LineString, *, over: bool = False) -> None:
        """Tell of a street closed to all for a week, or that this is over."""
        self._version += 1
        since = SYSTEM_CLOCK.now()
        event = EventDraft(
            source="bench",
            source_id="closure",
            kind=EventKind.CLOSURE,
            state=EventState.ENDED if over else EventState.ACTIVE,
            shape=street,
            periods=(Period(since, since + timedelta(days=7)),),
            version=self._version,
            label="Closure of the bench",
        )
        with self._app.app_context():
            store_events(_ACTOR, self._territory.id, [event])

    def _scalar(self, statement: Any) -> Any:
        with self._app.app_context():
            return session().scalar(statement)


def _on_one_core(settings: Settings) -> None:
    """Keep the worker of the measured portal and its processes on one core, where the system can (Linux)."""
    if sys.platform != "linux":
        return
    mine = f"JOPTIMIZ_VAR={settings.var_dir}".encode()
    core = {max(os.sched_getaffinity(0))}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"portal.runtime.worker" in (folder / "cmdline").read_bytes()
            if is_worker and mine in (folder / "environ").read_bytes().split(b"\0"):
                os.sched_setaffinity(int(folder.name), core)
        except OSError:  # it ended meanwhile, or is another person's
            continue
