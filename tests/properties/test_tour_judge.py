"""The judge of tours itself: what it must see. A judge that never accuses proves nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely

from tests.support.plain_law import BAN, JUSTIFIED, ONE_WAY, PASS, Hours, Roads, Rule
from tests.support.tour_checker import Asked, faults_of
from tests.support.tour_law import Law, Leg

START = datetime(2026, 3, 11, 10, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
ALWAYS = (Hours(START - timedelta(days=30)),)
# A street of five junctions, 146 m apart, driven eastwards at 10 m/s, with the second stop at the third junction.
LON, LAT, STEP = 2.36, 48.86, 0.002
POINTS = [(round(LON + STEP * n, 6), LAT) for n in range(5)]
STEP_S = 14.6
TRUCK = {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False}


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def stop(number: int, point: int, since: float, until: float) -> dict[str, Any]:
    lon, lat = POINTS[point]
    place = {"number": number, "lon": lon, "lat": lat, "at": [lon, lat]}
    return {**place, "arrive_at": at(since), "leave_at": at(until), "wait_s": 0, "windows": [], "bays": []}


def answer() -> dict[str, Any]:
    """Two legs of two blocks with a minute of service between them."""
    times = [0.0, STEP_S, 2 * STEP_S, 2 * STEP_S + 60, 3 * STEP_S + 60, 4 * STEP_S + 60]
    places = [0, 1, 2, 2, 3, 4]
    legs = [
        {
            "depart_at": at(times[a]),
            "arrive_at": at(times[b]),
            "geometry": {"coordinates": [list(POINTS[p]) for p in way]},
        }
        for a, b, way in ((0, 2, (0, 1, 2)), (3, 5, (2, 3, 4)))
    ]
    return {
        "status": "ok",
        "depart_at": at(0),
        "timeline": [[*POINTS[p], at(t)] for p, t in zip(places, times, strict=True)],
        "geometry": {},
        "legs": legs,
        "stops": [stop(0, 0, 0, 0), stop(1, 2, times[2], times[3]), stop(2, 4, times[5], times[5])],
        "warnings": [],
        "blocking": [],
        "impossible_stops": [],
        "drive_s": round(4 * STEP_S),
        "distance_m": 586,
    }


def asked(**more: Any) -> Asked:
    stops = [{"lon": POINTS[p][0], "lat": LAT, "service_s": s} for p, s in ((0, 0), (2, 60), (4, 0))]
    return replace(Asked(stops, START, TRUCK), **more)


def law(*rules: Rule) -> Law:
    return Law(rules, Roads(junctions={(round(x * 1e6), round(y * 1e6)) for x, y in POINTS}), ZONE, LAT)


def street(first: int, last: int) -> shapely.LineString:
    return shapely.LineString(POINTS[first : last + 1])


def area(first: float, last: float) -> shapely.Geometry:
    """The part of the street from one junction to another (broken numbers allowed), 50 m to each side."""
    return shapely.box(LON + STEP * first, LAT - 0.0005, LON + STEP * last, LAT + 0.0005)


def ban(**more: Any) -> Rule:
    return replace(Rule("rule", BAN, ALWAYS, None, ((street(1, 2), "both"),)), **more)


def zone(what: str, first: float, last: float, colour: str = "red", **more: Any) -> Rule:
    return replace(Rule("zone", what, ALWAYS, area(first, last), (), colour, "fête"), **more)


def test_nothing_is_found_when_nothing_is_wrong():
    assert faults_of(answer(), asked(), law()) == []


def soon(first: float, last: float) -> tuple[Hours, ...]:
    return (Hours(START + timedelta(seconds=first), START + timedelta(seconds=last)),)


FORBIDDEN: dict[str, Rule] = {
    "street": ban(),
    "street-in-its-direction": ban(lines=((street(1, 2), "forward"),)),
    "street-against-a-one-way": ban(what=ONE_WAY, lines=((street(2, 3).reverse(), "forward"),)),
    "street-of-unknown-direction": ban(lines=((street(1, 2), "unknown"),)),
    "street-while-there": ban(hours=soon(STEP_S + 2, STEP_S + 4)),
    "heavy": ban(over=(("gross_weight_kg", 7500),)),
    "large-by-one-size": ban(over=(("height_cm", 400), ("length_cm", 800))),
    "spared-for-others": ban(spares=frozenset({"taxi", "emergency"})),
    "delivery-without-the-usage": ban(spares=frozenset({"cityLogistics"})),
    "area": ban(lines=(), area=area(0.4, 0.6)),
    "red": zone(PASS, 0.4, 0.6),
    "red-around-the-stop": zone(PASS, 1.5, 2.5),
    "red-from-the-minute-of-service": zone(PASS, 1.9, 2.1, hours=soon(2 * STEP_S + 20, 2 * STEP_S + 40)),
    "blue-crossed": zone(JUSTIFIED, 0.4, 0.6, "blue"),
    "night": ban(
        hours=(Hours(START - timedelta(days=30), slots=((_clock := START.astimezone(ZONE).time(), _clock),)),)
    ),
}
ALLOWED: dict[str, Rule] = {
    "crossing-street": ban(
        lines=((shapely.LineString([(POINTS[1][0], LAT - 0.001), (POINTS[1][0], LAT + 0.001)]), "both"),)
    ),
    "other-direction": ban(lines=((street(1, 2), "backward"),)),
    "with-a-one-way": ban(what=ONE_WAY, lines=((street(2, 3), "forward"),)),
    "before": ban(hours=soon(-100, STEP_S)),
    "after": ban(hours=soon(2 * STEP_S, 500)),
    "at-the-limit": ban(over=(("gross_weight_kg", 12_000),)),
    "no-hazmat": ban(hazmat=True),
    "local-access": ban(spares=frozenset({"localAccess"})),
    "words": ban(bound_by_words=True),
    "other-weekday": ban(hours=(Hours(START - timedelta(days=30), weekdays=frozenset({0, 1})),)),
    "blue-at-the-stop": zone(JUSTIFIED, 1.2, 2.8, "blue"),
    "along-the-outline": zone(PASS, 0, 2, area=shapely.box(LON, LAT, LON + 1, LAT + 1)),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_broken_rule_is_seen_when_the_tour_passes_there(name: str):
    assert faults_of(answer(), asked(), law(FORBIDDEN[name]))


@pytest.mark.parametrize("name", ALLOWED)
def test_nobody_is_accused_when_the_rule_does_not_bind_there_and_then(name: str):
    assert faults_of(answer(), asked(), law(ALLOWED[name])) == []


@pytest.mark.parametrize(("again", "crosses"), [(3.2, True), (1.2, False)], ids=["after-a-street-outside", "at-once"])
def test_coming_back_is_crossing_when_a_whole_street_lies_between(again: float, crosses: bool):
    shape = shapely.union(area(-0.3, 0.3), area(again, again + 0.3))
    way = [(*point, START + timedelta(seconds=STEP_S * n)) for n, point in enumerate(POINTS)]
    leg = Leg(way, [POINTS[0]], [POINTS[4]])
    found = law(zone(JUSTIFIED, 0, 0, "blue", area=shape)).broken_by([leg], [], TRUCK)
    assert [one.how for one in found] == (["crosses"] if crosses else [])


@pytest.mark.parametrize(("event", "crosses"), [("fête", False), ("match", True)])
def test_a_stop_in_the_core_of_a_core_is_a_reason_to_cross_the_ring(event: str, crosses: bool):
    ring, evening = zone(JUSTIFIED, 0.2, 1.2, "blue"), soon(3600, 7200)
    core = zone(PASS, 1.2, 3.2, id="core", hours=evening)
    inner = zone(PASS, 3.2, 4.5, id="inner", hours=evening, event=event)
    way = [(*point, START + timedelta(seconds=STEP_S * n)) for n, point in enumerate(POINTS)]
    leg = Leg(way, [POINTS[0]], [POINTS[4]])
    found = law(ring, core, inner).broken_by([leg], [], TRUCK)
    assert [one.how for one in found] == (["crosses"] if crosses else [])


def test_a_motorway_is_spared_when_an_area_lies_over_it():
    spared = Roads(spared=[street(0, 4)])
    assert faults_of(answer(), asked(), Law([FORBIDDEN["area"]], spared, ZONE, LAT)) == []


@pytest.mark.parametrize(
    ("held", "opens"),
    [
        ({"colours": {"red"}}, True),
        ({"perimeter_ids": {"zone"}}, True),
        ({"colours": {"grey"}}, False),
        ({"colours": {"red"}, "end": START + timedelta(seconds=STEP_S / 2)}, False),
    ],
    ids=["its-colour", "by-name", "other-colour", "ends-inside"],
)
def test_a_pass_opens_what_it_says_when_it_says_so(held: Mapping[str, Any], opens: bool):
    one = {"start": START - timedelta(hours=1), "end": START + timedelta(hours=1), **held}
    assert (faults_of(answer(), asked(passes=[one]), law(FORBIDDEN["red"])) == []) is opens


def _shift(values: dict[str, Any]) -> None:
    values["timeline"][4][2] = at(2 * STEP_S + 60.2)


def _back(values: dict[str, Any]) -> None:
    values["timeline"][1][2] = at(-1)


def _away(values: dict[str, Any]) -> None:
    values["timeline"][1][0] += 0.01


def _elsewhere(values: dict[str, Any]) -> None:
    values["stops"][1]["at"] = [LON, LAT]


def _short(values: dict[str, Any]) -> None:
    values["stops"][1]["leave_at"] = at(2 * STEP_S + 10)


def _unserved(values: dict[str, Any]) -> None:
    values["stops"][1]["number"] = 2


def _longer(values: dict[str, Any]) -> None:
    values["distance_m"] = 1200


def _faster(values: dict[str, Any]) -> None:
    values["drive_s"] = 20


def _early(values: dict[str, Any]) -> None:
    values["depart_at"] = at(-600)


def _silent(values: dict[str, Any]) -> None:
    values.update(status="no_lawful_route", timeline=[], legs=[], geometry=None)


@pytest.mark.parametrize(
    "spoil", [_shift, _back, _away, _elsewhere, _short, _unserved, _longer, _faster, _early, _silent]
)
def test_a_spoilt_answer_is_seen_when_its_hours_or_places_do_not_hold(spoil: Callable[[dict[str, Any]], None]):
    values = copy.deepcopy(answer())
    spoil(values)
    assert faults_of(values, asked(), law())


def test_a_stop_out_of_its_hours_is_seen_when_it_has_windows():
    question = asked()
    question.stops[1]["windows"] = [[START + timedelta(hours=1), START + timedelta(hours=2)]]  # type: ignore[index]
    assert faults_of(answer(), question, law())


def refusal(name: str) -> dict[str, Any]:
    nothing = {"timeline": [], "legs": [], "geometry": None, "stops": []}
    return {**answer(), **nothing, "status": "no_lawful_route", "blocking": [{"id": name, "code": "measure-no-entry"}]}


def test_a_refusal_is_seen_when_what_it_names_may_forbid_nothing():
    asleep = ban(hours=soon(-7200, -3600))
    held = {"start": START - timedelta(days=1), "end": START + timedelta(days=1), "colours": {"red"}}
    assert faults_of(refusal("rule"), asked(), law(ban())) == []
    assert faults_of(refusal("zone"), asked(), law(FORBIDDEN["red"])) == []
    assert faults_of(refusal("other"), asked(), law(ban()))
    assert faults_of(refusal("rule"), asked(), law(asleep))
    assert faults_of(refusal("rule"), asked(), law(ban(over=(("gross_weight_kg", 19_000),))))
    assert faults_of(refusal("zone"), asked(passes=[held]), law(FORBIDDEN["red"]))


def test_a_refusal_is_seen_when_it_names_hours_that_nobody_gave():
    missed = refusal("rule") | {"blocking": [{"code": "window-missed"}]}
    assert faults_of(missed, asked(), law())
    question = asked()
    question.stops[1]["windows"] = [[START - timedelta(hours=2), START - timedelta(hours=1)]]  # type: ignore[index]
    assert faults_of(missed, question, law()) == []
