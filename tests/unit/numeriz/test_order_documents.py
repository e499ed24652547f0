"""What a clerk types, read as an order: every rule of entry, and where each fault is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.numeriz.codec import location_to_json
from portal.numeriz.imports.local_time import HourSkipped
from portal.numeriz.values import Category, MeasureDraft, OrderDraft, Subject
from portal.numeriz.writing.clock import read_local, write_local
from portal.numeriz.writing.composing import blank_document, document_of
from portal.numeriz.writing.reading import EventHours, Reader
from portal.numeriz.writing.values import document_digest
from portal.numeriz.zones.calendar import Session
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.factories.law import PARIS_3E
from tests.support.written import written, written_measure, written_period, written_place

PARIS = ZoneInfo("Europe/Paris")
type Change = Callable[[dict[str, Any]], object]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def reader(events: Mapping[str, EventHours] | None = None) -> Reader:
    return Reader(LocalCalendar(PARIS), PARIS_3E, events or {})


def read(document: Mapping[str, Any], events: Mapping[str, EventHours] | None = None) -> OrderDraft:
    used = reader(events)
    order = used.order(document)
    assert used.faults == []
    return order


def faults(document: Mapping[str, Any], events: Mapping[str, EventHours] | None = None) -> list[tuple[str, str]]:
    used = reader(events)
    used.order(document)
    return [(fault.field, fault.code) for fault in used.faults]


def only_measure(document: Mapping[str, Any], events: Mapping[str, EventHours] | None = None) -> MeasureDraft:
    (measure,) = read(document, events).measures
    return measure


def test_everything_typed_is_in_the_order_when_a_document_is_complete() -> None:
    vehicles = {
        "appliesTo": [{"is": "over", "size": "gross_weight_kg", "limit": 3500}, {"is": "airClassIn", "classes": ["5"]}],
        "except": [{"is": "usage", "usage": "cityLogistics"}, {"is": "access", "access": "localAccess"}],
    }
    period = written_period(weekdays=[0, 4], slots=[["22:00", "06:00"], ["12:00", "24:00"]], holidays="also")
    order = read(
        written(
            written_measure(periods=[period], vehicles=vehicles),
            written_measure(type="speedLimit", max_speed_kmh=30),
            identifier=" 2027-T-12 ",
            subject="other",
            subject_text="Tournage",
            url="https://ville.exemple/arretes/12",
        )
    )
    assert (order.identifier, order.category, order.subject) == ("2027-T-12", Category.TEMPORARY, Subject.OTHER)
    assert order.provenance == {"subject_text": "Tournage"}
    ban, limit = order.measures
    assert ban.vehicles == VehicleRule(
        (Over(Size.GROSS_WEIGHT, 3500), AirClassIn(frozenset({AirClass.CLASS_5}))),
        (UsedFor(Usage.CITY_LOGISTICS), HasAccess(Access.LOCAL_ACCESS)),
    )
    assert ban.periods == (
        Period(
            instant("2027-03-01T08:00"),
            instant("2027-03-05T18:00"),
            frozenset({Weekday.MONDAY, Weekday.FRIDAY}),
            (TimeSlot(time(22), time(6)), TimeSlot(time(12), time(0))),
            HolidayRule.ALSO,
        ),
    )
    assert (limit.type, limit.max_speed_kmh) == (MeasureType.SPEED_LIMIT, 30)


def of_measure(**values: Any) -> Change:
    return lambda document: document["measures"][0].update(values)


def of_period(**values: Any) -> Change:
    return lambda document: document["measures"][0]["periods"][0].update(values)


def of_order(**values: Any) -> Change:
    return lambda document: document.update(values)


def of_vehicles(**values: Any) -> Change:
    return lambda document: document["measures"][0]["vehicles"].update(values)


def over(limit: object, size: str = "height_cm") -> Change:
    return of_vehicles(appliesTo=[{"is": "over", "size": size, "limit": limit}])


OUTSIDE = written_place("Ailleurs", ((4.8, 45.7), (4.81, 45.71)))
M = "measures.0"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (of_order(identifier="  "), ("identifier", "identifier-missing")),
        (of_order(identifier="x" * 61), ("identifier", "text-too-long")),
        (of_order(identifier=12), ("identifier", "not-text")),
        (of_order(title=""), ("title", "title-missing")),
        (of_order(title="x" * 256), ("title", "text-too-long")),
        (of_order(authority=None), ("authority", "authority-missing")),
        (of_order(category=""), ("category", "choice-missing")),
        (of_order(category="eternal"), ("category", "choice-unknown")),
        (of_order(subject="other"), ("subject_text", "subject-text-missing")),
        (of_order(subject_text="x" * 101), ("subject_text", "text-too-long")),
        (of_order(url="javascript:alert(1)"), ("url", "url-unreadable")),
        (of_order(url="https://[ville"), ("url", "url-unreadable")),
        (of_order(measures=[]), ("measures", "measures-missing")),
        (of_order(measures="?"), ("measures", "measures-missing")),
        (of_order(measures=[None]), (M, "not-understood")),
        (of_measure(type=""), (f"{M}.type", "choice-missing")),
        (of_measure(type="unknown"), (f"{M}.type", "choice-unknown")),
        (of_measure(type="speedLimit"), (f"{M}.max_speed_kmh", "speed-missing")),
        (of_measure(type="speedLimit", max_speed_kmh=0), (f"{M}.max_speed_kmh", "speed-out-of-range")),
        (of_measure(type="speedLimit", max_speed_kmh=131), (f"{M}.max_speed_kmh", "speed-out-of-range")),
        (of_measure(type="speedLimit", max_speed_kmh="abc"), (f"{M}.max_speed_kmh", "number-unreadable")),
        (of_measure(type="speedLimit", max_speed_kmh=True), (f"{M}.max_speed_kmh", "number-unreadable")),
        (of_measure(places=[]), (f"{M}.places", "places-missing")),
        (of_measure(places=[{"kind": "street", "spec": {}, "found": None}]), (f"{M}.places.0", "place-not-found")),
        (of_measure(places=[7]), (f"{M}.places.0", "place-not-found")),
        (of_measure(places=[{"found": {"kind": "area"}}]), (f"{M}.places.0", "place-unreadable")),
        (of_measure(places=[{"found": {"kind": "area", "shape": {"type": "Polygon", "coordinates": 3}}}]),
         (f"{M}.places.0", "place-unreadable")),
        (of_measure(places=[written_place(), OUTSIDE]), (f"{M}.places.1", "place-outside")),
        (of_measure(periods=[]), (f"{M}.periods", "periods-missing")),
        (of_measure(periods=["?"]), (f"{M}.periods.0", "not-understood")),
        (of_period(start=""), (f"{M}.periods.0.start", "start-missing")),
        (of_period(start="2027-13-45T10:00"), (f"{M}.periods.0.start", "instant-unreadable")),
        (of_period(start="2027-03-01T"), (f"{M}.periods.0.start", "instant-unreadable")),
        (of_period(start="2027-03-01"), (f"{M}.periods.0.start", "instant-unreadable")),
        (of_period(start="9999-12-31T23:59", end="9999-12-31T23:59"), (f"{M}.periods.0.start", "instant-unreadable")),
        (of_period(start="0001-01-01T00:00"), (f"{M}.periods.0.start", "instant-unreadable")),
        (of_period(end="9999-12-31T23:59"), (f"{M}.periods.0.end", "instant-unreadable")),
        (of_period(end=None), (f"{M}.periods.0.end", "end-missing")),
        (of_period(end="2027-03-01T08:00"), (f"{M}.periods.0.end", "end-before-start")),
        (of_period(end="2027-02-28T08:00"), (f"{M}.periods.0.end", "end-before-start")),
        (of_period(end="2027-03-28T02:30"), (f"{M}.periods.0.end", "hour-skipped")),
        (of_period(weekdays=[7]), (f"{M}.periods.0.weekdays", "choice-unknown")),
        (of_period(weekdays=[True]), (f"{M}.periods.0.weekdays", "choice-unknown")),
        (of_period(weekdays=[6]), (f"{M}.periods.0", "period-never-active")),
        (of_period(slots=[["22:00"]]), (f"{M}.periods.0.slots.0", "not-understood")),
        (of_period(slots=[["08:00", "25:00"]]), (f"{M}.periods.0.slots.0.1", "hour-unreadable")),
        (of_period(slots=[["", "09:00"]]), (f"{M}.periods.0.slots.0.0", "hour-missing")),
        (of_period(slots=[["08:00+02:00", "09:00"]]), (f"{M}.periods.0.slots.0.0", "hour-unreadable")),
        (of_period(holidays="sometimes"), (f"{M}.periods.0.holidays", "choice-unknown")),
        (of_measure(event={"name": "Marathon"}), (f"{M}.event.name", "event-unknown")),
        (of_measure(event={"name": ""}), (f"{M}.event.name", "event-missing")),
        (of_measure(vehicles="lorries"), (f"{M}.vehicles", "not-understood")),
        (over(""), (f"{M}.vehicles.appliesTo.0.limit", "limit-missing")),
        (over("3,5x"), (f"{M}.vehicles.appliesTo.0.limit", "number-unreadable")),
        (over(3), (f"{M}.vehicles.appliesTo.0.limit", "limit-out-of-range")),
        (over(350, "depth_cm"), (f"{M}.vehicles.appliesTo.0.size", "choice-unknown")),
        (of_vehicles(appliesTo=[{"is": "airClassIn", "classes": []}]),
         (f"{M}.vehicles.appliesTo.0.classes", "classes-missing")),
        (of_vehicles(appliesTo=[{"is": "freeText", "text": " "}]), (f"{M}.vehicles.appliesTo.0.text", "words-missing")),
        (of_vehicles(appliesTo=[{"is": "freeText", "text": "x" * 101}]),
         (f"{M}.vehicles.appliesTo.0.text", "text-too-long")),
        (of_vehicles(**{"except": [{"is": "freeText", "text": "x" * 301}]}),
         (f"{M}.vehicles.except.0.text", "text-too-long")),
        (of_vehicles(appliesTo=[{"is": "colour"}]), (f"{M}.vehicles.appliesTo.0", "not-understood")),
        (of_vehicles(**{"except": [{"is": "usage", "usage": "?"}]}),
         (f"{M}.vehicles.except.0.usage", "choice-unknown")),
    ],
)  # fmt: skip
def test_a_fault_names_its_place_when_a_rule_is_broken(change: Change, expected: tuple[str, str]) -> None:
    document = copy.deepcopy(written())
    change(document)
    assert expected in faults(document)


@pytest.mark.parametrize(
    ("direction", "kind", "is_fault"),
    [
        ("forward", "street", False),
        ("backward", "street", False),
        ("both", "street", True),
        ("unknown", "street", True),
        ("forward", "polygon", True),
    ],
)
def test_a_one_way_street_is_refused_when_no_direction_stays_open(direction: str, kind: str, is_fault: bool) -> None:
    place = written_place(kind=kind)
    place["found"]["direction"] = direction
    if kind == "polygon":
        place["found"]["shape"] = shapely.geometry.mapping(shapely.box(2.37, 48.86, 2.38, 48.87))
    found = faults(written(written_measure(type="oneWay", places=[place])))
    assert found == ([(f"{M}.places.0", "one-way-without-direction")] if is_fault else [])
    assert faults(written(written_measure(places=[place]))) == []


def test_a_permanent_order_is_refused_when_it_has_an_end() -> None:
    permanent = written(written_measure(periods=[written_period(end=None)]), category="permanent")
    assert read(permanent).measures[0].periods[0].end is None
    assert faults(written(category="permanent")) == [("measures.0.periods.0.end", "permanent-with-end")]


def test_everything_missing_is_told_at_once_when_nothing_is_typed_yet() -> None:
    assert [field for field, _code in faults(blank_document())] == [
        "identifier",
        "title",
        "authority",
        "measures.0.places",
        "measures.0.periods",
    ]


def test_what_a_program_may_send_is_a_fault_when_it_is_no_document() -> None:
    strange: tuple[Any, ...] = (None, 3, "x", [], {}, [[]], {"a": 1}, True, 1e999)
    for value in strange:
        for key in written():
            reader().order({**written(), key: value})
        for key in written_measure():
            reader().order(written(written_measure(**{key: value})))
            reader().order(written(written_measure(**{key: [value]})))
        for key in written_period():
            reader().order(written(written_measure(periods=[{**written_period(), key: value}])))
            reader().order(written(written_measure(periods=[{**written_period(), key: [value]}])))
        for key in ("appliesTo", "except"):
            reader().order(
                written(written_measure(vehicles={key: [value, {"is": value}, {"is": "over", "size": value}]}))
            )
        reader().order(written(written_measure(places=[{"found": value}, {"found": {"kind": value, "shape": value}}])))


def test_a_condition_in_words_is_flagged_when_it_is_typed() -> None:
    order = read(
        written(written_measure(vehicles={"appliesTo": [{"is": "freeText", "text": "forains"}], "except": []}))
    )
    assert order.measures[0].vehicles == VehicleRule((FreeText("forains"),))
    assert [(issue.code, issue.params["value"]) for issue in order.issues] == [("condition-in-words", "forains")]


HOUR = timedelta(hours=1)


def sessions(*pairs: tuple[str, str]) -> tuple[Session, ...]:
    return tuple(Session(instant(start), instant(end)) for start, end in pairs)


def test_each_day_of_an_event_is_a_period_when_a_measure_follows_its_calendar() -> None:
    held = sessions(
        ("2027-07-10T10:00", "2027-07-10T12:00"),
        ("2027-07-10T20:00", "2027-07-11T00:30"),  # past midnight, of the 10th
        ("2027-07-12T14:00", "2027-07-12T16:00"),
    )
    events = {"Régates": EventHours(held, 150, 60)}
    follows = written(written_measure(event={"name": "Régates", "before_min": None, "after_min": ""}))
    assert only_measure(follows, events).periods == (
        Period(instant("2027-07-10T07:30"), instant("2027-07-11T01:30")),
        Period(instant("2027-07-12T11:30"), instant("2027-07-12T17:00")),
    )
    wider = written(written_measure(event={"name": "Régates", "before_min": 180, "after_min": 0}))
    assert only_measure(wider, events).periods[1] == Period(instant("2027-07-12T11:00"), instant("2027-07-12T16:00"))


def test_margins_are_elapsed_time_when_the_clock_changes_that_night() -> None:
    # On 31 October 2027 the hour from 2 to 3 comes twice: an hour after 02:30 (first) is 02:30 (second).
    held = sessions(("2027-10-30T22:00", "2027-10-31T02:30"))
    events = {"Nuit": EventHours(held, 150, 60)}
    (period,) = only_measure(written(written_measure(event={"name": "Nuit"})), events).periods
    assert period.end is not None and period.end - held[0].end == HOUR
    assert period.end.astimezone(PARIS).isoformat() == "2027-10-31T02:30:00+01:00"


@pytest.mark.parametrize(
    ("event", "hours", "expected"),
    [
        ({"name": "Vide"}, (), ("measures.0.event.name", "event-without-sessions")),
        ({"name": "Vide", "before_min": -1}, (), ("measures.0.event.before_min", "margin-out-of-range")),
        ({"name": "Vide", "after_min": 1441}, (), ("measures.0.event.after_min", "margin-out-of-range")),
        ({"name": "Vide", "after_min": "x"}, (), ("measures.0.event.after_min", "margin-out-of-range")),
    ],
)
def test_an_event_is_refused_when_it_gives_no_hours(
    event: dict[str, Any], hours: tuple[Session, ...], expected: tuple[str, str]
) -> None:
    assert expected in faults(written(written_measure(event=event)), {"Vide": EventHours(hours, 150, 60)})


def test_an_hour_that_comes_twice_is_told_apart_when_it_is_written() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert write_local(first, PARIS) == "2026-10-25T02:30"
    assert write_local(first + HOUR, PARIS) == "2026-10-25T02:30+01:00"
    assert write_local(first, PARIS, is_end=True) == "2026-10-25T02:30+02:00"
    assert write_local(first + HOUR, PARIS, is_end=True) == "2026-10-25T02:30"
    for at in (first, first + HOUR, first - HOUR, first + timedelta(seconds=7)):
        for is_end in (False, True):
            assert read_local(write_local(at, PARIS, is_end=is_end), PARIS, is_end=is_end) == at
    with pytest.raises(HourSkipped):
        read_local("2026-03-29T02:30", PARIS)


def test_a_period_is_as_wide_as_its_words_when_an_hour_comes_twice() -> None:
    found = only_measure(written(written_measure(periods=[written_period("2026-10-25T02:15", "2026-10-25T02:30")])))
    first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert found.periods == (Period(first, first + timedelta(minutes=75)),)


def test_an_order_is_the_same_when_its_own_document_is_read() -> None:
    area = MeasureLocation(LocationKind.AREA, "Centre", shapely.box(2.36, 48.86, 2.365, 48.865), Direction.BOTH)
    town = {"kind": "town", "spec": {"except": []}, "found": json.loads(json.dumps(location_to_json(area)))}
    order = read(written(written_measure(places=[written_place(), town]), subject="other", subject_text="Fête"))
    document = document_of(order, PARIS)
    again = read(json.loads(json.dumps(document)))
    assert again == order and dict(again.provenance) == dict(order.provenance)
    assert document_digest(json.loads(json.dumps(document))) == document_digest(document)
