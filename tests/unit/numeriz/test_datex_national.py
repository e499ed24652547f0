"""Every pitfall of the national base (formats.md, section 1), each on a file written here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from portal.numeriz.values import Category, OrderStatus
from portal.regulations.measures import Direction, LocationKind, MeasureType
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    HEAVY_GOODS,
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
from tests.support.datex import (
    LINE,
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

_HEAVY = "<com:vehicleType>heavyGoodsVehicle</com:vehicleType>"
_RESCUE = "<com:vehicleUsage>emergencyServices</com:vehicleUsage>"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "regulations.xml"


def _read(path: Path, *orders: str, options: Mapping[str, str] | None = None, **more: object) -> ReadFile:
    path.write_text(publication(*orders), encoding="utf-8")
    return read_file(path, options, **more)  # type: ignore[arg-type]


def _measured(path: Path, *conditions: str, source: str = "dialog", **options: str) -> ReadFile:
    written = regulation(any_of(when()), any_of(where()), *conditions)
    return _read(path, order(written, source=source), options=options)


def _rule(path: Path, *members: str) -> VehicleRule:
    return _measured(path, any_of(*members)).measure.vehicles


@pytest.mark.parametrize("operator", ["lessThanOrEqualTo", "lessThan", "greaterThan", "greaterThanOrEqualTo"])
def test_p1_a_weight_binds_what_is_over_it_when_the_operator_says_anything(path: Path, operator: str) -> None:
    assert _rule(path, vehicle(_HEAVY + weight("7.5", operator))) == VehicleRule((Over(Size.GROSS_WEIGHT, 7500),))


def test_p1_heavy_goods_are_over_3_5_t_when_no_weight_is_written(path: Path) -> None:
    assert _rule(path, vehicle(_HEAVY)) == VehicleRule((HEAVY_GOODS,))


def test_p1_an_exemption_by_size_is_kept_in_words_when_it_could_mean_either(path: Path) -> None:
    read = _measured(path, any_of(vehicle(weight("3.5"), negate=True)))
    assert read.measure.vehicles == VehicleRule((), (FreeText("gross_weight_kg 3500"),))
    assert read.codes == ["exempt-size-unclear"]


def _period(
    path: Path, *slots: tuple[str, str], days: tuple[str, ...] = (), source: str = "dialog", **options: str
) -> Period:
    written = regulation(any_of(when(more=hours(*slots, days=days))), any_of(where()))
    (period,) = _read(path, order(written, source=source), options=options).measure.periods
    return period


@pytest.mark.parametrize(
    ("written", "local"),
    [
        (("07:00:00+00:00", "20:00:00+00:00"), (time(8), time(21))),
        (("22:30:00+00:00", "04:00:00+00:00"), (time(23, 30), time(5))),
        (("23:30:00+00:00", "05:00:00+00:00"), (time(0, 30), time(6))),
        (("07:00:00+00:00", "19:59:00+00:00"), (time(8), time(21))),
    ],
    ids=["day", "over midnight", "shifted over midnight", "last minute included"],
)
def test_p2_slots_are_an_hour_behind_in_every_season(
    path: Path, written: tuple[str, str], local: tuple[time, time]
) -> None:
    assert _period(path, written).slots == (TimeSlot(*local),)


def test_p2_the_weekday_is_that_of_the_local_start_when_the_shift_crosses_midnight(path: Path) -> None:
    period = _period(path, ("23:30:00+00:00", "03:00:00+00:00"), days=("friday",))
    assert (period.weekdays, period.slots) == (frozenset({Weekday.FRIDAY}), (TimeSlot(time(0, 30), time(4)),))


def test_p2_a_slot_of_the_whole_day_is_no_slot(path: Path) -> None:
    assert _period(path, ("23:00:00+00:00", "22:59:00+00:00")).slots == ()


@pytest.mark.parametrize("source", ["litteralis", "bacidf", "api"])
def test_p2_the_clock_is_reported_when_the_sub_source_writes_another_one(path: Path, source: str) -> None:
    timed = regulation(any_of(when(more=hours(("07:00:00+00:00", "09:00:00+00:00")))), any_of(where()))
    read = _read(path, order(timed, source=source))
    assert read.codes == ["slot-clock-uncertain"]
    assert read.measure.periods[0].slots == (TimeSlot(time(8), time(10)),)
    assert _read(path, order(source=source)).codes == []  # nothing is uncertain without a slot
    settled = _read(path, order(timed, source=source), options={f"slot_clock.{source}": "local"})
    assert settled.codes == []
    assert settled.measure.periods[0].slots == (TimeSlot(time(7), time(9)),)


def test_p2_the_option_for_every_source_yields_to_that_of_one(path: Path) -> None:
    options = {"slot_clock": "local", "slot_clock.litteralis": "utc"}
    slot = ("07:00:00+00:00", "09:00:00+00:00")
    timed = regulation(any_of(when(more=hours(slot))), any_of(where()))
    assert _read(path, order(timed), options=options).measure.periods[0].slots == (TimeSlot(time(7), time(9)),)
    other = _read(path, order(timed, source="litteralis"), options=options)
    assert other.measure.periods[0].slots == (TimeSlot(time(8), time(10)),)


def test_p3_bounds_are_instants_and_an_end_at_minute_59_includes_it(path: Path) -> None:
    written = regulation(any_of(when("2026-06-01T22:00:00+00:00", "2026-06-30T21:59:00+00:00")), any_of(where()))
    (period,) = _read(path, order(written)).measure.periods
    assert period == Period(datetime(2026, 6, 1, 22, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC))


def test_p4_the_direction_stays_unknown_and_the_file_says_so_once(path: Path) -> None:
    read = _read(path, order(), order(order_id="b"))
    assert {place.direction for o in read.orders for m in o.measures for place in m.locations} == {Direction.UNKNOWN}
    assert [issue.code for issue in read.reading.issues] == ["direction-never-written"]


@pytest.mark.parametrize(
    ("drawn", "kind", "pieces", "codes"),
    [
        (LINE, "LineString", 1, []),
        (
            {"type": "MultiLineString", "coordinates": [[[2, 48], [2.1, 48]], [[2.3, 48], [2.2, 48]]]},
            "MultiLineString",
            2,
            [],
        ),
        (
            {"type": "GeometryCollection", "geometries": [LINE, {"type": "GeometryCollection", "geometries": [LINE]}]},
            "MultiLineString",
            2,
            [],
        ),
        ({"type": "GeometryCollection", "geometries": []}, "Point", 0, ["place-not-drawn"]),
        ({"type": "Point", "coordinates": [2.36, 48.86]}, "Point", 0, ["place-is-a-point"]),
        ({"type": "LineString", "coordinates": [[2.36, 48.86], [2.36, 48.86]]}, "Point", 0, ["place-is-a-point"]),
        ({"type": "Polygon", "coordinates": [[[2, 48], [2.1, 48], [2.1, 48.1], [2, 48]]]}, "Polygon", 1, []),
        ("", "Point", 0, ["place-not-drawn"]),
        ("{not json", "Point", 0, ["place-unreadable"]),
    ],
    ids=["line", "pieces", "nested collection", "empty", "point", "no length", "area", "nothing", "not GeoJSON"],
)
def test_p5_each_kind_of_geometry_is_a_line_an_area_or_without_effect(
    path: Path, drawn: Mapping[str, object] | str, kind: str, pieces: int, codes: list[str]
) -> None:
    read = _read(path, order(regulation(any_of(when()), any_of(where(drawn)))))
    shape = read.measure.locations[0].shape
    assert (shape.geom_type, len(getattr(shape, "geoms", [shape])) if not shape.is_empty else 0) == (kind, pieces)
    assert read.codes == codes


def test_p5_lines_and_areas_drawn_together_become_two_places(path: Path) -> None:
    area = {"type": "Polygon", "coordinates": [[[2, 48], [2.1, 48], [2.1, 48.1], [2, 48]]]}
    read = _read(path, order(regulation(any_of(where({"type": "GeometryCollection", "geometries": [LINE, area]})))))
    assert [(p.kind, p.shape.geom_type) for p in read.measure.locations] == [
        (LocationKind.NAMED_STREET, "LineString"),
        (LocationKind.AREA, "MultiPolygon"),
    ]


def test_p6_whom_it_frees_stands_in_the_same_set_as_whom_it_binds(path: Path) -> None:
    members = vehicle(_HEAVY + weight("3.5")), vehicle(_RESCUE, negate=True)
    assert _rule(path, *members) == VehicleRule(
        (Over(Size.GROSS_WEIGHT, 3500),), (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE))
    )


def test_p6_every_vehicle_is_bound_when_only_exemptions_are_written(path: Path) -> None:
    assert _rule(path, vehicle(_RESCUE, negate=True)).applies_to == ()


def test_p7_sizes_of_one_condition_are_alternatives(path: Path) -> None:
    sizes = size("heightCharacteristic", "vehicleHeight", "3.5") + size("lengthCharacteristic", "vehicleLength", "12")
    assert _rule(path, vehicle(sizes)) == VehicleRule((Over(Size.HEIGHT, 350), Over(Size.LENGTH, 1200)))


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (vehicle("<com:vehicleType>commercial</com:vehicleType>"), UsedFor(Usage.PUBLIC_TRANSPORT)),
        (vehicle("<com:vehicleType>taxi</com:vehicleType>"), UsedFor(Usage.TAXI)),
        (vehicle("<com:vehicleType>carSharing</com:vehicleType>"), UsedFor(Usage.CARPOOL)),
        (vehicle("<com:vehicleType>cityLogistics</com:vehicleType>"), UsedFor(Usage.CITY_LOGISTICS)),
        (vehicle("<com:vehicleType>bicycle</com:vehicleType>"), IsRoadUser(RoadUser.BICYCLE)),
        (vehicle("<com:vehicleType>critairWithout</com:vehicleType>"), AirClassIn(frozenset({AirClass.NONE}))),
        (vehicle("<com:vehicleUsage>roadMaintenanceOrConstruction</com:vehicleUsage>"), UsedFor(Usage.ROADWORKS)),
        (vehicle("<com:loadType>hazardousMaterials</com:loadType>"), CarriesHazmat()),
        (
            condition("AccessCondition", "<accessConditionType>destinationTraffic</accessConditionType>"),
            HasAccess(Access.LOCAL_ACCESS),
        ),
        (
            condition("DriverCondition", "<driverCharacteristicsType>localResident</driverCharacteristicsType>"),
            HasAccess(Access.RESIDENT),
        ),
        (
            condition("NonVehicularRoadUserCondition", "<nonVehicularRoadUser>pedestrians</nonVehicularRoadUser>"),
            IsRoadUser(RoadUser.PEDESTRIAN),
        ),
    ],
)
def test_p8_words_outside_the_schema_are_understood(path: Path, member: str, expected: Criterion) -> None:
    assert _rule(path, member) == VehicleRule((expected,))


def test_p8_air_classes_written_one_by_one_are_one_list(path: Path) -> None:
    written = [
        vehicle(
            f"<com:emissions><com:emissionClassificationOther>critair{n}</com:emissionClassificationOther></com:emissions>"
        )
        for n in (3, 4)
    ]
    rule = _rule(path, written[0], vehicle(_HEAVY), written[1])
    assert rule == VehicleRule((AirClassIn(frozenset({AirClass.CLASS_3, AirClass.CLASS_4})), HEAVY_GOODS))


@pytest.mark.parametrize(
    "member",
    [
        vehicle("<com:vehicleType>unicycle</com:vehicleType>"),
        vehicle(""),
        vehicle(weight("heavy")),
        vehicle(weight("1e400")),
        vehicle(weight("-3")),
        vehicle("<com:loadType>livestock</com:loadType>"),
        vehicle(_HEAVY + size("heightCharacteristic", "vehicleHeight", "3.5")),
        condition("OccupantCondition", "<numberOfOccupants>2</numberOfOccupants>"),
    ],
)
def test_p8_a_condition_that_is_not_understood_becomes_words_and_an_issue(path: Path, member: str) -> None:
    read = _measured(path, any_of(member))
    assert [type(criterion) for criterion in read.measure.vehicles.applies_to] == [FreeText]
    assert read.codes == ["vehicle-not-understood"]


_TYPES = {
    MeasureType.NO_PARKING: ("StandingOrParkingRestriction", "standingOrParkingRestrictionType", "parkingProhibited"),
    MeasureType.ALTERNATE_TRAFFIC: (
        "RoadOrCarriagewayOrLaneManagement",
        "roadOrCarriagewayOrLaneManagementType",
        "singleAlternateLineTraffic",
    ),
    MeasureType.NO_OVERTAKING: (
        "GeneralInstructionToRoadUsers",
        "generalInstructionToRoadUsersType",
        "noOvertaking",
    ),
}


def _kind(name: str, inside: str) -> str:
    return f'<typeOfRegulation xsi:type="{name}">{inside}</typeOfRegulation>'


@pytest.mark.parametrize("expected", _TYPES)
def test_p8_types_of_measure_outside_the_schema_are_understood(path: Path, expected: MeasureType) -> None:
    name, tag, value = _TYPES[expected]
    read = _read(path, order(regulation(kind=_kind(name, f"<{tag}>{value}</{tag}>"))))
    assert (read.measure.type, read.codes) == (expected, [])


def test_p8_a_type_nobody_knows_is_kept_without_effect(path: Path) -> None:
    read = _read(path, order(regulation(kind=_kind("DirectionRestriction", "<x>turnLeft</x>"))))
    assert (read.measure.type, read.codes) == (MeasureType.UNKNOWN, ["unknown-measure"])


def test_p9_validity_conditions_are_read_though_later_versions_dropped_them(path: Path) -> None:
    read = _read(
        path, order(regulation(any_of(when("2026-03-02T07:00:00Z"), when("2026-05-02T07:00:00Z")), any_of(where())))
    )
    assert [period.start.month for period in read.measure.periods] == [3, 5]


def test_p10_no_end_is_permanent_and_each_period_keeps_its_own_end(path: Path) -> None:
    assert _read(path, order()).order.category is Category.PERMANENT
    over, running = (
        regulation(any_of(when("2026-01-02T07:00:00Z", end)), any_of(where()))
        for end in ("2026-02-02T07:00:00Z", "2026-12-02T07:00:00Z")
    )
    read = _read(path, order(over, running, start="2026-01-02T07:00:00Z", end="2026-12-02T07:00:00Z"))
    assert read.order.category is Category.TEMPORARY
    assert [measure.periods[0].end for measure in read.order.measures] == [
        datetime(2026, 2, 2, 7, tzinfo=UTC),
        datetime(2026, 12, 2, 7, tzinfo=UTC),
    ]
    assert read.order.ends_at == datetime(2026, 12, 2, 7, tzinfo=UTC)


def test_p10_a_measure_without_a_period_lasts_as_long_as_its_order(path: Path) -> None:
    read = _read(path, order(regulation(any_of(where())), end="2026-12-02T07:00:00Z"))
    assert read.measure.periods == (Period(datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 12, 2, 7, tzinfo=UTC)),)


def test_p10_a_period_without_an_end_ends_with_its_order_when_that_has_one(path: Path) -> None:
    read = _read(path, order(end="2026-12-02T07:00:00Z"))
    assert (read.measure.periods[0].end, read.codes) == (datetime(2026, 12, 2, 7, tzinfo=UTC), [])


def test_the_validity_of_the_order_bounds_nothing_when_it_cannot_be_read(path: Path) -> None:
    read = _read(path, order(start="hier"))
    assert (len(read.measure.periods), read.codes) == (1, [])


@pytest.mark.parametrize("status", ["suspended", "planned", "_extended"])
def test_a_validity_that_is_not_in_force_has_no_effect(path: Path, status: str) -> None:
    written = order()
    for count in (1, -1):  # of the order alone, then of its regulation as well
        read = _read(path, written.replace("definedByValidityTimeSpec", status, count))
        assert (read.measure.periods, read.codes) == ((), ["order-not-in-force"])


@pytest.mark.parametrize("kind", ["ValidityCondition", "LocationCondition", "ConditionSet"])
def test_a_time_a_place_or_a_set_that_is_denied_has_no_effect(path: Path, kind: str) -> None:
    opening = f'<conditions xsi:type="{kind}">'
    denied = order(regulation(any_of(when(), when()), any_of(where(), where()))).replace(
        opening, f"{opening}<negate>true</negate>", 1
    )
    read = _read(path, denied)
    assert (read.measure.type, read.codes) == (MeasureType.UNKNOWN, ["condition-not-understood"])


def test_p11_a_storage_area_is_a_place_to_wait_and_no_ban(path: Path) -> None:
    said = "<otherObligation><com:values><com:value>Aire de stockage</com:value></com:values></otherObligation>"
    stored = regulation(kind=_kind("MandatoryRoadOrCarriagewayOrLaneUsage", said))
    assert [m.type for m in _read(path, order(regulation(), stored)).order.measures] == [
        MeasureType.NO_ENTRY,
        MeasureType.STORAGE_AREA,
    ]


@pytest.mark.parametrize(
    "title",
    [
        "Mise en SENS UNIQUE de la rue",
        "Rue en sens-interdit sauf vélos",
        "Rue du Moulin : mise à sens unique et interdiction de stationner",
        "Sens unique et stationnement interdit, rue du Moulin",
    ],
)
def test_p12_a_ban_called_one_way_closes_no_direction_and_is_reported(path: Path, title: str) -> None:
    read = _read(path, order(title=title))
    assert (read.measure.type, read.measure.locations[0].direction) == (MeasureType.ONE_WAY, Direction.UNKNOWN)
    assert read.codes == ["read-as-one-way", "maybe-one-way"]


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("Circulation interdite dans les deux sens", []),
        ("Circulation interdite rue du Moulin, mise en sens unique rue Haute", ["maybe-one-way"]),
        ("Rue barrée et sens unique rue Haute", ["maybe-one-way"]),
        ("Fermeture de la rue du Moulin (sens interdit)", ["maybe-one-way"]),
        ("Suppression du sens unique", ["maybe-one-way"]),
        ("Interdiction aux plus de 3,5 t sauf desserte, rue en sens unique", ["maybe-one-way"]),
        ("Circulation en sens unique alterné", []),
        ("Déviation par la rue à contresens", []),
    ],
)
def test_p12_a_ban_stays_one_when_its_title_speaks_of_more_than_one_way(
    path: Path, title: str, codes: list[str]
) -> None:
    read = _read(path, order(title=title))
    assert (read.measure.type, read.codes) == (MeasureType.NO_ENTRY, codes)


def test_p12_a_ban_of_some_vehicles_is_no_one_way_sign(path: Path) -> None:
    bound = regulation(any_of(when()), any_of(where()), any_of(vehicle(_HEAVY)))
    assert _read(path, order(bound, title="Sens unique rue Haute")).measure.type is MeasureType.NO_ENTRY
    freed = regulation(any_of(when()), any_of(where()), any_of(vehicle(_RESCUE, negate=True)))
    assert _read(path, order(freed, title="Sens unique rue Haute")).measure.type is MeasureType.ONE_WAY


def test_p12_only_the_measures_that_close_are_read_as_one_way(path: Path) -> None:
    name, tag, value = _TYPES[MeasureType.NO_PARKING]
    parking = regulation(kind=_kind(name, f"<{tag}>{value}</{tag}>"))
    found = _read(path, order(regulation(), parking, title="Sens unique rue Haute")).order.measures
    assert [measure.type for measure in found] == [MeasureType.ONE_WAY, MeasureType.NO_PARKING]


_DESCRIBED = (
    "<loc:locationDescription><com:values><com:value>Toute la ville</com:value></com:values></loc:locationDescription>"
)


@pytest.mark.parametrize(
    ("described", "kind", "label"),
    [
        (
            "<loc:roadInformation><loc:roadName>Rue du Moulin</loc:roadName></loc:roadInformation>",
            "namedStreet",
            "Rue du Moulin",
        ),
        ("<loc:roadInformation><loc:roadName></loc:roadName></loc:roadInformation>", "namedStreet", ""),
        ("<loc:roadInformation><loc:roadNumber>D14</loc:roadNumber></loc:roadInformation>", "numberedRoad", "D14"),
        (
            _DESCRIBED,
            "freeGeometry",
            "Toute la ville",
        ),
    ],
)
def test_p13_a_place_has_the_name_that_is_written_and_no_commune(
    path: Path, described: str, kind: str, label: str
) -> None:
    (place,) = _read(path, order(regulation(any_of(where(described=described))))).measure.locations
    assert (place.kind.value, place.label) == (kind, label)


def test_p14_line_breaks_and_entities_of_a_title_become_plain_text(path: Path) -> None:
    written = "L&#039;arrêté\n   de la &amp;laquo; Foire &amp;raquo; &lt;b&gt;2026&lt;/b&gt; (URL : https://x.fr/?a=1)"
    read = _read(path, order(title=written))
    assert read.order.title == "L'arrêté de la « Foire » <b>2026</b> (URL : https://x.fr/?a=1)"


def test_p15_the_order_of_the_2024_games_is_reported(path: Path) -> None:
    assert _read(path, order(regulation_id="JOP2024-ZONES#x")).codes == ["games-zones"]


def test_the_identifier_is_split_on_its_last_hash_and_the_page_is_rebuilt(path: Path) -> None:
    found = _read(path, order(regulation_id="117374#24-A/0473#8f9164ed")).order
    page = "https://dialog.beta.gouv.fr/regulations/018a45df-58c3-740c-b712-37d3d3924ca4"
    assert (found.identifier, found.source, found.source_id, found.url) == (
        "117374#24-A/0473",
        "dialog",
        "018a45df-58c3-740c-b712-37d3d2ca25f8",
        page,
    )
    assert found.provenance == {
        "source": "dialog",
        "origin": "dialog",
        "organisation": "8f9164ed",
        "licence": "Licence Ouverte 2.0",
        "url": page,
        "file": "regulations.xml",
    }


@pytest.mark.parametrize(
    ("written", "expected", "codes"),
    [
        ("50", 50, []),
        ("50.0", 50, []),
        ("", None, ["speed-missing"]),
        ("900", None, ["speed-not-understood", "speed-missing"]),
        ("vite", None, ["speed-not-understood", "speed-missing"]),
    ],
)
def test_a_speed_is_read_or_reported(path: Path, written: str, expected: int | None, codes: list[str]) -> None:
    limit = (
        f"<maxValue><numericValue>{written}</numericValue><unitOfMeasure>kilometresPerHour</unitOfMeasure></maxValue>"
    )
    read = _read(path, order(regulation(kind=_kind("SpeedLimit", limit))))
    assert (read.measure.type, read.measure.max_speed_kmh, read.codes) == (MeasureType.SPEED_LIMIT, expected, codes)


@pytest.mark.parametrize("text", ["Déserte locale", "desserte  Local", "Dessertes locales uniquement"])
def test_free_text_that_sounds_like_local_access_is_for_the_clerk(path: Path, text: str) -> None:
    said = (
        "<com:_vehicleCharacteristicsExtension><com:vehicleCharacteristicsExtended>"
        f"<dx:otherVehicleType>{text}</dx:otherVehicleType>"
        "</com:vehicleCharacteristicsExtended></com:_vehicleCharacteristicsExtension>"
    )
    read = _measured(path, any_of(vehicle(said, negate=True)))
    assert read.measure.vehicles == VehicleRule((), (FreeText(" ".join(text.split())),))
    assert read.codes == ["maybe-local-access"]


def test_an_order_that_is_not_made_is_a_draft(path: Path) -> None:
    read = _read(path, order(status="proposed"))
    assert (read.order.status, read.codes) == (OrderStatus.DRAFT, ["order-not-in-force"])


PARIS = (2.3, 48.8, 2.4, 48.9)


@pytest.mark.parametrize(
    ("drawn", "kept", "codes"),
    [
        (LINE, 1, []),
        ({"type": "LineString", "coordinates": [[4.8, 45.7], [4.81, 45.71]]}, 0, ["outside-not-kept"]),
        ({"type": "Point", "coordinates": [4.8, 45.7]}, 0, ["outside-not-kept"]),
        ({"type": "GeometryCollection", "geometries": []}, 1, ["place-not-drawn"]),
        ({"type": "LineString", "coordinates": [[48.86, 2.36], [48.861, 2.361]]}, 1, ["place-axes-swapped"]),
    ],
    ids=["inside", "elsewhere", "point elsewhere", "nowhere", "axes exchanged"],
)
def test_orders_wholly_outside_the_territory_are_not_kept(
    path: Path, drawn: Mapping[str, object], kept: int, codes: list[str]
) -> None:
    read = _read(path, order(regulation(any_of(when()), any_of(where(drawn)))), bounds=PARIS)
    assert (len(read.orders), read.codes) == (kept, codes)


def test_an_order_is_kept_whole_when_a_part_of_it_lies_inside(path: Path) -> None:
    far = regulation(any_of(where({"type": "LineString", "coordinates": [[4.8, 45.7], [4.81, 45.71]]})))
    assert len(_read(path, order(far, regulation()), bounds=PARIS).order.measures) == 2


@pytest.mark.parametrize(
    ("options", "orders", "scopes"),
    [
        ({}, ("permanent", "temporary"), {"permanent", "temporary"}),
        ({}, ("temporary",), {"temporary"}),
        ({"scope": "temporary"}, ("permanent", "temporary"), {"temporary"}),
        ({"scope": "part"}, ("permanent", "temporary"), set()),
    ],
)
def test_a_file_holds_everything_of_the_scopes_asked_for_and_seen(
    path: Path, options: Mapping[str, str], orders: tuple[str, ...], scopes: set[str]
) -> None:
    ends = {"permanent": None, "temporary": "2026-12-02T07:00:00Z"}
    read = _read(path, *(order(order_id=name, end=ends[name]) for name in orders), options=options)
    assert (read.reading.complete, set(read.reading.snapshot)) == (True, scopes)


def test_the_digest_follows_the_text_and_what_decides_its_reading(path: Path) -> None:
    first = _read(path, order()).digests
    assert _read(path, order()).digests == first
    assert _read(path, order(), options={"scope": "part"}).digests == first
    changed = [
        _read(path, order(title="Autre")).digests,
        _read(path, order(), options={"slot_clock": "local"}).digests,
        _read(path, order(), bounds=PARIS).digests,
    ]
    assert len({first, *changed}) == 4
