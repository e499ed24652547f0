"""A tour that is lawful at every edge and every moment, with what made it so; or what stands in its way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from portal.common.errors import Invalid
from portal.itineriz.planning.needs import needed_passes
from portal.itineriz.routing.checking import Check, LegContext, check_stay, ids_at
from portal.itineriz.routing.costing import costing_for, unknown_sizes
from portal.itineriz.routing.engine import Drive, Engine, distance_m
from portal.itineriz.routing.overlay import Overlay, law_of_days, law_to_drive, overlay_of
from portal.itineriz.routing.search import Limits, Outcome, Search
from portal.itineriz.trip import Avoided, Caution, Leg, Notice, Obstacle, Status, Stop, Trip, TripResult
from portal.regulations.evaluate import Reason, State
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle

AWAY_FROM_ROAD_M = 60.0
NEAR_STREETS_M = 120
"""How far from a stop another street is tried when the nearest leads nowhere for the vehicle."""
HORIZON = timedelta(hours=24)
_GRANTS = 12
_DEPARTURES_TRIED = 8


def plan(engine: Engine, law: LawSnapshot, trip: Trip, limits: Limits | None = None) -> TripResult:
    """The lawful tour of a trip.

    Raises Invalid: "stops-missing", "stop-not-a-position", "stop-far-from-road" (with the number of the stop),
    "vehicle-too-large"; Unavailable when the engine fails.
    """
    _check_trip(trip)
    limits = limits or Limits()
    law = law_to_drive(law)
    now, complete_until = law_of_days(law, trip.depart_at)
    result = _plan(overlay_of(engine, now), trip, limits)
    if result.ends_at + HORIZON > complete_until:
        # A tour of more than a day: ask the whole law.
        return _plan(overlay_of(engine, law), trip, limits)
    return result


def _plan(overlay: Overlay, trip: Trip, limits: Limits) -> TripResult:
    tour = _drive_tour(overlay, trip, trip.passes, limits)
    opened, granted = (tour, ()) if tour.complete else _open_with_passes(overlay, trip, tour, limits)
    if trip.assume_passes and opened.complete:
        return _result(overlay, trip, opened, granted)
    if tour.complete:
        return _result(overlay, trip, tour, ())
    needed = needed_passes(overlay, trip, opened.legs, opened.arrivals, granted) if opened.complete else ()
    departures = _next_departures(overlay, trip, tour, limits)
    return replace(_result(overlay, trip, tour, ()), needed_passes=needed, departures=departures)


@dataclass(slots=True)
class _Tour:
    legs: list[Leg] = field(default_factory=list)
    arrivals: list[datetime] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    avoided: dict[str, Avoided] = field(default_factory=dict)
    violations: list[Reason] = field(default_factory=list)
    warnings: dict[object, Caution] = field(default_factory=dict)
    plain_distance_m: float = 0.0
    plain_duration_s: float = 0.0
    rounds: int = 0

    @property
    def complete(self) -> bool:
        return not self.obstacles and not self.violations

    def warn(self, notice: Notice, **params: str | float | int) -> None:
        pairs = tuple(params.items())
        self.warnings.setdefault((notice, pairs), Caution(notice=notice, params=pairs))


def _check_trip(trip: Trip) -> None:
    if len(trip.stops) < 2:
        raise Invalid("stops-missing", field="stops")
    if trip.depart_at.utcoffset() is None:
        raise ValueError("the departure needs a time zone")
    for number, stop in enumerate(trip.stops):
        usable = math.isfinite(stop.lon) and math.isfinite(stop.lat) and abs(stop.lon) <= 180 and abs(stop.lat) <= 90
        if not usable:
            raise Invalid("stop-not-a-position", field="stops", stop=number)


def _drive_tour(overlay: Overlay, trip: Trip, passes: tuple[PassRight, ...], limits: Limits) -> _Tour:
    """Drive leg after leg, each leaving when the service of the stop before is done; stop at the first obstacle."""
    tour = _Tour(arrivals=[trip.depart_at])
    unknown = unknown_sizes(trip.vehicle)
    if unknown:
        tour.warn(Notice.UNKNOWN_SIZES, facts=",".join(fact.value for fact in unknown))
    leave_at = trip.depart_at + timedelta(seconds=trip.stops[0].service_s)
    for number in range(1, len(trip.stops)):
        start, stop = trip.stops[number - 1], trip.stops[number]
        ids = [ids_at(overlay.law, place.point) for place in (start, stop)]
        leg = LegContext(trip.vehicle, passes, leave_at, ids[0], ids[1])
        following = trip.stops[number + 1] if number + 1 < len(trip.stops) else None
        if not _drive_leg(overlay, tour, number, (start, stop, following), leg, limits):
            break
        leave_at = tour.arrivals[-1] + timedelta(seconds=stop.service_s)
    return tour


def _drive_leg(
    overlay: Overlay,
    tour: _Tour,
    number: int,
    stops: tuple[Stop, Stop, Stop | None],
    leg: LegContext,
    limits: Limits,
) -> bool:
    """Add one leg to the tour; False when it cannot be driven lawfully (the obstacles are then in the tour).

    stops: where the leg leaves from, where it goes, and the stop after it if there is one. It leaves from where the leg
    before stopped: a stop between two streets is served from one of them.
    """
    start, stop, following = stops
    outcome: Outcome | None = None
    plain: Drive | None = None
    place = tour.legs[-1].end if tour.legs else start.point
    target = stop.point if following is None else _where_to_serve(overlay.engine, stop, following, leg.vehicle)
    for tolerate in (False, True):
        # First as if every unknown size were too large; only then as if it fitted, with a warning.
        leg = replace(leg, tolerate_unknown=tolerate)
        costing = costing_for(leg.vehicle, unknown_is_large=not tolerate)
        found = _engine_drive(overlay.engine, number, place, target, leg, tolerate=tolerate)
        if found is None:
            continue
        plain = plain or found.drive
        outcome = Search(overlay, found.start, found.end, leg, costing, found.drive, limits).run()
        tour.rounds += len(outcome.rounds)
        if outcome.drive is not None:
            break
    if outcome is None or plain is None:
        tour.obstacles.append(Obstacle(number))
        return False
    tour.plain_distance_m += plain.distance_m
    tour.plain_duration_s += plain.duration_s
    if outcome.drive is None or outcome.check is None:
        tour.obstacles += _obstacles(number, outcome)
        if outcome.cut_short:
            tour.warn(Notice.SEARCH_STOPPED, stop=number)
        return False
    return _accept(overlay, tour, number, stop, leg, outcome, outcome.drive, outcome.check)


def _where_to_serve(engine: Engine, stop: Stop, following: Stop, vehicle: Vehicle) -> tuple[float, float]:
    """The place on the street from which the next stop can be reached.

    The nearest street may be one that can be entered and not left, at the border of an extract above all.
    """
    try:
        onward = engine.drive(stop.point, following.point, costing_for(vehicle, unknown_is_large=True))
    except Invalid as error:
        if error.code != "stop-far-from-road":
            raise
        # The leg itself says which stop is at fault.
        return stop.point
    return stop.point if onward is None else onward.start


@dataclass(frozen=True, slots=True)
class _Plain:
    """A drive without law, and the points it was asked between."""

    drive: Drive
    start: tuple[float, float]
    end: tuple[float, float]


def _engine_drive(
    engine: Engine,
    number: int,
    start: tuple[float, float],
    end: tuple[float, float],
    leg: LegContext,
    *,
    tolerate: bool,
) -> _Plain | None:
    """The drive without law. When no vehicle of this kind reaches the nearest street, from the nearest it reaches."""
    costing = costing_for(leg.vehicle, unknown_is_large=not tolerate)
    try:
        drive = engine.drive(start, end, costing)
        if drive is not None:
            return _Plain(drive, start, end)
        drive = engine.drive(start, end, costing, around_m=NEAR_STREETS_M)
    except Invalid as error:
        if error.code != "stop-far-from-road":
            raise
        if not tolerate and unknown_sizes(leg.vehicle):
            return None
        raise Invalid("stop-far-from-road", field="stops", stop=number, **error.params) from error
    return None if drive is None else _Plain(drive, drive.start, drive.end)


def _accept(
    overlay: Overlay,
    tour: _Tour,
    number: int,
    stop: Stop,
    leg: LegContext,
    outcome: Outcome,
    drive: Drive,
    check: Check,
) -> bool:
    arrive_at = leg.depart_at + timedelta(seconds=drive.duration_s)
    here = drive.end
    stay = Interval(arrive_at, arrive_at + timedelta(seconds=stop.service_s))
    stands = check_stay(overlay.law, here, stay, leg, leg.end_ids | ids_at(overlay.law, here))
    if stands:
        tour.obstacles += [Obstacle(number, reason) for reason in stands]
        return False
    tour.legs.append(Leg(drive, leg.depart_at, arrive_at))
    tour.arrivals.append(arrive_at)
    tour.violations += [reason for violation in check.violations for reason in violation.reasons]
    _note_avoided(tour, outcome, drive)
    for reason in check.warnings:
        tour.warnings.setdefault((reason.kind, reason.id, reason.code), Caution(reason=reason))
    for limit in check.unknown_limits:
        tour.warn(Notice.LIMIT_WITH_UNKNOWN_SIZE, kind=limit.kind, value=limit.value, street=limit.street)
    if drive.has_time_restrictions:
        tour.warn(Notice.TIMED_ROAD)
    if drive.uses_private_roads:
        tour.warn(Notice.PRIVATE_ROAD)
    away = distance_m(stop.point, here)
    if away > AWAY_FROM_ROAD_M:
        tour.warn(Notice.FAR_FROM_ROAD, stop=number, metres=round(away))
    return True


def _note_avoided(tour: _Tour, outcome: Outcome, drive: Drive) -> None:
    """Charge each regulation with its share of what its round added to the route."""
    drives = [round_.drive for round_ in outcome.rounds] + [drive]
    for round_, before, after in zip(outcome.rounds, drives, drives[1:], strict=False):
        for reason in round_.reasons:
            share = 1 / len(round_.reasons)
            known = tour.avoided.get(reason.id)
            tour.avoided[reason.id] = Avoided(
                reason=known.reason if known else reason,
                seconds=(known.seconds if known else 0) + share * (after.duration_s - before.duration_s),
                metres=(known.metres if known else 0) + share * (after.distance_m - before.distance_m),
            )


def _obstacles(number: int, outcome: Outcome) -> list[Obstacle]:
    """What a search without success met, strictest first."""
    reasons: dict[tuple[str, str], Reason] = {}
    limits = dict.fromkeys(limit for round_ in outcome.rounds for limit in round_.limits)
    for round_ in outcome.rounds:
        for reason in round_.reasons:
            reasons.setdefault((reason.kind, reason.id), reason)
    ordered = sorted(reasons.values(), key=lambda r: (-r.state.strictness, -(r.colour.strictness if r.colour else 0)))
    return [Obstacle(number, reason) for reason in ordered] + [Obstacle(number, limit=limit) for limit in limits]


def _open_with_passes(
    overlay: Overlay, trip: Trip, refused: _Tour, limits: Limits
) -> tuple[_Tour, tuple[PassRight, ...]]:
    """Grant pass after pass until the tour is lawful: those of the stops, then the mildest. The last tour, and they."""
    law = overlay.law
    granted: dict[str, PassRight] = {}
    tour = refused
    for _ in range(_GRANTS):
        asked = [o for o in tour.obstacles if o.reason is not None and _opens(o.reason) and o.reason.id not in granted]
        if not asked:
            break
        number = asked[0].stop
        at_stops = ids_at(law, trip.stops[number].point) | ids_at(law, trip.stops[number - 1].point)
        ids = [o.reason.id for o in asked if o.reason is not None]
        # Strictest first they come: to drive on past the stops one asks for the mildest, never for an accreditation
        # where a justified crossing is enough.
        for perimeter_id in [i for i in ids if i in at_stops] or ids[-1:]:
            granted[perimeter_id] = _assumed(trip, perimeter_id)
        tour = _drive_tour(overlay, trip, (*trip.passes, *granted.values()), limits)
        if tour.complete:
            break
    return tour, tuple(granted.values())


def _opens(reason: Reason) -> bool:
    return reason.kind == "perimeter" and reason.state is State.PASS_REQUIRED


def _assumed(trip: Trip, perimeter_id: str) -> PassRight:
    # Long enough for any tour: what is asked in the end is bounded by the activations and by the request.
    return PassRight(trip.depart_at, trip.depart_at + timedelta(days=7), frozenset({perimeter_id}))


def _next_departures(overlay: Overlay, trip: Trip, refused: _Tour, limits: Limits) -> tuple[datetime, ...]:
    """The nearest later departure with a lawful tour: tried at each end of what blocks, within a day."""
    reasons = [obstacle.reason for obstacle in refused.obstacles if obstacle.reason is not None]
    for at in sorted(set(_openings(overlay, reasons, trip.depart_at)))[:_DEPARTURES_TRIED]:
        if _drive_tour(overlay, replace(trip, depart_at=at), trip.passes, limits).complete:
            return (at,)
    return ()


def _openings(overlay: Overlay, reasons: Sequence[Reason], after: datetime) -> Iterable[datetime]:
    window = Interval(after, after + HORIZON)
    for reason in reasons:
        regulation = overlay.regulation(reason)
        if isinstance(regulation, Perimeter):
            ends = [activation.end for activation in regulation.activations]
        else:
            spans = [p.active_intervals(window, overlay.law.calendar) for p in regulation.periods]
            ends = [span.end for of_period in spans for span in of_period]
        yield from (end for end in ends if end is not None and window.start < end < window.end)


def _result(overlay: Overlay, trip: Trip, tour: _Tour, granted: tuple[PassRight, ...]) -> TripResult:
    return TripResult(
        status=Status.OK if tour.complete else Status.NO_LAWFUL_ROUTE,
        trip=trip,
        legs=tuple(tour.legs),
        arrivals=tuple(tour.arrivals),
        avoided=tuple(tour.avoided.values()),
        violations=tuple(tour.violations),
        warnings=tuple(tour.warnings.values()),
        needed_passes=needed_passes(overlay, trip, tour.legs, tour.arrivals, granted) if tour.complete else (),
        blocking=tuple(tour.obstacles),
        plain_distance_m=tour.plain_distance_m,
        plain_duration_s=tour.plain_duration_s,
        law_version=overlay.law.version,
        graph_version=overlay.engine.version,
        rounds=tour.rounds,
    )
