"""A stop that can only be reached through streets whose closure spares those who stop there."""

from __future__ import annotations

import shapely

from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Notice, Status, Stop, Trip, TripResult
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period
from portal.regulations.vehicles import Access, HasAccess, VehicleRule
from tests.support.law import law_of, local
from tests.support.paris import BOUNDS, TRUCK

AT = local("2026-03-11 10:00")
SPARING = VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),))
_WEST, _SOUTH, _EAST, _NORTH = BOUNDS
START, END = Stop(_WEST + 0.003, _SOUTH + 0.003), Stop((_WEST + _EAST) / 2, (_SOUTH + _NORTH) / 2)
AROUND = shapely.Point(END.point).buffer(0.0018).exterior


def closed(engine: Engine, name: str, rows: list[int], rule: VehicleRule) -> Measure:
    places = [MeasureLocation(LocationKind.FREE_GEOMETRY, name, engine.table.shapes[r], Direction.BOTH) for r in rows]
    periods = (Period(local("2026-01-01 00:00")),)
    return Measure(name, OrderRef(name, f"Arrêté {name}"), MeasureType.NO_ENTRY, tuple(places), periods, rule)


def gates(engine: Engine) -> list[list[int]]:
    """The streets through a circle around the stop, each with its directions."""
    streets: dict[int, list[int]] = {}
    for row in shapely.STRtree(engine.table.shapes).query(AROUND, predicate="intersects").tolist():
        other = int(engine.table.opposing[row])
        streets.setdefault(min(row, other) if other >= 0 else row, []).append(row)
    return list(streets.values())


def behind(result: TripResult) -> set[str]:
    """What is told to be the only access."""
    return {dict(w.params)["id"] for w in result.warnings if w.notice is Notice.NO_OTHER_ACCESS}


def through(engine: Engine, *opened: list[int], rule: VehicleRule | None = SPARING) -> TripResult:
    """The way when every gate is closed to all but some, which are closed by a rule of their own, or by none."""
    others = [row for street in gates(engine) if street not in opened for row in street]
    rules = [closed(engine, f"gate-{street[0]}", street, rule) for street in opened if rule is not None]
    law = law_of(closed(engine, "ban", others, VehicleRule()), *rules)
    return plan(engine, law, Trip((START, END), AT, TRUCK), extras=Extras(hours=False))


def ways_in(engine: Engine) -> list[list[int]]:
    """The gates each of which is enough."""
    return [street for street in gates(engine) if through(engine, street, rule=None).status is Status.OK]


def test_each_gate_that_spares_those_who_stop_is_an_access_when_nearer_gates_spare_nobody(paris: Engine):
    streets = ways_in(paris)
    assert len(streets) > 3
    for street in streets:
        result = through(paris, street)
        assert result.status is Status.OK
        assert behind(result) == {f"gate-{street[0]}"}
        assert not result.violations


def test_one_gate_alone_is_taken_for_the_only_access_when_two_spare_those_who_stop(paris: Engine):
    one, *_, other = ways_in(paris)
    assert len(behind(through(paris, one, other))) == 1


def test_there_is_no_way_when_no_gate_spares_those_who_stop(paris: Engine):
    result = through(paris, *ways_in(paris), rule=VehicleRule())
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert result.blocking
