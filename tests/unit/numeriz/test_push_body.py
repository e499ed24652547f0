"""An order as the national base takes it: what is sent reads back as the same law, and the rest is not sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.common.errors import Invalid
from portal.numeriz.imports.dialog_search import read_order
from portal.numeriz.imports.reading import ReadingContext
from portal.numeriz.imports.written_clock import SlotClock
from portal.numeriz.pushing.body import order_body
from portal.numeriz.pushing.vehicles import vehicles_body
from portal.numeriz.queries import OrderView
from portal.numeriz.values import Category, MeasureDraft, OrderStatus, Subject
from portal.regulations.measures import Direction, LocationKind, MatchedEdge, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.dialog_base import DialogBase

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
END = datetime(2026, 12, 20, 17, 0, tzinfo=UTC)
STREET = MeasureLocation(
    LocationKind.FREE_GEOMETRY, "Rue des Tanneurs", shapely.LineString([(2.37, 48.862), (2.372, 48.863)])
)
SQUARE = MeasureLocation(LocationKind.AREA, "Vieux marché", shapely.box(2.36, 48.86, 2.364, 48.864))
CLOSED = MeasureDraft(MeasureType.NO_ENTRY, (STREET,), (Period(START, END),))


def order(*measures: MeasureDraft, **changes: Any) -> OrderView:
    about: dict[str, Any] = {
        "id": UUID(int=1),
        "identifier": "2026/T-114 bis",
        "title": "Travaux rue des Tanneurs",
        "authority_name": "Ville d’essai",
        "category": Category.TEMPORARY,
        "subject": Subject.ROADWORKS,
        "status": OrderStatus.PUBLISHED,
        "url": "",
        "provenance": {},
        "issues": (),
        "measures": [(UUID(int=number), measure) for number, measure in enumerate(measures or (CLOSED,))],
        "source": "numeriz",
    }
    return OrderView(**{**about, **changes})


def body_of(view: OrderView) -> dict[str, Any]:
    body = order_body(view)
    assert body is not None
    return body


def read_back(view: OrderView) -> tuple[MeasureDraft, ...]:
    """The measures as our own reader of the base finds them."""
    base = DialogBase(orders={view.identifier: json.loads(json.dumps(body_of(view)))})
    context = ReadingContext(PARIS, None, START, most_bytes=10**7, most_rows=10)
    [found] = read_order(base.search_item(view.identifier), SlotClock.UTC, context).drafts
    return found.measures


SAME = {
    "a-closure": CLOSED,
    "an-area": replace(CLOSED, locations=(SQUARE, STREET)),
    "a-speed-limit": replace(CLOSED, type=MeasureType.SPEED_LIMIT, max_speed_kmh=30),
    "no-parking": replace(CLOSED, type=MeasureType.NO_PARKING),
    "alternate-traffic": replace(CLOSED, type=MeasureType.ALTERNATE_TRAFFIC),
    "no-overtaking": replace(CLOSED, type=MeasureType.NO_OVERTAKING),
    "days-and-slots": replace(
        CLOSED,
        periods=(
            Period(
                START,
                END,
                frozenset({Weekday.FRIDAY, Weekday.SATURDAY}),
                (TimeSlot(time(0, 30), time(6, 15)), TimeSlot(time(22), time(2))),
            ),
            Period(datetime(2027, 7, 1, 4, tzinfo=UTC), datetime(2027, 7, 2, 4, tzinfo=UTC)),
        ),
    ),
    "sizes": replace(
        CLOSED,
        vehicles=VehicleRule(
            (Over(Size.GROSS_WEIGHT, 7500), Over(Size.WIDTH, 255), Over(Size.LENGTH, 1200), Over(Size.HEIGHT, 350)),
            (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE), HasAccess(Access.LOCAL_ACCESS)),
        ),
    ),
    "everybody-but": replace(
        CLOSED,
        vehicles=VehicleRule(
            (),
            (
                UsedFor(Usage.PUBLIC_TRANSPORT),
                UsedFor(Usage.TAXI),
                UsedFor(Usage.CARPOOL),
                UsedFor(Usage.ROADWORKS),
                UsedFor(Usage.CITY_LOGISTICS),
                HasAccess(Access.RESIDENT),
                IsRoadUser(RoadUser.PEDESTRIAN),
                IsRoadUser(RoadUser.BICYCLE),
                FreeText("véhicules du marché"),
            ),
        ),
    ),
    "air-classes-and-hazmat": replace(
        CLOSED,
        vehicles=VehicleRule((CarriesHazmat(), AirClassIn(frozenset({AirClass.CLASS_5, AirClass.NONE, AirClass.E})))),
    ),
    "words": replace(CLOSED, vehicles=VehicleRule((FreeText("véhicules à chevaux"),))),
}


@pytest.mark.parametrize("measure", SAME.values(), ids=SAME.keys())
def test_what_is_sent_reads_back_as_the_same_law_when_the_base_can_say_it(measure: MeasureDraft) -> None:
    assert read_back(order(measure)) == (measure,)


def test_an_order_without_an_end_is_sent_as_permanent_when_it_is() -> None:
    lasting = replace(CLOSED, periods=(Period(START),))
    view = order(lasting, category=Category.PERMANENT, subject=None)
    [period] = body_of(view)["measures"][0]["periods"]
    assert period["isPermanent"] is True and "endDate" not in period and "endTime" not in period
    assert body_of(view)["category"] == "permanentRegulation"
    assert read_back(view) == (lasting,)


def test_instants_are_sent_to_the_minute_and_never_end_early_when_they_have_seconds() -> None:
    switched = Period(START.replace(second=41), END.replace(second=3, microsecond=7))
    [period] = body_of(order(replace(CLOSED, periods=(switched,))))["measures"][0]["periods"]
    assert (period["startDate"], period["endTime"]) == ("2026-12-01T06:30:00Z", "2026-12-20T17:01:00Z")


def test_slots_are_written_an_hour_behind_when_it_is_summer_too() -> None:
    night = Period(datetime(2027, 7, 1, 4, tzinfo=UTC), None, slots=(TimeSlot(time(0, 30), time(6)),))
    [slot] = body_of(order(replace(CLOSED, periods=(night,))))["measures"][0]["periods"][0]["timeSlots"]
    assert slot == {"startTime": "1970-01-01T23:30:00Z", "endTime": "1970-01-01T05:00:00Z"}


@pytest.mark.parametrize(
    ("said", "sent"),
    [({"subject_text": "Tournage"}, "Tournage"), ({}, "Travaux rue des Tanneurs")],
    ids=["in-words", "title"],
)
def test_another_subject_is_told_in_words_when_the_base_asks_for_them(said: dict[str, str], sent: str) -> None:
    assert body_of(order(subject=Subject.OTHER, provenance=said))["otherCategoryText"] == sent


def test_the_lowest_limit_is_sent_when_several_bind() -> None:
    rule = VehicleRule((Over(Size.GROSS_WEIGHT, 12_000), Over(Size.GROSS_WEIGHT, 3500)))
    assert vehicles_body(rule)["heavyweightMaxWeight"] == 3.5


def test_what_the_base_has_no_word_for_is_sent_in_words_when_it_fits() -> None:
    rule = VehicleRule(
        (Over(Size.AXLE_LOAD, 9000), Over(Size.GROSS_WEIGHT, 48_000)),
        (Over(Size.HEIGHT, 200), UsedFor(Usage.TAXI)),
    )
    body = vehicles_body(rule)
    assert body["restrictedTypes"] == ["other"] and "heavyweightMaxWeight" not in body
    assert "9\u00a0t" in body["otherRestrictedTypeText"] and "48\u00a0t" in body["otherRestrictedTypeText"]
    assert body["exemptedTypes"] == ["taxi", "other"] and "2\u00a0m" in body["otherExemptedTypeText"]


def test_a_measure_is_left_out_when_it_never_applies_any_more() -> None:
    lifted = replace(CLOSED, periods=(Period(START, START),))
    assert len(body_of(order(lifted, CLOSED))["measures"]) == 1
    assert order_body(order(lifted)) is None


NOWHERE = replace(STREET, shape=shapely.LineString())
REPEATED = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
REFUSED = {
    "push-type": replace(CLOSED, type=MeasureType.STORAGE_AREA),
    "push-speed": replace(CLOSED, type=MeasureType.SPEED_LIMIT),
    "push-place": replace(CLOSED, locations=(STREET, NOWHERE)),
    "push-direction": replace(CLOSED, locations=(replace(STREET, direction=Direction.FORWARD),)),
    "push-holidays": replace(CLOSED, periods=(Period(START, END, holidays=HolidayRule.EXCEPTED),)),
    "push-hour": replace(CLOSED, periods=(Period(REPEATED, END),)),
    "push-text-too-long": replace(CLOSED, vehicles=VehicleRule((FreeText("x" * 101),))),
}


@pytest.mark.parametrize(("code", "measure"), REFUSED.items(), ids=REFUSED.keys())
def test_an_order_is_not_sent_when_the_base_cannot_say_it(code: str, measure: MeasureDraft) -> None:
    with pytest.raises(Invalid) as refused:
        order_body(order(CLOSED, measure))
    assert (refused.value.code, refused.value.params["measure"]) == (code, 2)


@pytest.mark.parametrize(
    ("direction", "runs_along", "sent"),
    [
        (Direction.FORWARD, (True, True), True),
        (Direction.BACKWARD, (False,), True),
        (Direction.FORWARD, (True, False), False),
        (Direction.BACKWARD, (True,), False),
        (Direction.FORWARD, (), False),
    ],
)
def test_a_direction_is_left_out_only_when_the_street_has_no_other(
    direction: Direction, runs_along: tuple[bool, ...], sent: bool
) -> None:
    edges = tuple(MatchedEdge("g-1", str(number), along) for number, along in enumerate(runs_along))
    view = order(replace(CLOSED, locations=(replace(STREET, direction=direction, edges=edges),)))
    if sent:
        assert body_of(view)["measures"][0]["locations"][0]["roadType"] == "rawGeoJSON"
    else:
        with pytest.raises(Invalid, match="push-direction"):
            order_body(view)


@pytest.mark.parametrize("identifier", ["search", "../../organization/identifiers", "a/./b", "a//b", "cifs.xml", "/a"])
def test_an_order_is_not_sent_when_its_identifier_leads_elsewhere(identifier: str) -> None:
    with pytest.raises(Invalid) as refused:
        order_body(order(identifier=identifier))
    assert refused.value.code == "push-identifier"
