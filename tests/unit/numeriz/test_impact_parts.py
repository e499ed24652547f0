"""The parts of the impact page: streets cut off, moments two orders share, what is kept, what is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.numeriz.impact.alarms import stops_emergency
from portal.numeriz.impact.clashes import first_common
from portal.numeriz.impact.cut_off import Roads
from portal.numeriz.impact.found import (
    Alarm,
    Clash,
    CutOff,
    Impact,
    RoadLength,
    VehicleDetour,
    impact_from_json,
)
from portal.numeriz.impact.messages import alarm_sentence, spans_today
from portal.numeriz.ports import AccessInside, Detours, StopsInside
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Measure, MeasureType, OrderRef
from portal.regulations.schedules import Interval, Period, TimeSlot, Weekday
from portal.regulations.vehicles import Over, Size, Usage, UsedFor, VehicleRule

CALENDAR = LocalCalendar(ZoneInfo("Europe/Paris"))
NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)


@pytest.fixture
def sentences() -> Iterator[None]:
    app = Flask("sentences")
    Babel(app, default_locale="fr")
    with app.app_context():
        yield


def cut(edges: list[tuple[int, int]], closed: set[int]) -> set[int] | None:
    starts, ends = np.array([a for a, _ in edges]), np.array([b for _, b in edges])
    shut = np.array([number in closed for number in range(len(edges))])
    found = Roads(starts, ends).cut_off(np.ones(len(edges), dtype=bool), shut)
    return None if found is None else set(found.tolist())


RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (0, 5)]
TAIL = [*RING, (3, 6), (6, 3), (6, 7), (7, 6)]


@pytest.mark.parametrize(
    ("edges", "closed", "expected"),
    [
        pytest.param(RING, {0, 6}, set(), id="a ring has another way round"),
        pytest.param(TAIL, {12, 13}, {14, 15}, id="what lies behind the only access"),
        pytest.param(TAIL, {12}, {13, 14, 15}, id="nobody gets in any more"),
        pytest.param(TAIL, {13}, {12, 14, 15}, id="nobody gets out any more"),
        pytest.param(TAIL, {14, 15}, set(), id="the end of a dead end closes nothing else"),
        pytest.param(RING, set(range(12)), None, id="everything is closed"),
    ],
)
def test_streets_are_cut_off_when_their_only_access_is_closed(
    edges: list[tuple[int, int]], closed: set[int], expected: set[int] | None
) -> None:
    assert cut(edges, closed) == expected


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda e: e[0] != e[1]), min_size=6), st.data())
def test_what_is_cut_off_is_what_no_walk_joins_when_the_graph_is_small(
    given_edges: set[tuple[int, int]], data: st.DataObject
) -> None:
    edges = sorted(given_edges)
    closed = data.draw(st.sets(st.integers(0, len(edges) - 1), max_size=4))
    found = cut(edges, closed)
    if found is None:
        return

    def joined(left: list[tuple[int, int]]) -> dict[int, set[int]]:
        reach = {node: {node} for node in range(9)}
        for _ in range(9):
            for a, b in left:
                for reached in reach.values():
                    if a in reached:
                        reached.add(b)
        return {node: {other for other in reach[node] if node in reach[other]} for node in reach}

    before = joined(edges)
    after = joined([edge for number, edge in enumerate(edges) if number not in closed])
    cores = [part for part in after.values() if len(part) * 2 >= max(len(one) for one in before.values())]
    core_before = max(before.values(), key=len)
    assert any(
        found
        == {
            number
            for number, (a, b) in enumerate(edges)
            if number not in closed and {a, b} <= core_before and not {a, b} <= core
        }
        for core in cores
    )


def daily(start: int, end: int, *days: Weekday) -> Period:
    return Period(NOON - timedelta(days=3), None, frozenset(days), (TimeSlot(time(start), time(end)),))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param([Period(NOON)], [Period(NOON - timedelta(days=9))], NOON, id="both without an end"),
        pytest.param([daily(8, 10)], [daily(9, 11)], NOON.replace(day=2, hour=8), id="tomorrow from nine to ten"),
        pytest.param([daily(8, 10)], [daily(10, 12)], None, id="hours that touch"),
        pytest.param(
            [daily(22, 2, Weekday.FRIDAY)], [daily(1, 2, Weekday.SATURDAY)], NOON.replace(day=6, hour=0), id="a night"
        ),
        pytest.param(
            [Period(NOON, NOON + timedelta(days=1))], [Period(NOON + timedelta(days=1))], None, id="one after the other"
        ),
    ],
)
def test_two_orders_share_a_moment_when_their_hours_meet(
    ours: list[Period], theirs: list[Period], expected: datetime | None
) -> None:
    assert first_common(ours, theirs, CALENDAR, NOON) == expected
    assert first_common(theirs, ours, CALENDAR, NOON) == expected


HEAVY = VehicleRule((Over(Size.GROSS_WEIGHT, 3_500),))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(VehicleRule(), True, id="a ban for all"),
        pytest.param(VehicleRule((), (UsedFor(Usage.EMERGENCY),)), False, id="emergency vehicles exempted"),
        pytest.param(HEAVY, True, id="a fire engine is heavy"),
        pytest.param(
            VehicleRule((Over(Size.GROSS_WEIGHT, 26_000),)), False, id="only what is heavier than a fire engine"
        ),
    ],
)
def test_a_measure_stops_those_who_help_when_it_does_not_exempt_them(rule: VehicleRule, expected: bool) -> None:
    measure = Measure("m", OrderRef("o", "Arrêté"), MeasureType.NO_ENTRY, (), (Period(NOON),), rule)
    assert stops_emergency(measure) is expected


def test_an_impact_is_read_back_equal_when_it_was_kept() -> None:
    detours = Detours(40, 2, 61.5, 800.25, 140.0, 200.0)
    full = Impact(
        lengths=(RoadLength("motorway", 120.5, 240.0),),
        cut_off=CutOff(12.5, ("Impasse",), with_others=True),
        alarms=(Alarm("motorway", {"metres": 120, "road": "A 99"}),),
        clashes=(Clash("duplicate", 1, "id", "Autre", "Ville", 31.0, "Rue", NOON),),
        clash_count=3,
        bays=2,
        access=AccessInside(1, 2, 3, 4),
        stops=StopsInside(1, 2, 3, 4),
        detours=(VehicleDetour("van", None), VehicleDetour("lorry", detours)),
        at=NOON,
        area_km2=0.5,
        emergency_known=True,
    )
    bare = Impact(None, None, (), (), 0, 0, None, None, None, None, 0.0, False)
    assert [impact_from_json(one.to_json()) for one in (full, bare)] == [full, bare]
    assert (full.worst_detour_s, bare.worst_detour_s) == (61.5, None)


@pytest.mark.usefixtures("sentences")
def test_each_alarm_has_a_sentence_when_it_is_kept_as_json() -> None:
    codes = ("motorway", "hospital", "fire-station", "cut-off")
    said = {
        alarm_sentence({"code": code, "params": {"metres": 340, "road": road, "street": road, "name": road and code}})
        for code, road in itertools.product(codes, ("", "A 99"))
    }
    assert len(said) == 8
    with pytest.raises(ValueError, match="unknown alarm"):
        alarm_sentence(Alarm("flood"))


@pytest.mark.usefixtures("sentences")
@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], "Rien aujourd’hui."),
        ([(23, 47)], "Aujourd’hui toute la journée."),
        ([(31, 35), (37, 41)], "Aujourd’hui de 08:00 à 12:00 et de 14:00 à 18:00."),
        ([(45, 53)], "Aujourd’hui de 22:00 jusqu’à demain 06:00."),
        ([(45, 47)], "Aujourd’hui de 22:00 à 24:00."),
    ],
)
def test_the_hours_of_a_day_are_said_when_they_cross_midnight_or_not(
    spans: list[tuple[int, int]], expected: str
) -> None:
    eve = datetime(2027, 2, 28, tzinfo=UTC)
    given_spans = [Interval(eve + timedelta(hours=a), eve + timedelta(hours=b)) for a, b in spans]
    assert spans_today(given_spans, "Europe/Paris") == expected
