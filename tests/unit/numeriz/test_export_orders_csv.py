"""Goods-traffic orders in the national schema: real towns unchanged, our own orders read back to the same law."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.numeriz.exports.national_csv import OrdersCsvWriter
from portal.numeriz.imports.cerema import CEREMA
from portal.numeriz.imports.opening_hours import closed_hours
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.values import Category, DeliveryHours, MeasureDraft, OrderDraft
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    Criterion,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.editions import EDITION, written

TOWNS = {
    "carros": 13,
    "fuveau": 3,
    "gignac": 1,
    "le-rove": 3,
    "septemes-les-vallons": 4,
    "st-victoret": 1,
    "vence": 9,
}
PARIS = ZoneInfo("Europe/Paris")
START = datetime(2024, 1, 1, tzinfo=PARIS).astimezone(UTC)
LINE = shapely.LineString([(2.36, 48.86), (2.37, 48.861)])
HEAVY = VehicleRule((Over(Size.GROSS_WEIGHT, 7500),), (HasAccess(Access.RESIDENT), UsedFor(Usage.CITY_LOGISTICS)))


def read(content: bytes, folder: Path, own_url: str = "", ban_hours: str = "banned") -> list[OrderDraft]:
    path = folder / "arretes.csv"
    path.write_bytes(content)
    context = ReadingContext(
        PARIS, None, datetime(2026, 10, 5, tzinfo=UTC), 10**8, 10**5, own_url, options={"ban_hours": ban_hours}
    )
    reading = CEREMA.open([SourceFile("arretes.csv", path)], context)
    return [draft for record in reading.records for draft in record.read().drafts]


def rows(content: bytes) -> list[dict[str, str]]:
    found = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    return [{name: cell.strip() for name, cell in row.items() if cell and cell.strip()} for row in found]


def order(*measures: MeasureDraft, category: Category = Category.PERMANENT) -> OrderDraft:
    return OrderDraft("2024/7", "Arrêté d’essai", "Ville d’essai", category, measures)


def ban(
    rule: VehicleRule = HEAVY,
    *periods: Period,
    kind: MeasureType = MeasureType.NO_ENTRY,
    label: str = "Rue Basse",
    direction: Direction = Direction.BOTH,
    shape: shapely.geometry.base.BaseGeometry = LINE,
) -> MeasureDraft:
    place = MeasureLocation(LocationKind.NAMED_STREET, label, shape, direction)
    return MeasureDraft(kind, (place,), periods or (Period(START),), rule)


def times(measure: MeasureDraft) -> tuple[object, ...]:
    """When a measure holds, and when it does not: a night is the same in one piece or in two."""
    bounds = {(period.start, period.end) for period in measure.periods}
    return bounds, closed_hours(DeliveryHours(p.weekdays, p.slots, p.holidays) for p in measure.periods)


@pytest.mark.parametrize(("town", "count"), TOWNS.items())
def test_a_real_town_is_the_same_when_written_again(shared_data: Path, town: str, count: int, tmp_path: Path) -> None:
    content = (shared_data / "traffic-orders" / f"{town}.csv").read_bytes()
    drafts = read(content, tmp_path)
    again = written(OrdersCsvWriter, drafts)
    assert sorted(rows(again), key=str) == sorted(rows(content), key=str) and len(rows(again)) == count
    assert [replace(draft, issues=()) for draft in read(again, tmp_path)] == [replace(d, issues=()) for d in drafts]


def test_the_columns_are_those_of_the_schema(shared_data: Path) -> None:
    path = shared_data / "traffic-orders" / "schema-arrete-circulation-marchandises-v0.8.0.json"
    names = [field["name"] for field in json.loads(path.read_text("utf-8"))["fields"]]
    assert written(OrdersCsvWriter, []).decode().strip().split(",") == names


def test_ids_are_unique_when_several_towns_number_from_one(shared_data: Path, tmp_path: Path) -> None:
    drafts = [
        draft
        for town in TOWNS
        for draft in read((shared_data / "traffic-orders" / f"{town}.csv").read_bytes(), tmp_path)
    ]
    ids = [row["ID"] for row in rows(written(OrdersCsvWriter, drafts))]
    assert len(ids) == len(set(ids)) == sum(TOWNS.values())


@pytest.mark.parametrize(
    "measure",
    [
        ban(),
        ban(VehicleRule((), (UsedFor(Usage.EMERGENCY),))),
        ban(VehicleRule((Over(Size.HEIGHT, 350),))),
        ban(VehicleRule((AirClassIn(frozenset({AirClass.CLASS_5, AirClass.NONE})),), (FreeText("forains"),))),
        ban(
            VehicleRule(
                (UsedFor(Usage.CITY_LOGISTICS), FreeText("bennes")),
            )
        ),
        ban(HEAVY, Period(START, None, frozenset({Weekday.MONDAY, Weekday.TUESDAY}), (TimeSlot(time(7), time(9)),))),
        ban(HEAVY, Period(START, None, frozenset(), (TimeSlot(time(22), time(6)),))),
        ban(
            HEAVY,
            Period(START, None, frozenset({Weekday.SATURDAY}), (TimeSlot(time(7), time(9)),), HolidayRule.EXCEPTED),
        ),
        ban(HEAVY, Period(START, datetime(2030, 1, 1, tzinfo=PARIS))),
        ban(shape=shapely.box(2, 48, 3, 49)),
        ban(shape=shapely.MultiLineString([[(2, 48), (2.1, 48)], [(2.2, 48), (2.3, 48.123456789)]])),
    ],
)
def test_a_ban_is_the_same_when_it_is_read_back(measure: MeasureDraft, tmp_path: Path) -> None:
    [found] = read(written(OrdersCsvWriter, [order(measure)]), tmp_path)
    assert (found.identifier, found.title, found.authority_name) == ("2024/7", "Arrêté d’essai", "Ville d’essai")
    [again] = found.measures
    assert (again.type, times(again), again.vehicles) == (measure.type, times(measure), measure.vehicles)
    [place], [drawn] = again.locations, measure.locations
    assert (place.label, place.direction) == (drawn.label, drawn.direction)
    assert place.shape.equals(drawn.shape)


MORNING = Period(START, None, frozenset(), (TimeSlot(time(7), time(10)),))
EVENING = Period(START, None, frozenset(), (TimeSlot(time(17), time(20)),))


def test_the_hours_of_a_line_are_those_of_allowed_traffic() -> None:
    found = rows(written(OrdersCsvWriter, [order(ban(HEAVY, MORNING))]))
    assert [(row["REGL_MODALITE"], row.get("PERIODE_JH")) for row in found] == [
        ("Interdit", None),
        ("Autorise", "Mo-Su 00:00-07:00,10:00-24:00"),
    ]


@pytest.mark.parametrize("meant", ["", "banned", "allowed"])
@pytest.mark.parametrize(
    "measures",
    [
        (ban(HEAVY, MORNING, EVENING),),
        (ban(HEAVY, MORNING), ban(VehicleRule((Over(Size.HEIGHT, 350),)), MORNING)),
        (ban(HEAVY, MORNING), ban(HEAVY, EVENING, label="Rue Haute"), ban(HEAVY, label="Rue Neuve")),
        (ban(HEAVY, MORNING, direction=Direction.FORWARD), ban(HEAVY, MORNING, direction=Direction.BACKWARD)),
        (ban(HEAVY, MORNING), ban(HEAVY, MORNING, label="Commune d’Essai")),
    ],
    ids=["two periods", "two limits", "places apart", "ways apart", "whole town"],
)
def test_hours_are_read_back_the_same_whatever_the_reader_believes(
    measures: tuple[MeasureDraft, ...], meant: str, tmp_path: Path
) -> None:
    [found] = read(written(OrdersCsvWriter, [order(*measures)]), tmp_path, ban_hours=meant)
    said = [(again.locations[0].label, times(again), again.vehicles) for again in found.measures]
    assert said == [(one.locations[0].label, times(one), one.vehicles) for one in measures]
    assert found.issues == ()


@pytest.mark.parametrize(
    "other", [ban(VehicleRule((Over(Size.GROSS_WEIGHT, 3500),))), ban(HEAVY, label="Commune d’Essai")]
)
def test_hours_are_left_out_when_they_would_open_another_ban(other: MeasureDraft, tmp_path: Path) -> None:
    [found] = read(written(OrdersCsvWriter, [order(ban(HEAVY, MORNING), other)]), tmp_path)
    [again] = found.measures
    assert (times(again), again.vehicles) == (times(other), other.vehicles)


def test_each_kind_of_limit_is_a_line_when_a_rule_has_several() -> None:
    rule = VehicleRule((Over(Size.GROSS_WEIGHT, 3500), Over(Size.WIDTH, 250), UsedFor(Usage.TAXI)))
    found = rows(written(OrdersCsvWriter, [order(ban(rule))]))
    limits = [{k: v for k, v in row.items() if k.startswith("VEH_")} for row in found]
    assert limits == [{"VEH_USAGES": "Taxis"}, {"VEH_TONNAGE": "3.5"}, {"VEH_LARG": "2.5"}]
    assert len({row["ID"] for row in found}) == 3


@pytest.mark.parametrize(
    "draft",
    [
        order(ban(), category=Category.TEMPORARY),
        order(ban(kind=MeasureType.NO_PARKING)),
        order(ban(VehicleRule((Over(Size.AXLE_LOAD, 11_500),)))),
        order(ban(VehicleRule((Over(Size.FOOTPRINT, 290_000),)))),
    ],
)
def test_nothing_is_written_when_the_schema_cannot_say_it(draft: OrderDraft) -> None:
    assert rows(written(OrdersCsvWriter, [draft])) == []


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("period", "dates"),
    [
        (Period(at(10), at(12)), [("2026-10-10", "2026-10-11")]),
        (Period(at(10), at(26)), [("2026-10-10", "2026-10-25")]),  # the clock changes on the 25th
        (Period(at(10, 12), at(12)), []),
        (Period(at(10), at(12, 8)), []),
        (Period(at(10), datetime(2026, 10, 12, tzinfo=UTC)), []),
        (Period(at(10, 12)), []),
        # Begun before the file was made: the hours of a past day bind nobody any more.
        (Period(at(5, 10)), [("2026-10-05", None)]),
        (Period(at(5, 9), at(12)), [("2026-10-05", "2026-10-11")]),
        (Period(at(5, 9), at(12, 8)), []),
    ],
)
def test_a_ban_is_written_when_its_bounds_are_whole_days(period: Period, dates: list[tuple[str, str | None]]) -> None:
    found = rows(written(OrdersCsvWriter, [order(ban(HEAVY, period))]))
    assert [(row["PERIODE_DEBUT"], row.get("PERIODE_FIN")) for row in found] == dates


def test_an_exemption_without_a_word_of_the_schema_is_kept_in_ours() -> None:
    exempt: Criterion = Over(Size.HEIGHT, 400)
    [row] = rows(written(OrdersCsvWriter, [order(ban(VehicleRule((), (exempt, UsedFor(Usage.TAXI)))))]))
    assert row["SAUF_VEH_USAGES"].endswith("|Taxis") and "4" in row["SAUF_VEH_USAGES"]


def test_a_place_is_named_as_the_schema_allows() -> None:
    names = [
        row["EMPRISE_DESIGNATION"]
        for label in ("Rue d’Été (12 → 14) ; nord", "")
        for row in rows(written(OrdersCsvWriter, [order(ban(label=label))]))
    ]
    assert names == ["Rue d’Été (12 14) nord", "Emprise tracée"]


def test_our_own_lines_are_not_read_back_and_those_of_a_town_are(shared_data: Path, tmp_path: Path) -> None:
    town = read((shared_data / "traffic-orders" / "vence.csv").read_bytes(), tmp_path)
    again = read(written(OrdersCsvWriter, [order(ban()), *town]), tmp_path, EDITION.portal_url)
    assert [draft.source_id for draft in again] == [draft.source_id for draft in town]
