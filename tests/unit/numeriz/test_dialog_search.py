"""The JSON search of the national base: each field of an order, then the names it gives to the places of the feed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.common.errors import Invalid
from portal.numeriz.imports.dialog_enrichment import enrich
from portal.numeriz.imports.dialog_search import DIALOG_JSON
from portal.numeriz.imports.reading import Bounds, Reading, ReadingContext, SourceFile, Understood
from portal.numeriz.values import Category, MeasureDraft, OrderDraft, OrderStatus, Subject
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.dialog_answers import geometry, item, measure, page, period, road, slot, street, vehicles

START, END = datetime(2026, 8, 31, 22, tzinfo=UTC), datetime(2026, 9, 15, 22, tzinfo=UTC)
LINE = shapely.LineString([(2.36, 48.86), (2.3604, 48.8603), (2.3608, 48.8606)])


def opened(folder: Path, *contents: bytes, bounds: Bounds | None = None, **options: str) -> Reading[OrderDraft]:
    files = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.json"
        path.write_bytes(content)
        files.append(SourceFile(path.name, path))
    return DIALOG_JSON.open(
        files, ReadingContext(ZoneInfo("Europe/Paris"), bounds, START, 10**6, 10**5, options=options)
    )


def understood(folder: Path, found: dict[str, Any], **more: Any) -> Understood[OrderDraft]:
    (record,) = opened(folder, page(found), **more).records
    return record.read()


def order(folder: Path, found: dict[str, Any], **more: Any) -> OrderDraft:
    (draft,) = understood(folder, found, **more).drafts
    return draft


def only(folder: Path, **changes: Any) -> tuple[MeasureDraft, list[str]]:
    """The one measure of an order, changed so, and the doubts about it."""
    draft = order(folder, item(measures=[measure(**changes)]))
    return draft.measures[0], [issue.code for issue in draft.issues]


def test_an_order_is_read_whole_when_it_is_as_documented(tmp_path: Path) -> None:
    assert order(tmp_path, item()) == OrderDraft(
        identifier="F2026/001#bis",
        title="Travaux 'rue des Tanneurs'",
        authority_name="Ville de Paris",
        category=Category.TEMPORARY,
        measures=(
            MeasureDraft(
                MeasureType.NO_ENTRY,
                (MeasureLocation(LocationKind.NAMED_STREET, "Rue des Tanneurs (12 – 24), Paris", LINE),),
                (Period(START, END),),
            ),
        ),
        subject=Subject.ROADWORKS,
        source="dialog-json",
        source_id="F2026/001#bis#e0d93630-acf7-4722-81e8-ff7d5fa64b66",
        provenance={
            "source": "dialog-json",
            "organisation": "e0d93630-acf7-4722-81e8-ff7d5fa64b66",
            "licence": "Licence Ouverte 2.0",
            "places": [["0654b639-0000-7507-8000-000000000001"]],
        },
    )


@pytest.mark.parametrize(
    ("changes", "kind", "speed", "codes"),
    [
        ({"type": "noEntry"}, MeasureType.NO_ENTRY, None, []),
        ({"type": "speedLimitation", "maxSpeed": 30}, MeasureType.SPEED_LIMIT, 30, []),
        ({"type": "speedLimitation"}, MeasureType.SPEED_LIMIT, None, []),
        ({"type": "speedLimitation", "maxSpeed": 300}, MeasureType.SPEED_LIMIT, None, ["speed-not-understood"]),
        ({"type": "alternateRoad"}, MeasureType.ALTERNATE_TRAFFIC, None, []),
        ({"type": "noOvertaking"}, MeasureType.NO_OVERTAKING, None, []),
        ({"type": "parkingProhibited"}, MeasureType.NO_PARKING, None, []),
        ({"type": "teleport"}, MeasureType.UNKNOWN, None, ["unknown-measure"]),
    ],
)
def test_the_type_is_known_when_the_base_has_this_word(
    tmp_path: Path, changes: dict[str, Any], kind: MeasureType, speed: int | None, codes: list[str]
) -> None:
    found, doubts = only(tmp_path, **changes)
    assert (found.type, found.max_speed_kmh, doubts) == (kind, speed, codes)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (None, VehicleRule()),
        (vehicles(), VehicleRule()),
        (vehicles(limits={"weight": 7.5}), VehicleRule((Over(Size.GROSS_WEIGHT, 7500),))),
        (
            vehicles(limits={"width": 2.55, "length": 12, "height": "4.15"}),
            VehicleRule((Over(Size.WIDTH, 255), Over(Size.LENGTH, 1200), Over(Size.HEIGHT, 415))),
        ),
        (
            vehicles(["critair4", "critair5", "critairWithout"]),
            VehicleRule((AirClassIn(frozenset({AirClass.CLASS_4, AirClass.CLASS_5, AirClass.NONE})),)),
        ),
        (
            vehicles(["hazardousMaterials"], ["emergencyServices", "desserteLocale"]),
            VehicleRule((CarriesHazmat(),), (UsedFor(Usage.EMERGENCY), HasAccess(Access.LOCAL_ACCESS))),
        ),
        (
            vehicles([], ["police", "commercial", "cityLogistics"]),
            VehicleRule((), (UsedFor(Usage.POLICE), UsedFor(Usage.PUBLIC_TRANSPORT), UsedFor(Usage.CITY_LOGISTICS))),
        ),
        (
            vehicles([{"name": "Convois exceptionnels", "isOther": True}]),
            VehicleRule((FreeText("Convois exceptionnels"),)),
        ),
        (
            {"restrictedTypes": ["heavyGoodsVehicle"], "exemptedTypes": [], "maxCharacteristics": []},
            VehicleRule((HEAVY_GOODS,)),
        ),
    ],
    ids=["none", "empty", "weight", "sizes", "stickers", "hazmat", "exempted", "in words", "texts"],
)
def test_vehicles_are_those_over_the_limits_when_there_are_some(
    tmp_path: Path, written: object, rule: VehicleRule
) -> None:
    found, doubts = only(tmp_path, vehicleSet=written)
    assert (found.vehicles, doubts) == (rule, [])


@pytest.mark.parametrize(
    "written", [vehicles(["hovercraft"]), vehicles(limits={"weight": "heavy"}), vehicles(limits={"depth": 2})]
)
def test_vehicles_bind_nobody_when_the_word_is_unknown(tmp_path: Path, written: object) -> None:
    found, doubts = only(tmp_path, vehicleSet=written)
    assert doubts == ["vehicle-not-understood"]
    assert all(isinstance(criterion, FreeText) for criterion in found.vehicles.applies_to)


@pytest.mark.parametrize(
    ("title", "bound", "kind", "codes"),
    [
        ("Mise en sens unique de la rue Monge", None, MeasureType.ONE_WAY, ["read-as-one-way", "maybe-one-way"]),
        ("Sens interdit et rue barrée", None, MeasureType.NO_ENTRY, ["maybe-one-way"]),
        ("Mise en sens unique", vehicles(["hazardousMaterials"]), MeasureType.NO_ENTRY, ["maybe-one-way"]),
        ("Rue barrée", None, MeasureType.NO_ENTRY, []),
    ],
)
def test_a_ban_closes_nothing_when_its_title_makes_it_a_one_way_street(
    tmp_path: Path, title: str, bound: object, kind: MeasureType, codes: list[str]
) -> None:
    draft = order(tmp_path, item(title=title, measures=[measure(type="noEntry", vehicleSet=bound)]))
    assert draft.measures[0].type is kind
    assert [issue.code for issue in draft.issues] == codes


def test_an_exemption_is_doubted_when_it_sounds_like_local_access(tmp_path: Path) -> None:
    found, codes = only(tmp_path, vehicleSet=vehicles([], [{"name": "déserte locale", "isOther": True}]))
    assert found.vehicles.except_ == (FreeText("déserte locale"),) and codes == ["maybe-local-access"]


def days(*ranges: tuple[str, str]) -> dict[str, object]:
    listed = [{"firstDay": first, "lastDay": last} for first, last in ranges]
    return {"recurrenceType": "certainDays", "dailyRange": {"dayRanges": listed}}


PHP_LIST = {"dayRanges": {"1": {"firstDay": "monday", "lastDay": "monday"}}}
CROSSED = {"cityLabel": "Paris", "roadName": "Rue Monge", "fromRoadName": "Rue A", "toRoadName": "Rue B"}
MON, TUE, WED, SAT, SUN = Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.SATURDAY, Weekday.SUNDAY


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (period(), Period(START, END)),
        (period(endDateTime=None), Period(START, END)),
        (period(startDateTime="2026-09-02T06:00:00+00:00"), Period(datetime(2026, 9, 2, 6, tzinfo=UTC), END)),
        (period(timeSlots=[slot("18:00", "22:00")]), Period(START, END, slots=(TimeSlot(time(19), time(23)),))),
        (
            period(timeSlots=[slot("23:30", "04:59")], **days(("friday", "friday"))),
            Period(START, END, frozenset({Weekday.FRIDAY}), (TimeSlot(time(0, 30), time(6)),)),
        ),
        (period(timeSlots=[slot("23:00", "22:59")]), Period(START, END)),
        (period(**days(("monday", "wednesday"))), Period(START, END, frozenset({MON, TUE, WED}))),
        (period(**days(("saturday", "monday"))), Period(START, END, frozenset({SAT, SUN, MON}))),
        (period(**days(("monday", "sunday"))), Period(START, END)),
        (
            period(recurrenceType="certainDays", dailyRange={"dayRanges": ["monday", "tuesday"]}),
            Period(START, END, frozenset({MON, TUE})),
        ),
        (
            period(recurrenceType="certainDays", dailyRange=PHP_LIST),
            Period(START, END, frozenset({MON})),
        ),
    ],
    ids=[
        "all",
        "no end",
        "own start",
        "slot",
        "past midnight",
        "whole day",
        "days",
        "over sunday",
        "week",
        "texts",
        "php list",
    ],
)
def test_periods_are_on_the_local_clock_when_slots_are_written_an_hour_early(
    tmp_path: Path, written: dict[str, Any], expected: Period
) -> None:
    found, doubts = only(tmp_path, periods=[written])
    assert (found.periods, doubts) == ((expected,), [])


def test_a_slot_is_taken_as_it_is_when_the_option_says_local(tmp_path: Path) -> None:
    written = item(measures=[measure(periods=[period(timeSlots=[slot("08:00", "10:00")])])])
    (found,) = order(tmp_path, written, slot_clock="local").measures[0].periods
    assert found.slots == (TimeSlot(time(8), time(10)),)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (period(startDateTime="soon"), "period-unreadable"),
        (period(timeSlots=[{"startTime": "early", "endTime": "late"}]), "period-unreadable"),
        (period(endDateTime="2026-08-01T00:00:00+00:00"), "period-unreadable"),
        (period(recurrenceType="certainDays"), "period-not-understood"),
        (period(recurrenceType="fullMoon"), "period-not-understood"),
        (period(**days(("monday", "someday"))), "period-not-understood"),
    ],
)
def test_a_period_has_no_effect_when_it_cannot_be_read(tmp_path: Path, written: dict[str, Any], code: str) -> None:
    found, doubts = only(tmp_path, periods=[written])
    assert (found.periods, doubts) == ((), [code])


def test_a_measure_lasts_as_long_as_its_order_when_it_has_no_period(tmp_path: Path) -> None:
    assert only(tmp_path, periods=[])[0].periods == (Period(START, END),)
    permanent = item(category="permanentRegulation", endDate=None, measures=[measure(periods=[])])
    draft = order(tmp_path, permanent)
    assert (draft.category, draft.measures[0].periods, draft.ends_at) == (Category.PERMANENT, (Period(START),), None)


@pytest.mark.parametrize(
    ("place", "kind", "label"),
    [
        (street(), LocationKind.NAMED_STREET, "Rue des Tanneurs (12 – 24), Paris"),
        (
            street(namedStreet=CROSSED),
            LocationKind.NAMED_STREET,
            "Rue Monge (Rue A – Rue B), Paris",
        ),
        (
            street(namedStreet={"cityLabel": None, "roadName": "Rue Monge", "fromHouseNumber": None}),
            LocationKind.NAMED_STREET,
            "Rue Monge",
        ),
        (road(), LocationKind.NUMBERED_ROAD, "D14 (7+779 – 8+413 D), Nord"),
        (
            street(roadType="rawGeoJSON", namedStreet=None, rawGeoJSON={"label": "Le quai"}),
            LocationKind.FREE_GEOMETRY,
            "Le quai",
        ),
        (street(roadType="zone", namedStreet=None, zone={"label": "Zone 30"}), LocationKind.AREA, "Zone 30"),
        (street(roadType="wholeCity", namedStreet=None), LocationKind.WHOLE_CITY, ""),
    ],
    ids=["numbers", "streets", "whole street", "road", "drawn", "zone", "city"],
)
def test_a_place_is_named_as_exactly_as_the_base_does(
    tmp_path: Path, place: dict[str, Any], kind: LocationKind, label: str
) -> None:
    found, doubts = only(tmp_path, locations=[place])
    (location,) = found.locations
    assert (location.kind, location.label, location.direction, doubts) == (kind, label, Direction.UNKNOWN, [])
    assert location.shape.equals_exact(LINE, 0)


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        (street(geometry=None), ["place-not-drawn"]),
        (street(geometry="{"), ["place-unreadable"]),
        (street(geometry='{"type":"Point","coordinates":[2.36,48.86]}'), ["place-is-a-point"]),
        (road(storageArea={"description": "Parking du stade"}), ["storage-area-not-drawn"]),
    ],
)
def test_a_place_is_doubted_when_it_is_not_drawn(tmp_path: Path, place: dict[str, Any], codes: list[str]) -> None:
    assert only(tmp_path, locations=[place])[1] == codes


@pytest.mark.parametrize(("bounds", "kept"), [((2.35, 48.85, 2.38, 48.87), 1), ((5.0, 43.0, 5.5, 43.5), 0), (None, 1)])
def test_an_order_is_kept_when_some_of_it_is_in_the_territory(tmp_path: Path, bounds: Bounds | None, kept: int) -> None:
    found = understood(tmp_path, item(), bounds=bounds)
    assert len(found.drafts) == kept
    assert [issue.code for issue in found.issues] == ([] if kept else ["outside-not-kept"])


def test_a_draft_is_no_law_when_the_base_has_not_published_it(tmp_path: Path) -> None:
    draft = order(tmp_path, item(status="draft"))
    assert (draft.status, [issue.code for issue in draft.issues]) == (OrderStatus.DRAFT, ["order-not-in-force"])


def test_an_order_is_kept_with_a_doubt_when_its_dates_cannot_be_read(tmp_path: Path) -> None:
    draft = order(tmp_path, item(startDate="one day", measures=[measure(periods=[])]))
    assert [issue.code for issue in draft.issues] == ["order-dates-unreadable", "period-not-understood"]
    assert draft.measures[0].periods == ()


def test_several_pages_and_lists_are_one_source_when_they_are_given_together(tmp_path: Path) -> None:
    contents = page(item(identifier="A")), json.dumps([item(identifier="B")]).encode()
    assert all(DIALOG_JSON.recognises(content, "x") for content in contents)
    reading = opened(tmp_path, *contents)
    records = list(reading.records)
    assert [record.id.partition("#")[0] for record in records] == ["A", "B"]
    assert (reading.complete, reading.snapshot) == (True, frozenset())
    assert {issue.code for issue in reading.issues} == {"direction-never-written", "heavy-never-written"}


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        (b'{"error": "Invalid"}', {}, "not-regulations"),
        (b'{"regulations": [1]}', {}, "not-regulations"),
        (b"<html>", {}, "not-json"),
        (b"", {}, "file-empty"),
        (page(), {"slot_clock": "lunar"}, "bad-option"),
    ],
)
def test_a_file_is_refused_when_it_is_no_answer(
    tmp_path: Path, content: bytes, options: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        opened(tmp_path, content, **options)


def feed_order(*places: tuple[str, shapely.LineString], more: tuple[MeasureDraft, ...] = ()) -> OrderDraft:
    """An order as the feed gives it: names alone."""
    locations = tuple(MeasureLocation(LocationKind.NAMED_STREET, name, line) for name, line in places)
    measures = (MeasureDraft(MeasureType.NO_ENTRY, locations, (Period(START),)), *more)
    return OrderDraft("F2026/001", "Travaux", "Paris", Category.PERMANENT, measures, source="dialog", source_id="u")


OTHER = [[2.37, 48.87], [2.371, 48.87]]
OTHER_LINE = shapely.LineString(OTHER)


def labels(found: OrderDraft) -> list[str]:
    return [location.label for measure in found.measures for location in measure.locations]


def test_a_place_is_named_when_the_search_draws_it_alike(tmp_path: Path) -> None:
    before = feed_order(("Rue B", OTHER_LINE), ("Rue A", LINE))
    places = [street("Rue A", uuid="a"), street("Rue B", uuid="b", geometry=geometry(OTHER[::-1]))]
    after = enrich(before, item(measures=[measure(locations=places)]))
    assert labels(after) == ["Rue B (12 – 24), Paris", "Rue A (12 – 24), Paris"]
    assert after.provenance["places"] == [["b", "a"]]
    assert enrich(after, item(measures=[measure(locations=places)])) == after
    assert replace(after, measures=before.measures, provenance={}) == before


def test_a_place_keeps_its_name_when_two_of_one_shape_are_named_otherwise() -> None:
    places = [street("Rue A"), street("Rue A", namedStreet={"cityLabel": "Paris", "roadName": "Rue A"})]
    before = feed_order(("Rue A", LINE))
    assert enrich(before, item(measures=[measure(locations=places)])) == before


@pytest.mark.parametrize(("name", "named"), [("RUE A", True), ("Rue B", False)])
def test_a_place_drawn_otherwise_is_named_when_its_name_agrees(name: str, named: bool) -> None:
    before = feed_order((name, OTHER_LINE))
    after = enrich(before, item(measures=[measure(locations=[street("Rue A")])]))
    assert labels(after) == (["Rue A (12 – 24), Paris"] if named else [name])


def test_storage_areas_are_passed_over_when_measures_are_counted() -> None:
    area = MeasureDraft(
        MeasureType.STORAGE_AREA,
        (MeasureLocation(LocationKind.FREE_GEOMETRY, "Parking", OTHER_LINE),),
        (Period(START),),
    )
    second = feed_order(("Rue B", shapely.LineString([(2, 48), (2.1, 48)]))).measures
    before = feed_order(("Rue A", LINE), more=(area, *second))
    measures = [measure(locations=[street("Rue A")]), measure(locations=[street("Rue B", geometry=None)])]
    after = enrich(before, item(measures=measures))
    assert labels(after) == ["Rue A (12 – 24), Paris", "Parking", "Rue B (12 – 24), Paris"]


def test_nothing_changes_when_the_search_knows_nothing_of_it() -> None:
    before = feed_order(("Rue A", LINE))
    assert enrich(before, {}) is before
    assert enrich(before, item(measures=None)) is before
