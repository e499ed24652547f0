"""DATEX II v3 as we write it: the schema obeyed, and each condition meaning what it says."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import shapely
from lxml import etree
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.datex2 import Datex2Writer
from portal.numeriz.exports.datex2_terms import NSMAP
from portal.numeriz.values import Category, MeasureDraft, OrderDraft, PerimeterDraft, Subject
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    ALL_VEHICLES,
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
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
from tests.support.editions import written
from tests.support.schemas import faults, xml_schema

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
LINE = shapely.LineString([(2.36, 48.86), (2.3700001, 48.861)])
LINES = shapely.MultiLineString([[(2.36, 48.86), (2.37, 48.861)], [(2.38, 48.86), (2.39, 1e-7)]])
AREA = shapely.Polygon([(2, 48), (3, 48), (3, 49), (2, 49)], [[(2.2, 48.2), (2.3, 48.2), (2.3, 48.3), (2.2, 48.3)]])
CRITERIA: tuple[Criterion, ...] = (
    *(Over(size, 290_000 if size is Size.FOOTPRINT else 3500) for size in Size),
    AirClassIn(frozenset(AirClass)),
    AirClassIn(frozenset()),
    CarriesHazmat(),
    *(UsedFor(usage) for usage in Usage),
    *(HasAccess(access) for access in Access),
    *(IsRoadUser(user) for user in RoadUser),
    FreeText("véhicules <bâchés> & autres\x00"),
)
PREFIXES = {"t" if prefix is None else prefix: uri for prefix, uri in NSMAP.items()}


def place(
    shape: BaseGeometry = LINE,
    kind: LocationKind = LocationKind.NAMED_STREET,
    direction: Direction = Direction.BOTH,
    label: str = "Rue Basse",
) -> MeasureLocation:
    return MeasureLocation(kind, label, shape, direction, named_roads=frozenset({"A 86"}))


def measure(
    kind: MeasureType = MeasureType.NO_ENTRY,
    *places: MeasureLocation,
    periods: tuple[Period, ...] = (Period(START),),
    vehicles: VehicleRule = ALL_VEHICLES,
    speed: int | None = None,
) -> MeasureDraft:
    return MeasureDraft(kind, places or (place(),), periods, vehicles, speed)


def order(*measures: MeasureDraft, **more: object) -> OrderDraft:
    values: dict[str, object] = {
        "identifier": "2026/12#A",
        "title": "Arrêté d’essai",
        "authority_name": "Ville d’essai",
        "category": Category.TEMPORARY,
        "measures": measures or (measure(),),
        **more,
    }
    return OrderDraft(**values)  # type: ignore[arg-type]


def perimeter(colour: Colour, policy: AccessPolicy | None = None) -> PerimeterDraft:
    spans = (Activation(START, START + timedelta(hours=4)), Activation(START + timedelta(days=1), None))
    return PerimeterDraft("Course", "Course du canal", colour, AREA, "d" * 64, spans, policy, frozenset({"A 1"}))


def parsed(*drafts: OrderDraft | PerimeterDraft) -> etree._Element:
    return etree.fromstring(written(Datex2Writer, drafts))


def found(document: etree._Element, path: str) -> list[str]:
    """Texts or attributes at a path; `t:` is the regulation's namespace, the other prefixes those of the file."""
    values = document.xpath(path, namespaces=PREFIXES)
    assert isinstance(values, list)
    return [str(getattr(value, "text", value)) for value in values]


@pytest.fixture
def schema(shared_data: Path) -> etree.XMLSchema:
    return xml_schema(shared_data / "dialog" / "datex2" / "DATEXII_3_D2Payload.xsd")


@pytest.mark.parametrize("kind", MeasureType)
def test_every_type_of_measure_obeys_the_schema_when_written(schema: etree.XMLSchema, kind: MeasureType) -> None:
    drafts = [
        order(measure(kind, speed=speed), subject=subject, identifier=f"{speed}-{subject}")
        for speed in (None, 50)
        for subject in (None, *Subject)
    ]
    assert faults(schema, written(Datex2Writer, drafts)) == []


@pytest.mark.parametrize(
    "shape",
    [LINE, LINES, AREA, shapely.MultiPolygon([AREA]), shapely.LineString(), shapely.GeometryCollection()],
    ids=str,
)
def test_every_kind_of_place_obeys_the_schema_when_written(schema: etree.XMLSchema, shape: BaseGeometry) -> None:
    places = [
        place(shape, kind, direction, label)
        for kind in LocationKind
        for direction in Direction
        for label in ("Rue Basse", "", "x" * 3000)
    ]
    assert faults(schema, written(Datex2Writer, [order(measure(MeasureType.NO_ENTRY, *places))])) == []


def test_every_criterion_obeys_the_schema_when_it_binds_or_exempts(schema: etree.XMLSchema) -> None:
    rules = [*(VehicleRule((one,), (one,)) for one in CRITERIA), VehicleRule(CRITERIA, CRITERIA)]
    drafts = [order(*(measure(vehicles=rule) for rule in rules))]
    assert faults(schema, written(Datex2Writer, drafts)) == []


@pytest.mark.parametrize("rule", HolidayRule)
def test_every_period_obeys_the_schema_when_written(schema: etree.XMLSchema, rule: HolidayRule) -> None:
    slots = (TimeSlot(time(21), time(6)), TimeSlot(time(7, 30), time(9)))
    periods = tuple(
        Period(START, end, days, hours, rule)
        for end in (None, START + timedelta(days=2))
        for days in (frozenset[Weekday](), frozenset({Weekday.MONDAY, Weekday.SUNDAY}))
        for hours in ((), slots)
    )
    assert faults(schema, written(Datex2Writer, [order(measure(periods=periods))])) == []


@pytest.mark.parametrize("colour", Colour)
def test_every_perimeter_obeys_the_schema_when_written(schema: etree.XMLSchema, colour: Colour) -> None:
    policies = [None, *(AccessPolicy(need, CRITERIA, "Entrée rue Haute") for need in Motorised)]
    for policy in policies:
        assert faults(schema, written(Datex2Writer, [perimeter(colour, policy)])) == []


def test_an_edition_obeys_the_schema_when_it_holds_nothing_or_an_order_without_measures(
    schema: etree.XMLSchema,
) -> None:
    bare = OrderDraft("A", "Sans mesure", "Ville", Category.PERMANENT, ())
    assert faults(schema, written(Datex2Writer, [])) == []
    assert faults(schema, written(Datex2Writer, [bare])) == []
    assert faults(schema, written(Datex2Writer, [bare, order()])) == []


def test_the_head_names_the_portal_the_licences_and_what_prevails() -> None:
    document = parsed(order())
    assert found(document, "//com:nationalIdentifier") == ["Joptimiz"]
    assert found(document, "//com:publicationTime") == ["2026-10-05T08:00:00Z"]
    assert found(document, "//jz:publication/@portal") == ["https://portail.exemple"]
    assert found(document, "//jz:publication/jz:source/@licence") == ["Licence Ouverte 2.0", "ODbL 1.0"]
    assert "font foi" in found(document, "//jz:publication/jz:notice")[0]


def test_a_limit_is_written_as_over_it_when_it_binds() -> None:
    rule = VehicleRule((Over(Size.GROSS_WEIGHT, 3500), Over(Size.HEIGHT, 320)))
    document = parsed(order(measure(vehicles=rule)))
    assert found(document, "//com:comparisonOperator") == ["greaterThan", "greaterThan"]
    assert found(document, "//com:grossVehicleWeight") == ["3.5"]
    assert found(document, "//com:vehicleHeight") == ["3.2"]


def test_exemptions_are_one_negated_set_when_there_are_several() -> None:
    rule = VehicleRule((Over(Size.GROSS_WEIGHT, 3500),), (UsedFor(Usage.TAXI), HasAccess(Access.LOCAL_ACCESS)))
    document = parsed(order(measure(vehicles=rule)))
    sets = "//t:condition/t:conditions[t:negate='true']"
    assert found(document, f"{sets}/t:operator") == ["or"]
    assert found(document, f"{sets}/t:conditions/@xsi:type") == ["VehicleCondition", "AccessCondition"]
    assert found(document, "//t:condition/t:operator") == ["and"]
    assert not found(document, "//t:conditions[@xsi:type='VehicleCondition']/t:negate")


def test_hours_are_local_and_bounds_utc_when_written() -> None:
    days = frozenset({Weekday.TUESDAY, Weekday.MONDAY})
    period = Period(START, START + timedelta(days=9), days, (TimeSlot(time(21), time(6)),))
    document = parsed(order(measure(periods=(period,))))
    assert found(document, "//com:startTimeOfPeriod | //com:endTimeOfPeriod") == ["21:00:00", "06:00:00"]
    assert found(document, "//t:conditions//com:overallStartTime") == ["2026-10-05T06:00:00Z"]
    assert found(document, "//com:applicableDay") == ["monday", "tuesday"]
    assert found(document, "//jz:order/@timeZone") == ["Europe/Paris"]


@pytest.mark.parametrize(
    ("direction", "word"),
    [
        (Direction.FORWARD, "aligned"),
        (Direction.BACKWARD, "opposite"),
        (Direction.BOTH, "both"),
        (Direction.UNKNOWN, "unknown"),
    ],
)
def test_each_piece_says_its_direction_when_a_line_is_drawn(direction: Direction, word: str) -> None:
    document = parsed(order(measure(MeasureType.ONE_WAY, place(LINES, direction=direction))))
    assert found(document, "//loc:directionRelativeOnLinearSection") == [word, word]
    assert found(document, "//loc:posList")[0] == "48.86 2.36 48.861 2.37"


def test_an_open_end_is_left_out_when_one_period_has_none() -> None:
    closed, opened = Period(START, START + timedelta(days=1)), Period(START - timedelta(days=1))
    document = parsed(order(measure(periods=(closed,)), measure(periods=(opened,))))
    bounds = "//t:trafficRegulationOrder/t:validityByOrder"
    assert found(document, f"{bounds}//com:overallStartTime") == ["2026-10-04T06:00:00Z"]
    assert found(document, f"{bounds}//com:overallEndTime") == []


@pytest.mark.parametrize(
    ("colour", "regulation", "who"),
    [
        (Colour.WHITE, "_extended", []),
        (Colour.BLUE, "noEntry", ["AccessCondition"]),
        (Colour.RED, "noEntry", ["PermitCondition"]),
        (Colour.GREY, "noEntry", ["PermitCondition"]),
        (Colour.BLACK, "noEntry", []),
    ],
)
def test_a_perimeter_bans_whom_its_colour_bans_when_written(colour: Colour, regulation: str, who: list[str]) -> None:
    document = parsed(perimeter(colour))
    assert found(document, "//t:accessRestrictionType") == [regulation]
    assert found(document, "//jz:perimeter/@colour") == [colour.value]
    conditions = found(document, "//t:conditions/@xsi:type")
    assert [kind for kind in conditions if kind in {"AccessCondition", "PermitCondition"}] == who
    if colour is Colour.BLUE:
        assert found(document, "//t:accessConditionType") == ["throughTraffic"]


def test_free_text_is_kept_without_what_xml_cannot_hold() -> None:
    document = parsed(order(measure(vehicles=VehicleRule((CRITERIA[-1],)))))
    assert found(document, "//dx:otherVehicleType") == ["véhicules <bâchés> & autres"]


def test_a_ban_is_left_out_when_nobody_understood_its_periods_or_places() -> None:
    ends = START + timedelta(days=9)
    limit = measure(MeasureType.SPEED_LIMIT, periods=(Period(START, ends),), speed=30)
    nowhere = MeasureDraft(MeasureType.NO_ENTRY, (), (Period(START, ends),))
    document = parsed(order(measure(periods=()), limit, nowhere))
    assert found(document, "//jz:measure/@type") == ["speedLimit"]
    assert found(parsed(order(measure(periods=())), order(nowhere, identifier="B")), "//t:trafficRegulationOrder") == []
