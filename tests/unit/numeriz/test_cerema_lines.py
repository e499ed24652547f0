"""What each kind of line of a municipal order becomes, and what a permission leaves of a ban."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from portal.common.errors import Invalid
from portal.numeriz.imports.cerema import CEREMA
from portal.numeriz.imports.cerema_schema import COLUMNS
from portal.numeriz.imports.reading import Bounds, ReadingContext, SourceFile, Understood
from portal.numeriz.values import Issue, MeasureDraft, OrderDraft
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Direction, LocationKind, MeasureType
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday
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
    Vehicle,
)
from tests.support.municipal import PARIS, line, over, read, understood

CALENDAR = LocalCalendar(PARIS)
MO_FR = frozenset(list(Weekday)[:5])
DELIVERY, EMERGENCY = UsedFor(Usage.CITY_LOGISTICS), UsedFor(Usage.EMERGENCY)
POLICE, TAXI = UsedFor(Usage.POLICE), UsedFor(Usage.TAXI)


ALL = "Tous véhicules"
OLD = AirClassIn(frozenset({AirClass.CLASS_5, AirClass.NONE}))
HEAVY = over(3.5)
CLEAN = "100% électrique et Véhicules à hydrogène"


@pytest.mark.parametrize(
    ("cells", "applies_to", "said"),
    [
        ({}, (HEAVY,), []),
        ({"VEH_TONNAGE": "7,5"}, (over(7.5),), []),
        ({"VEH_TONNAGE": "2"}, (HEAVY,), []),
        ({"VEH_TONNAGE": "19", "VEH_TONNAGE_MODALITE": "à partir de"}, (Over(Size.GROSS_WEIGHT, 18_999),), []),
        ({"VEH_TYPES": ALL, "VEH_TONNAGE": "12"}, (over(12),), []),
        ({"VEH_TYPES": ""}, (), []),
        ({"VEH_TYPES": ALL, "VEH_LONG": "6.5"}, (Over(Size.LENGTH, 650),), []),
        ({"VEH_TYPES": ALL, "VEH_LARG": "2.5", "VEH_HAUT": "3,2"}, (Over(Size.WIDTH, 250), Over(Size.HEIGHT, 320)), []),
        ({"VEH_TYPES": ALL, "VEH_TONNAGE": "9", "VEH_HAUT": "3"}, (over(9), Over(Size.HEIGHT, 300)), []),
        ({"VEH_TYPES": ALL, "VEH_CQAS": "5|Véhicule non classé"}, (OLD,), []),
        ({"VEH_TYPES": ALL, "VEH_CQAS": CLEAN}, (AirClassIn(frozenset({AirClass.E})),), []),
        ({"VEH_TYPES": ALL, "VEH_USAGES": "Transport de matières dangereuses"}, (CarriesHazmat(),), []),
        ({"VEH_TYPES": ALL, "VEH_USAGES": "Taxis|Autocars"}, (TAXI, FreeText("Autocars")), ["condition-in-words"]),
        ({"VEH_TYPES": "Vélo-cargos"}, (IsRoadUser(RoadUser.BICYCLE),), []),
        ({"VEH_TYPES": "Véhicules utilitaires légers"}, None, ["ban-in-words"]),
        ({"VEH_TYPES": "NC"}, None, ["ban-in-words"]),
        ({"VEH_HAUT": "3"}, None, ["ban-in-words"]),
        ({"VEH_CQAS": "5"}, None, ["ban-in-words"]),
        ({"VEH_TYPES": ALL, "VEH_CQAS": "6"}, None, ["ban-in-words"]),
        ({"VEH_USAGES": "Livraison"}, None, ["ban-in-words"]),
        ({"VEH_TONNAGE": "19", "VEH_TONNAGE_MODALITE": "jusqu'à"}, None, ["ban-in-words"]),
        ({"VEH_TONNAGE_MODALITE": "à partir de"}, None, ["ban-in-words"]),
        ({"VEH_TONNAGE": "beaucoup"}, None, ["ban-in-words"]),
        ({"VEH_TONNAGE": "3500"}, None, ["ban-in-words"]),
        ({"VEH_MOTORS": "Électrique"}, None, ["ban-in-words"]),
        ({"INTERV_DUREE": "02:00:00"}, None, ["ban-in-words"]),
        ({"INTERV_HMAX": "10:00"}, None, ["ban-in-words"]),
        ({"PERIODE_JH": "aux heures de pointe"}, None, ["ban-in-words"]),
        ({"PERIODE_DEBUT": "Début des vacances"}, None, ["ban-in-words"]),
    ],
)  # fmt: skip
def test_a_line_binds_exactly_whom_it_names_when_the_law_can_say_it(
    tmp_path: Path, cells: dict[str, str], applies_to: tuple[object, ...] | None, said: list[str]
) -> None:
    [measure], found = read(tmp_path, line(**cells))
    assert measure.type is MeasureType.NO_ENTRY and found == said
    if applies_to is None:
        assert [type(criterion) for criterion in measure.vehicles.applies_to] == [FreeText]
        assert not measure.periods[0].slots
    else:
        assert measure.vehicles.applies_to == applies_to


@pytest.mark.parametrize(
    ("text", "criteria"),
    [
        ("Livraison|Véhicules de police", (DELIVERY, POLICE)),
        ("LIVRAISON|livraison", (DELIVERY,)),
        ("Véhicules d’intérêt général prioritaire", (EMERGENCY, POLICE)),
        ("Riverains|Desserte locale", (HasAccess(Access.RESIDENT), HasAccess(Access.LOCAL_ACCESS))),
        ("NC|", ()),
    ],
)
def test_a_usage_is_an_exemption_when_the_line_excepts_it(
    tmp_path: Path, text: str, criteria: tuple[object, ...]
) -> None:
    [measure], said = read(tmp_path, line(SAUF_VEH_USAGES=text))
    assert (measure.vehicles.except_, said) == (criteria, [])


def test_hours_are_those_of_the_ban_when_nothing_else_is_told(tmp_path: Path) -> None:
    hours = "Mo-Fr 07:00-09:00,16:30-19:00; PH off"
    [measure], said = read(tmp_path, line(PERIODE_JH=hours))
    [period] = measure.periods
    assert said == ["ban-hours-read"]
    assert (period.weekdays, period.holidays) == (MO_FR, HolidayRule.EXCEPTED)
    assert period.slots == (TimeSlot(time(7), time(9)), TimeSlot(time(16, 30), time(19)))
    [same], told = read(tmp_path, line(PERIODE_JH=hours), ban_hours="banned")
    assert (same.periods, told) == (measure.periods, [])


def test_hours_are_the_rest_of_the_day_when_they_are_told_to_be_allowed(tmp_path: Path) -> None:
    [measure], said = read(tmp_path, line(PERIODE_JH="05:00-10:00"), ban_hours="allowed")
    assert said == []
    assert [slot for period in measure.periods for slot in period.slots] == [
        TimeSlot(time(0), time(5)),
        TimeSlot(time(10), time(0)),
    ]


def test_a_file_is_refused_when_the_option_has_no_such_value(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="option-unknown"):
        read(tmp_path, line(), ban_hours="peut-être")


def test_a_ban_has_no_end_when_its_end_is_that_of_the_calendar(tmp_path: Path) -> None:
    [measure], _ = read(tmp_path, line(PERIODE_FIN="9999-12-31"))
    assert measure.periods[0].end is None


def test_dates_bound_the_ban_when_they_are_dates(tmp_path: Path) -> None:
    [measure], said = read(tmp_path, line(PERIODE_DEBUT="2024-03-01", PERIODE_FIN="2024-03-31"))
    [period] = measure.periods
    assert (period.start, period.end, said) == (
        datetime(2024, 3, 1, tzinfo=PARIS),
        datetime(2024, 4, 1, tzinfo=PARIS),
        [],
    )


ALLOW = {"REGL_MODALITE": "Autorise"}
# Vehicle, is it delivering inside, hour of a Tuesday; then whether it may pass.
LIGHT, MIDDLE, LORRY = (Vehicle(gross_weight_kg=kg) for kg in (3000, 10_000, 30_000))
DELIVERER = Vehicle(gross_weight_kg=10_000, usages=frozenset({Usage.CITY_LOGISTICS}))
HEAVY_DELIVERER = Vehicle(gross_weight_kg=30_000, usages=frozenset({Usage.CITY_LOGISTICS}))


def passes(measures: Sequence[MeasureDraft], vehicle: Vehicle, hour: int) -> bool:
    at = datetime(2024, 5, 14, hour, tzinfo=PARIS)
    bound = [
        measure.vehicles.concerns(vehicle, stops_inside=True).answer.value == "yes"
        for measure in measures
        if any(period.is_active(at, CALENDAR) for period in measure.periods)
    ]
    return not any(bound)


@pytest.mark.parametrize(
    ("allowing", "table"),
    [
        ({"VEH_USAGES": "Livraison"}, {"middle": "..", "deliverer": "yy", "heavy_deliverer": "yy"}),
        ({"VEH_USAGES": "Livraison", "VEH_TONNAGE": "19"}, {"middle": "..", "deliverer": "yy", "lorry": ".."}),
        ({"PERIODE_JH": "05:00-10:00"}, {"middle": "y.", "lorry": "y.", "deliverer": "y."}),
        (
            {"PERIODE_JH": "05:00-10:00", "VEH_TONNAGE": "19"},
            {"middle": "y.", "lorry": "..", "deliverer": "y.", "heavy_deliverer": ".."},
        ),
        (
            {"PERIODE_JH": "05:00-10:00", "VEH_USAGES": "Livraison"},
            {"middle": "..", "lorry": "..", "deliverer": "y.", "heavy_deliverer": "y."},
        ),
        (
            {"PERIODE_JH": "Mo-Fr 05:00-10:00; PH off", "VEH_USAGES": "Livraison", "VEH_TONNAGE": "19"},
            {"middle": "..", "lorry": "..", "deliverer": "y.", "heavy_deliverer": ".."},
        ),
        ({"VEH_TONNAGE": "19"}, {"middle": "yy", "lorry": "..", "deliverer": "yy", "heavy_deliverer": ".."}),
        ({"EMPRISE_DESIGNATION": "Commune de Port", "VEH_USAGES": "Livraison"}, {"middle": "..", "deliverer": "yy"}),
        ({"EMPRISE_DESIGNATION": "Rue des Lilas", "VEH_USAGES": "Livraison"}, {"middle": "..", "deliverer": ".."}),
        ({}, {"middle": "..", "lorry": ".."}),
        ({"VEH_TONNAGE": "3.5"}, {"middle": "..", "lorry": ".."}),
    ],
)  # fmt: skip
def test_a_permission_frees_exactly_whom_and_when_it_names(
    tmp_path: Path, allowing: dict[str, str], table: dict[str, str]
) -> None:
    vehicles = {"middle": MIDDLE, "lorry": LORRY, "deliverer": DELIVERER, "heavy_deliverer": HEAVY_DELIVERER}
    measures, _ = read(tmp_path, line(), line(**ALLOW, **allowing))
    found = {
        name: "".join("y" if passes(measures, vehicles[name], hour) else "." for hour in (8, 14)) for name in table
    }
    assert found == table
    assert passes(measures, LIGHT, 14)


@pytest.mark.parametrize(
    ("forbidding", "allowing", "closes", "said"),
    [
        # A road of the town that is left open, without its geometry: nobody can tell what is closed.
        ({"EMPRISE_DESIGNATION": "Commune de Port"}, {}, False, ["permission-not-located"]),
        ({}, {"EMPRISE_DEBUT": "rue A", "EMPRISE_FIN": "rue B"}, False, ["permission-not-located"]),
        ({}, {"EMPRISE_SENS": "Nord", "PERIODE_JH": "05:00-10:00"}, False, ["permission-not-located"]),
        ({"EMPRISE_DESIGNATION": "Commune de Port"}, {"VEH_USAGES": "Taxis"}, True, ["permission-in-words"]),
        ({"VEH_TYPES": ALL}, {"PERIODE_JH": "05:00-10:00"}, True, ["permission-in-words"]),
        ({}, {"PERIODE_JH": "le matin", "VEH_USAGES": "Taxis"}, True, ["permission-in-words"]),
        ({}, {"VEH_USAGES": "Taxis", "INTERV_DUREE": "00:30:00"}, True, ["permission-in-words"]),
        ({}, {"VEH_USAGES": "Taxis", "VEH_CQAS": "1"}, True, ["permission-in-words"]),
        ({}, {"VEH_USAGES": "Taxis", "VEH_TYPES": "Véhicules articulés"}, True, ["permission-in-words"]),
        ({}, {"VEH_TONNAGE": "19", "VEH_TONNAGE_MODALITE": "à partir de"}, True, ["permission-in-words"]),
        ({}, {"EMPRISE_DESIGNATION": "Rue des Lilas"}, True, ["permission-alone"]),
        ({}, {"REGL_MODALITE": "Tolère"}, True, ["unknown-modality"]),
    ],
)
def test_a_permission_is_told_when_the_law_cannot_say_it(
    tmp_path: Path, forbidding: dict[str, str], allowing: dict[str, str], *, closes: bool, said: list[str]
) -> None:
    measures, found = read(tmp_path, line(**forbidding), line(**{**ALLOW, **allowing}))
    assert [code for code in found if code not in {"condition-in-words", "direction-in-words"}] == said
    assert passes(measures, LORRY, 8) is not closes
    texts = [c for m in measures for c in (*m.vehicles.applies_to, *m.vehicles.except_) if isinstance(c, FreeText)]
    assert bool(texts) is (said[0] not in {"permission-alone", "unknown-modality"})


LINE_WKT = "LineString(2.36 48.86, 2.37 48.86)"
AREA_WKT = "POLYGON((2.36 48.86, 2.37 48.86, 2.37 48.87, 2.36 48.86))"


@pytest.mark.parametrize(
    ("wkt", "kind", "geometry", "unlocated"),
    [
        (LINE_WKT, LocationKind.NAMED_STREET, "LineString", False),
        ("MULTILINESTRING Z((2.36 48.86 12, 2.37 48.86 12))", LocationKind.NAMED_STREET, "MultiLineString", False),
        (AREA_WKT, LocationKind.AREA, "MultiPolygon", False),
        ("POINT(2.36 48.86)", LocationKind.NAMED_STREET, "GeometryCollection", True),
        ("LINESTRING(2.36 48.86, 2.36 48.86)", LocationKind.NAMED_STREET, "GeometryCollection", True),
        ("LINESTRING(2.36 48.86, nan 48.86)", LocationKind.NAMED_STREET, "GeometryCollection", True),
        ("GEOMETRYCOLLECTION(POINT(2 48))", LocationKind.NAMED_STREET, "GeometryCollection", True),
        ("rue du Port", LocationKind.NAMED_STREET, "GeometryCollection", True),
    ],
)
def test_a_place_is_drawn_or_told_when_a_line_has_a_geometry(
    tmp_path: Path, wkt: str, kind: LocationKind, geometry: str, *, unlocated: bool
) -> None:
    [measure], _ = read(tmp_path, line(GEOM_WKT=wkt))
    [place] = measure.locations
    assert (place.kind, place.shape.geom_type, place.shape.is_empty) == (kind, geometry, unlocated)


def order_in(tmp_path: Path, wkt: str, bounds: Bounds) -> Understood[OrderDraft]:
    path = tmp_path / "port.csv"
    cells = line(GEOM_WKT=wkt)
    text = ",".join(COLUMNS) + "\n" + ",".join(f'"{cells.get(name, "")}"' for name in COLUMNS) + "\n"
    path.write_text(text, encoding="utf-8")
    [found] = understood(path, bounds)
    return found


def test_an_order_is_not_kept_when_it_lies_outside_the_territory(tmp_path: Path) -> None:
    inside = order_in(tmp_path, LINE_WKT, (2.35, 48.85, 2.38, 48.87))
    outside = order_in(tmp_path, LINE_WKT, (2.5, 48.85, 2.6, 48.87))
    assert len(inside.drafts) == 1
    assert (outside.drafts, outside.issues) == ((), (Issue("outside-territory", where=2),))


@pytest.mark.parametrize(
    ("wkt", "code"),
    [
        ("LINESTRING(48.86 2.36, 48.86 2.37)", "coordinates-swapped"),
        ("LINESTRING(2.36 48.86, 1e308 48.86)", "out-of-world"),
    ],
)
def test_an_order_is_skipped_when_its_places_are_not_of_this_world(tmp_path: Path, wkt: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        order_in(tmp_path, wkt, (2.35, 48.85, 2.38, 48.87))


@pytest.mark.parametrize(
    ("words", "wkt", "direction"),
    [
        ("Dans le sens du tracé", LINE_WKT, Direction.FORWARD),
        ("dans le sens inverse du trace", LINE_WKT, Direction.BACKWARD),
        ("Deux sens", "", Direction.BOTH),
        ("Dans le sens du tracé", AREA_WKT, Direction.UNKNOWN),
        ("Nord-Sud", LINE_WKT, Direction.UNKNOWN),
    ],
)
def test_a_direction_is_known_when_its_words_bear_on_the_line(
    tmp_path: Path, words: str, wkt: str, direction: Direction
) -> None:
    [measure], said = read(tmp_path, line(EMPRISE_SENS=words, GEOM_WKT=wkt))
    assert measure.locations[0].direction is direction
    assert ("direction-in-words" in said) is (direction is Direction.UNKNOWN)


def test_our_own_lines_are_not_read_back_when_this_portal_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "arretes.csv"
    path.write_text("COLL_NOM,COLL_INSEE,ARR_REF,REGL_MODALITE,VEH_USAGES,EMPRISE_DESIGNATION,GEOM_SOURCE\n"
                    "Port,13001,A1,Interdit,,Quai,https://ici.example\nPort,13001,A2,Interdit,,Quai,OSM\n")  # fmt: skip
    context = ReadingContext(PARIS, None, datetime(2026, 1, 1, tzinfo=UTC), 10**7, 1000, own_url="https://ici.example/")
    reading = CEREMA.open([SourceFile("arretes.csv", path)], context)
    own, other = (record.read() for record in reading.records)
    assert (own.drafts, own.issues) == ((), (Issue("own-export", where=2),))
    assert [draft.identifier for draft in other.drafts] == ["A2"]
