"""DATEX II in the standard reading: a boolean tree that means what it says, or is kept in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
import shapely

from portal.numeriz.values import Category, Subject
from portal.regulations.measures import Direction, LocationKind, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    HEAVY_GOODS,
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
from tests.support.datex import (
    NO_ENTRY,
    ReadFile,
    any_of,
    condition,
    hours,
    order,
    publication,
    read_file,
    regulation,
    size,
    vehicle,
    weight,
    when,
    where,
)

_HEAVY_TYPE = "<com:vehicleType>heavyGoodsVehicle</com:vehicleType>"
_ANY_TYPE = "<com:vehicleType>anyVehicle</com:vehicleType>"
_HEAVY = vehicle(_HEAVY_TYPE)
_ANY = vehicle(_ANY_TYPE)
_TAXI = vehicle("<com:vehicleUsage>taxi</com:vehicleUsage>")
_LOCAL = condition("AccessCondition", "<accessConditionType>destinationTraffic</accessConditionType>")
_WEEKEND = (
    "<com:recurringDayWeekMonthPeriod><com:applicableDay>saturday</com:applicableDay></com:recurringDayWeekMonthPeriod>"
)


def _holiday(*, intersect: bool) -> str:
    return (
        f"<com:recurringSpecialDay><com:intersectWithApplicableDays>{str(intersect).lower()}"
        "</com:intersectWithApplicableDays><com:specialDayType>publicHoliday</com:specialDayType>"
        "</com:recurringSpecialDay>"
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xml"


def _read(path: Path, *orders: str, options: Mapping[str, str] | None = None, head: str = "", **more: str) -> ReadFile:
    path.write_text(publication(*orders, creator="Nantes Métropole", head=head), encoding="utf-8")
    return read_file(path, options, **more)  # type: ignore[arg-type]


def _rule(path: Path, *conditions: str) -> tuple[VehicleRule, list[str]]:
    read = _read(path, order(regulation(when(), where(), *conditions)))
    return read.measure.vehicles, read.codes


def _denied(inside: str) -> str:
    return vehicle(inside, negate=True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (vehicle(weight("7.5", "greaterThan")), VehicleRule((Over(Size.GROSS_WEIGHT, 7500),))),
        (vehicle(weight("7.5", "greaterThanOrEqualTo")), VehicleRule((Over(Size.GROSS_WEIGHT, 7499),))),
        (vehicle(weight("7.5", "lessThanOrEqualTo")), VehicleRule((), (Over(Size.GROSS_WEIGHT, 7500),))),
        (vehicle(weight("7.5", "lessThan")), VehicleRule((), (Over(Size.GROSS_WEIGHT, 7499),))),
        (_denied(weight("7.5", "lessThan")), VehicleRule((Over(Size.GROSS_WEIGHT, 7499),))),
        (_denied(weight("7.5", "greaterThan")), VehicleRule((), (Over(Size.GROSS_WEIGHT, 7500),))),
    ],
)
def test_an_operator_means_what_it_says(path: Path, written: str, expected: VehicleRule) -> None:
    assert _rule(path, written) == (expected, [])


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([any_of(_HEAVY, _TAXI)], VehicleRule((HEAVY_GOODS, UsedFor(Usage.TAXI)))),
        (
            [_HEAVY, any_of(_TAXI, _LOCAL, negate=True)],
            VehicleRule((HEAVY_GOODS,), (UsedFor(Usage.TAXI), HasAccess(Access.LOCAL_ACCESS))),
        ),
        ([any_of(any_of(_HEAVY, operator="and"), any_of(_TAXI))], VehicleRule((HEAVY_GOODS, UsedFor(Usage.TAXI)))),
        (
            [any_of(_HEAVY, any_of(_TAXI, negate=True), operator="and")],
            VehicleRule((HEAVY_GOODS,), (UsedFor(Usage.TAXI),)),
        ),
        ([_HEAVY, vehicle(weight("12", "greaterThan"))], VehicleRule((Over(Size.GROSS_WEIGHT, 12_000),))),
        ([any_of(_HEAVY, _ANY)], VehicleRule()),
        ([_ANY], VehicleRule()),
        ([vehicle(_HEAVY_TYPE + _ANY_TYPE)], VehicleRule()),
        ([vehicle(_HEAVY_TYPE + weight("12", "greaterThan"))], VehicleRule((Over(Size.GROSS_WEIGHT, 12_000),))),
        ([vehicle(_HEAVY_TYPE + weight("2", "greaterThan"))], VehicleRule((HEAVY_GOODS,))),
        (
            [vehicle(_HEAVY_TYPE + weight("12", "lessThan"))],
            VehicleRule((HEAVY_GOODS,), (Over(Size.GROSS_WEIGHT, 11_999),)),
        ),
        (
            [vehicle(_HEAVY_TYPE + weight("12", "greaterThan"), negate=True)],
            VehicleRule((), (Over(Size.GROSS_WEIGHT, 12_000),)),
        ),
        (
            [any_of(_HEAVY, _TAXI), vehicle(weight("12", "greaterThan"))],
            VehicleRule((Over(Size.GROSS_WEIGHT, 12_000),)),
        ),
        ([any_of(any_of(_HEAVY, negate=True), operator="or", negate=True)], VehicleRule((HEAVY_GOODS,))),
    ],
    ids=[
        "or",
        "negated set",
        "nested",
        "and inside",
        "heavier",
        "or anybody",
        "anybody",
        "anybody in one condition",
        "heavier in one condition",
        "lighter in one condition",
        "heavy up to a weight",
        "none heavier",
        "heavier among others",
        "twice negated",
    ],
)
def test_a_tree_of_one_list_and_its_exemptions_is_our_rule(
    path: Path, conditions: list[str], expected: VehicleRule
) -> None:
    assert _rule(path, *conditions) == (expected, [])


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ([_HEAVY, _TAXI], "gross_weight_kg>3500 + taxi"),
        ([any_of(_HEAVY, _TAXI, operator="xor")], "gross_weight_kg>3500 / taxi"),
        ([any_of(_HEAVY, _TAXI, operator="and", negate=True)], "gross_weight_kg>3500 + taxi"),
        ([_denied(_HEAVY_TYPE + weight("12"))], "gross_weight_kg>3500 + ≠ gross_weight_kg>12000"),
        ([any_of(any_of(_HEAVY, _TAXI, operator="xor"), negate=True)], "≠ (gross_weight_kg>3500 / taxi)"),
        ([any_of(vehicle(weight("12", "lessThan")))], None),
    ],
    ids=["both", "either but not both", "not both", "light or over", "neither or both", "light vehicles alone"],
)
def test_what_our_rule_cannot_say_is_words_that_close_nothing(
    path: Path, conditions: list[str], text: str | None
) -> None:
    rule, codes = _rule(path, *conditions)
    if text is None:
        assert (rule, codes) == (VehicleRule((), (Over(Size.GROSS_WEIGHT, 11_999),)), [])
    else:
        assert (rule, codes) == (VehicleRule((FreeText(text),)), ["conditions-combined"])


def test_light_vehicles_among_others_are_words(path: Path) -> None:
    rule, codes = _rule(path, any_of(vehicle(weight("12", "lessThan")), _TAXI))
    assert (rule, codes) == (
        VehicleRule((FreeText("≠ gross_weight_kg>11999"), UsedFor(Usage.TAXI))),
        ["conditions-combined"],
    )


@pytest.mark.parametrize("word", ["commercial", "carSharing"])
def test_words_the_national_base_uses_its_own_way_are_not_taken_for_them(path: Path, word: str) -> None:
    rule, codes = _rule(path, vehicle(f"<com:vehicleType>{word}</com:vehicleType>"))
    assert (rule.applies_to, codes) == ((FreeText(f"vehicleType {word}"),), ["vehicle-not-understood"])


def test_emergency_services_do_not_include_the_police(path: Path) -> None:
    rule, _ = _rule(path, vehicle("<com:vehicleUsage>emergencyServices</com:vehicleUsage>"))
    assert rule == VehicleRule((UsedFor(Usage.EMERGENCY),))


def test_air_classes_of_one_condition_are_any_of_them(path: Path) -> None:
    listed = "".join(
        f"<com:emissionClassificationOther>{name}</com:emissionClassificationOther>"
        for name in ("critair5", "critairWithout")
    )
    rule, _ = _rule(path, vehicle(f"<com:emissions>{listed}</com:emissions>"))
    assert rule == VehicleRule((AirClassIn(frozenset({AirClass.CLASS_5, AirClass.NONE})),))


def test_an_axle_load_and_an_actual_weight_are_read(path: Path) -> None:
    axle = size("heaviestAxleWeightCharacteristic", "heaviestAxleWeight", "10", "greaterThan")
    assert _rule(path, vehicle(axle))[0] == VehicleRule((Over(Size.AXLE_LOAD, 10_000),))
    actual = vehicle(weight("12", "greaterThan").replace("maximumPermitted", "actual"))
    assert _rule(path, actual) == (VehicleRule((Over(Size.GROSS_WEIGHT, 12_000),)), ["actual-weight"])


def _periods(path: Path, more: str, **bounds: str) -> tuple[tuple[Period, ...], list[str]]:
    read = _read(path, order(regulation(when(more=more, **bounds), where())))
    return read.measure.periods, read.codes


_START = datetime(2026, 3, 2, 7, tzinfo=UTC)
_MAY = (
    "<com:startOfPeriod>2026-05-01T00:00:00Z</com:startOfPeriod><com:endOfPeriod>2026-06-01T00:00:00Z</com:endOfPeriod>"
)
_WEEK = frozenset(Weekday)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (f"<com:exceptionPeriod>{_WEEKEND}</com:exceptionPeriod>", Period(_START, None, _WEEK - {Weekday.SATURDAY})),
        (
            f"<com:exceptionPeriod>{_holiday(intersect=True)}</com:exceptionPeriod>",
            Period(_START, None, holidays=HolidayRule.EXCEPTED),
        ),
        (hours(more=_holiday(intersect=True)), Period(_START, None, holidays=HolidayRule.ONLY)),
        (
            hours(days=["sunday"], more=_holiday(intersect=False)),
            Period(_START, None, frozenset({Weekday.SUNDAY}), holidays=HolidayRule.ALSO),
        ),
        (
            hours(("21:00:00", "06:00:00"), days=["friday"]),
            Period(_START, None, frozenset({Weekday.FRIDAY}), (TimeSlot(time(21), time(6)),)),
        ),
        (hours(("00:00:00", "24:00:00")), Period(_START, None)),
        (
            f"<com:validPeriod>{_MAY}</com:validPeriod>",
            Period(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)),
        ),
    ],
    ids=["but Saturdays", "but holidays", "holidays alone", "Sundays and holidays", "night", "24:00", "part"],
)
def test_days_hours_and_holidays_are_read(path: Path, more: str, expected: Period) -> None:
    assert _periods(path, more) == ((expected,), [])


_END = datetime(2026, 3, 31, 7, tzinfo=UTC)
_NIGHT = hours(("22:00:00", "06:00:00"))
_NIGHTS = (TimeSlot(time(22), time(6)),)


def _bounded(path: Path, own: str, end: str | None = "2026-03-31T07:00:00Z", more: str = "") -> ReadFile:
    return _read(path, order(regulation(*([own] if own else []), where()), end=end, more=more))


@pytest.mark.parametrize(
    ("own", "more", "expected"),
    [
        ("", _NIGHT, Period(_START, _END, slots=_NIGHTS)),
        (when(), "", Period(_START, _END)),
        (when(more=_NIGHT), "", Period(_START, _END, slots=_NIGHTS)),
        (when(), _NIGHT, Period(_START, _END, slots=_NIGHTS)),
        (when(more=_NIGHT), _NIGHT, Period(_START, _END, slots=_NIGHTS)),
        (
            when(start="2026-02-01T00:00:00Z", end="2026-03-10T00:00:00Z"),
            "",
            Period(_START, datetime(2026, 3, 10, tzinfo=UTC)),
        ),
    ],
    ids=["hours of the order", "open end", "own hours", "hours of the order within", "same hours", "before"],
)
def test_a_regulation_applies_within_its_order(path: Path, own: str, more: str, expected: Period) -> None:
    read = _bounded(path, own, more=more)
    assert (read.measure.periods, read.codes) == ((expected,), [])


@pytest.mark.parametrize(
    ("own", "end", "more", "codes"),
    [
        (when(start="2026-05-01T00:00:00Z"), "2026-03-31T07:00:00Z", "", ["period-outside-order"]),
        (when(more=hours(days=["monday"])), None, _NIGHT, ["period-not-understood"]),
        (when(), None, hours(days=["someday"]), ["period-not-understood"]),
        (when(), "2026-01-01T00:00:00Z", "", ["period-ends-first"]),
    ],
    ids=["after it", "hours of both", "order not understood", "order ends first"],
)
def test_a_regulation_has_no_effect_when_its_order_does_not_let_it(
    path: Path, own: str, end: str | None, more: str, codes: list[str]
) -> None:
    read = _bounded(path, own, end=end, more=more)
    assert (read.measure.periods, read.codes) == ((), codes)


def test_periods_without_number_are_not_multiplied(path: Path) -> None:
    read = _bounded(path, when(more=_NIGHT * 200), more=_NIGHT * 200)
    assert (read.measure.periods, read.codes) == ((), ["period-not-understood"])


@pytest.mark.parametrize("own", ["", when()])
@pytest.mark.parametrize(
    ("status", "count", "codes"),
    [
        ("active", 0, []),
        ("", 0, []),
        ("definedByValidityTimeSpec", 0, []),
        ("suspended", 1, ["order-not-in-force"]),
        ("planned", 1, ["order-not-in-force"]),
    ],
)
def test_a_validity_has_an_effect_by_its_times_unless_its_status_denies_it(
    path: Path, own: str, status: str, count: int, codes: list[str]
) -> None:
    written = order(regulation(*([own] if own else []), where())).replace("definedByValidityTimeSpec", status)
    read = _read(path, written)
    assert (len(read.measure.periods), read.codes) == (1 - count, codes)


def test_the_validity_on_the_ground_counts_when_the_order_says_nothing_else(path: Path) -> None:
    written = order(regulation(when(), where()), end="2026-03-31T07:00:00Z")
    first, mark, rest = written.partition("<validityByOrder>")
    ground = first + "<implementedValidity>" + rest.replace("</validityByOrder>", "</implementedValidity>", 1)
    assert mark
    assert _read(path, ground).measure.periods == (Period(_START, _END),)


def test_a_suspended_regulation_leaves_the_others_of_its_order(path: Path) -> None:
    suspended = regulation(when().replace("definedByValidityTimeSpec", "suspended"), where())
    read = _read(path, order(suspended, regulation(when(), where())))
    assert [len(measure.periods) for measure in read.order.measures] == [0, 1]


_SCHOOL = _holiday(intersect=True).replace("publicHoliday", "schoolDay")
_MONTH = (
    "<com:recurringDayWeekMonthPeriod><com:applicableMonth>july</com:applicableMonth></com:recurringDayWeekMonthPeriod>"
)


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        (hours(more=_SCHOOL), ["period-not-understood"]),
        (hours(more=_MONTH), ["period-not-understood"]),
        (hours(days=["monday"], more=_holiday(intersect=True)), ["period-not-understood"]),
        (f"<com:exceptionPeriod>{_SCHOOL}</com:exceptionPeriod>", ["period-not-understood"]),
        (
            f"<com:exceptionPeriod>{hours(('08:00:00', '09:00:00'))[17:-18]}</com:exceptionPeriod>",
            ["period-not-understood"],
        ),
        (hours(("8h", "9h")), ["period-unreadable"]),
        (hours(days=["someday"]), ["period-not-understood"]),
    ],
)
def test_a_period_our_law_cannot_say_has_no_effect(path: Path, more: str, codes: list[str]) -> None:
    assert _periods(path, more) == ((), codes)


@pytest.mark.parametrize(
    ("bounds", "codes"),
    [
        ({"start": "2026-03-02T07:00:00Z", "end": "2026-03-01T07:00:00Z"}, ["period-ends-first"]),
        ({"start": "hier"}, ["period-unreadable"]),
        ({"start": ""}, ["period-unreadable"]),
    ],
)
def test_bounds_that_make_no_sense_have_no_effect(path: Path, bounds: dict[str, str], codes: list[str]) -> None:
    assert _periods(path, "", **bounds) == ((), codes)


def test_a_slot_with_an_offset_is_turned_as_on_its_first_day_and_doubtful(path: Path) -> None:
    (period,), codes = _periods(path, hours(("07:00:00Z", "09:00:00Z")), start="2026-07-01T00:00:00Z")
    assert (period.slots, codes) == ((TimeSlot(time(9), time(11)),), ["slot-clock-uncertain"])


@pytest.mark.parametrize(
    "conditions",
    [
        [when(), when(start="2026-05-01T00:00:00Z"), where()],
        [any_of(when(), negate=True), where()],
        [when(), any_of(where(), negate=True)],
        [any_of(when(), where())],
        [any_of(any_of(when(), _HEAVY, operator="and"), _TAXI), where()],
    ],
    ids=["two at once", "not then", "not there", "then or there", "mixed"],
)
def test_times_and_places_combined_beyond_our_law_have_no_effect(path: Path, conditions: list[str]) -> None:
    read = _read(path, order(regulation(*conditions)))
    assert read.measure.type is MeasureType.UNKNOWN
    assert "condition-not-understood" in read.codes


def _placed(path: Path, inside: str, kind: str = "loc:LinearLocation", tag: str = "locationByOrder") -> ReadFile:
    place = f'<conditions xsi:type="LocationCondition"><{tag} xsi:type="{kind}">{inside}</{tag}></conditions>'
    return _read(path, order(regulation(when(), place)))


_POSITIONS = "<loc:posList>47.366334 -1.944703 47.370631 -1.94021</loc:posList>"
_RING = "<loc:exterior><loc:posList>48 2 48 2.1 48.1 2.1 48 2</loc:posList></loc:exterior>"


@pytest.mark.parametrize("tag", ["locationByOrder", "implementedLocation"])
def test_positions_are_latitude_first(path: Path, tag: str) -> None:
    (place,) = _placed(path, f"<loc:gmlLineString>{_POSITIONS}</loc:gmlLineString>", tag=tag).measure.locations
    assert list(place.shape.coords) == [(-1.944703, 47.366334), (-1.94021, 47.370631)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["aligned"], Direction.FORWARD),
        (["opposite", "opposite"], Direction.BACKWARD),
        (["both"], Direction.BOTH),
        (["aligned", "opposite"], Direction.UNKNOWN),
        ([], Direction.UNKNOWN),
    ],
)
def test_a_direction_is_known_when_all_lines_agree(path: Path, said: list[str], expected: Direction) -> None:
    lines = [
        f"<loc:linearWithinLinearElement><loc:directionRelativeOnLinearSection>{one}</loc:directionRelativeOnLinearSection>"
        f"<loc:linearElement><loc:gmlLineString>{_POSITIONS}</loc:gmlLineString></loc:linearElement>"
        "</loc:linearWithinLinearElement>"
        for one in said
    ]
    drawn = "".join(lines) or f"<loc:gmlLineString>{_POSITIONS}</loc:gmlLineString>"
    (place,) = _placed(path, drawn, kind="loc:SingleRoadLinearLocation").measure.locations
    assert (place.direction, len(shapely.get_parts(place.shape))) == (expected, max(len(said), 1))


def test_an_area_keeps_its_holes_and_its_name(path: Path) -> None:
    hole = "<loc:interior><loc:posList>48.01 2.05 48.01 2.06 48.02 2.06 48.01 2.05</loc:posList></loc:interior>"
    port = "<loc:areaName><com:values><com:value>Le port</com:value></com:values></loc:areaName>"
    polygon = f"<loc:gmlMultiPolygon><loc:gmlPolygon>{_RING}{hole}</loc:gmlPolygon></loc:gmlMultiPolygon>"
    (place,) = _placed(
        path, f"<loc:namedArea>{port}</loc:namedArea>{polygon}", kind="loc:AreaLocation"
    ).measure.locations
    assert (place.kind, place.label, place.shape.geom_type) == (LocationKind.AREA, "Le port", "Polygon")
    assert isinstance(place.shape, shapely.Polygon)
    assert [len(ring.coords) for ring in place.shape.interiors] == [4]


def test_a_point_is_kept_without_effect(path: Path) -> None:
    point = (
        "<loc:pointByCoordinates><loc:pointCoordinates><loc:latitude>48.86</loc:latitude>"
        "<loc:longitude>2.36</loc:longitude></loc:pointCoordinates></loc:pointByCoordinates>"
    )
    read = _placed(path, point, kind="loc:PointLocation")
    assert (read.measure.locations[0].shape.is_empty, read.codes) == (True, ["place-is-a-point"])


def test_each_location_of_a_group_is_a_place(path: Path) -> None:
    line = f"<loc:gmlLineString>{_POSITIONS}</loc:gmlLineString>"
    member = f"<loc:locationContainedInGroup>{line}</loc:locationContainedInGroup>"
    assert len(_placed(path, member * 2, kind="loc:LocationGroupByList").measure.locations) == 2


def test_each_type_of_a_regulation_is_a_measure(path: Path) -> None:
    speed = "<maxValue><numericValue>30</numericValue></maxValue>"
    limit = f'<typeOfRegulation xsi:type="SpeedLimit">{speed}</typeOfRegulation>'
    found = _read(path, order(regulation(kind=NO_ENTRY + limit))).order.measures
    assert [(measure.type, measure.max_speed_kmh) for measure in found] == [
        (MeasureType.NO_ENTRY, None),
        (MeasureType.SPEED_LIMIT, 30),
    ]


def test_a_regulation_that_is_being_taken_down_has_no_effect(path: Path) -> None:
    read = _read(path, order(regulation(status="beingShutDown")))
    assert (read.measure.type, read.codes) == (MeasureType.UNKNOWN, ["order-not-in-force"])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("<reason>roadworks</reason>", Subject.ROADWORKS),
        ('<reason _extendedValue="event">_extended</reason>', Subject.EVENT),
        ("<reason>environmental</reason>", None),
    ],
)
def test_the_subject_is_the_reason(path: Path, reason: str, expected: Subject | None) -> None:
    written = order().replace("<regulationId>", f"{reason}<regulationId>")
    assert _read(path, written).order.subject is expected


def test_the_identifier_is_kept_whole_and_the_source_is_named_after_the_creator(path: Path) -> None:
    read = _read(path, order(regulation_id="A#B", end="2026-12-02T07:00:00Z"))
    assert (read.order.identifier, read.order.source, read.order.category) == (
        "A#B",
        "datex2-fr-nantes-metropole",
        Category.TEMPORARY,
    )
    assert _read(path, order(), options={"source": "nantes"}).order.source == "nantes"


def test_the_file_is_no_snapshot_unless_told(path: Path) -> None:
    assert _read(path, order()).reading.snapshot == frozenset()
    assert _read(path, order(), options={"snapshot": "yes"}).reading.snapshot == {""}


def test_our_own_export_is_not_read_back(path: Path) -> None:
    head = (
        '<com:_payloadPublicationExtension><jz:publication xmlns:jz="urn:joptimiz:datex2:1" portal="https://ici.fr"/>'
        "</com:_payloadPublicationExtension>"
    )
    own = _read(path, order(), head=head, own_url="https://ici.fr")
    assert (own.orders, own.codes) == ((), ["own-export"])
    assert len(_read(path, order(), head=head, own_url="https://autre.fr").orders) == 1


def test_a_perimeter_of_our_export_is_no_order(path: Path) -> None:
    perimeter = order().replace(
        "</trafficRegulationOrderExtended>",
        '</trafficRegulationOrderExtended><jz:perimeter xmlns:jz="urn:joptimiz:datex2:1" colour="red"/>',
    )
    read = _read(path, perimeter)
    assert (read.orders, read.codes) == ((), ["perimeter-not-order"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            '<jz:footprint xmlns:jz="urn:joptimiz:datex2:1" comparisonOperator="greaterThan" squareMetres="29"/>',
            Over(Size.FOOTPRINT, 290_000),
        ),
        ('<jz:usage xmlns:jz="urn:joptimiz:datex2:1">police</jz:usage>', UsedFor(Usage.POLICE)),
        ("", FreeText("en mots")),
    ],
)
def test_what_only_our_extension_says_is_read(path: Path, said: str, expected: Criterion) -> None:
    words = "<dx:otherVehicleType>en mots</dx:otherVehicleType>"
    words = f"<com:vehicleCharacteristicsExtended>{words}</com:vehicleCharacteristicsExtended>"
    inside = f"<com:vehicleType>other</com:vehicleType><com:_vehicleCharacteristicsExtension>{words}{said}"
    assert _rule(path, vehicle(inside + "</com:_vehicleCharacteristicsExtension>")) == (VehicleRule((expected,)), [])
