"""The real extract of the national base, its expected results and its standard example: values read by eye."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from portal.numeriz.values import Category
from portal.regulations.measures import MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.datex import read_file

_RESCUE = (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE))
_WORKDAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_the_real_extract_is_read_exactly(shared_data: Path) -> None:
    read = read_file(shared_data / "dialog" / "dialog-regulations-2026-07-24.xml")
    assert (read.reading.format, read.reading.complete) == ("dialog", True)
    assert set(read.reading.snapshot) == {"permanent"}
    maisse, art = read.orders
    assert (maisse.identifier, maisse.authority_name, maisse.category) == ("04/49", "Maisse", Category.PERMANENT)
    assert maisse.title == (
        "Interdiction aux véhicules de +7,5T de la traversée de l'agglomération de MAISSE à certaines heures de la "
        "journée"
    )
    rule = VehicleRule(
        (Over(Size.GROSS_WEIGHT, 7500),), (UsedFor(Usage.PUBLIC_TRANSPORT), *_RESCUE, FreeText("Déserte locale"))
    )
    period = Period(_at(2004, 10, 17, 23), None, _WORKDAYS, (TimeSlot(time(8), time(21)),))
    assert {(m.type, m.vehicles, m.periods) for m in maisse.measures} == {(MeasureType.NO_ENTRY, rule, (period,))}
    streets = [(place.label, len(place.shape.geoms)) for m in maisse.measures for place in m.locations]  # type: ignore[attr-defined]
    assert streets == [
        ("Avenue du Général de Gaulle", 21),
        ("Grande Rue", 9),
        ("Rue de Milly", 13),
        ("Rue d'Etampes", 8),
    ]
    assert [issue.code for issue in maisse.issues] == ["maybe-local-access"] * 4
    (measure,) = art.measures
    assert (art.identifier, measure.periods) == ("2021-07-28", (Period(_at(2021, 7, 27, 22), None),))
    assert measure.vehicles == VehicleRule(
        (Over(Size.GROSS_WEIGHT, 5000),), (*_RESCUE, FreeText("Grumiers, Camions déchetterie"))
    )


def test_the_expected_results_of_the_national_base_are_read_exactly(shared_data: Path) -> None:
    read = read_file(shared_data / "dialog" / "get-regulations-expected-result.xml")
    assert [(found.identifier, len(found.measures)) for found in read.orders] == [
        ("F/CIFS/2023", 1),
        ("117374#24-A-0473", 1),
        ("FO2/2023", 1),
        ("F2025/HIVER1", 2),
        ("2025-01", 1),
        ("F/OUTDATED/CIFS/2021", 1),
    ]
    assert sum(len(m.locations) for found in read.orders for m in found.measures) == 11
    assert {found.category for found in read.orders} == {Category.TEMPORARY}
    assert read.codes == []
    cifs, litteralis, vehicles, winter, parking, daily = read.orders
    assert cifs.measures[0].periods == (
        Period(
            _at(2023, 6, 3, 8),
            _at(2023, 6, 5, 10),
            frozenset({Weekday.TUESDAY, Weekday.THURSDAY}),
            (TimeSlot(time(9), time(11)),),
        ),
        Period(_at(2023, 6, 4, 23), _at(2023, 6, 10, 23), frozenset(), (TimeSlot(time(19), time(23)),)),
        Period(
            _at(2023, 6, 1, 23),
            _at(2023, 6, 6, 23),
            frozenset({Weekday.TUESDAY}),
            (TimeSlot(time(13), time(15)), TimeSlot(time(20), time(22))),
        ),
    )
    assert litteralis.provenance["origin"] == "litteralis"
    assert litteralis.measures[0].locations[0].label.startswith("ROUTE 147 (NOYELLES-LÈS-SECLIN) DU PR7 +779")
    assert vehicles.measures[0].vehicles == VehicleRule(
        (
            Over(Size.GROSS_WEIGHT, 3500),
            Over(Size.HEIGHT, 240),
            Over(Size.LENGTH, 1200),
            AirClassIn(frozenset({AirClass.CLASS_4, AirClass.CLASS_5})),
            CarriesHazmat(),
        ),
        (IsRoadUser(RoadUser.PEDESTRIAN), *_RESCUE, FreeText("Convois exceptionnels")),
    )
    assert [measure.type for measure in winter.measures] == [MeasureType.NO_ENTRY, MeasureType.STORAGE_AREA]
    assert (parking.measures[0].type, parking.measures[0].locations[0].label) == (MeasureType.NO_PARKING, "")
    assert daily.measures[0].periods == (Period(_at(2021, 11, 1, 23), _at(2021, 11, 6, 23)),)


def test_the_standard_example_is_read_by_the_standard(shared_data: Path) -> None:
    read = read_file(shared_data / "dialog" / "datex2" / "example.xml")
    assert read.reading.format == "datex2"
    assert read.order.title == (
        "Arrêté temporaire portant réglementation de la circulation sur : Routes Départementales N° 3-93, Voie "
        "communautaire de la Colleraye"
    )
    ban, limit = read.order.measures
    assert (ban.type, limit.type, limit.max_speed_kmh) == (MeasureType.NO_ENTRY, MeasureType.SPEED_LIMIT, 50)
    assert ban.periods == (
        Period(_at(2022, 5, 10, 9), _at(2022, 6, 10, 16, 30), _WORKDAYS, holidays=HolidayRule.EXCEPTED),
    )
    assert list(ban.locations[0].shape.coords) == [(-1.944703, 47.366334), (-1.94021, 47.370631)]
    # Delivery vehicles of 12 m and over: two demands at once, which our rule has no words for.
    assert ban.vehicles == VehicleRule((FreeText("cityLogistics + length_cm>1199"),))
    assert read.codes == ["conditions-combined"]
