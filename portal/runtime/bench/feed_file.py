"""A generated feed of orders in the shape of the national base: same elements, same spaces, invented content."""

from __future__ import annotations

import json
import math
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

BYTES_PER_ORDER: Final = 8_700
"""About what an order takes in the real feed: 11,500 of them make 100 MB."""

_SINCE = datetime(2026, 1, 5, 6, tzinfo=UTC)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>

<d2:payload
  modelBaseVersion="3"
  lang="FR"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:d2="http://datex2.eu/schema/3/d2Payload"
  xmlns:com="http://datex2.eu/schema/3/common"
  xmlns:loc="http://datex2.eu/schema/3/locationReferencing"
  xmlns:dx="https://raw.githubusercontent.com/MTES-MCT/dialog/main/docs/spec/datex2"
  xmlns="http://datex2.eu/schema/3/trafficRegulation"
  xsi:type="TrafficRegulationPublication"
  id="910928b3-58a1-4462-881b-53dec84602f9"
>
    <com:publicationTime>2026-07-24T14:40:09+00:00</com:publicationTime>
    <com:publicationCreator>
        <com:country>fr</com:country>
        <com:nationalIdentifier>DiaLog</com:nationalIdentifier>
    </com:publicationCreator>

    <trafficRegulationsFromCompetentAuthorities>
"""
_FOOT = "    </trafficRegulationsFromCompetentAuthorities>\n</d2:payload>\n"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Markup that every order needs, before what its lines take.
_MARKUP_BYTES = 6_900
_POINT_BYTES = 30


def write_feed(
    path: Path,
    orders: int,
    *,
    seed: int = 1,
    bytes_per_order: int = BYTES_PER_ORDER,
    centre: tuple[float, float] = (2.36, 48.86),
    without: frozenset[int] = frozenset(),
    retitled: frozenset[int] = frozenset(),
) -> int:
    """Write a feed and return its size in bytes; the same arguments write the same feed.

    centre: (lon, lat) around which the streets lie, within some kilometres. without: places of orders left out;
    retitled: places of orders whose title differs.
    """
    draws = random.Random(seed)  # noqa: S311 invented data, not secrets
    points = max(2, (bytes_per_order - _MARKUP_BYTES) // _POINT_BYTES)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_HEAD)
        for place in range(orders):
            written = "".join(_order(draws, place, points, centre, retitled=place in retitled))
            if place not in without:
                stream.write(written)
        stream.write(_FOOT)
    return path.stat().st_size


def _order(
    draws: random.Random, place: int, points: int, centre: tuple[float, float], *, retitled: bool
) -> Iterator[str]:
    start = _SINCE + timedelta(days=draws.randrange(400))
    permanent = draws.random() < 0.6
    end = None if permanent else start + timedelta(days=draws.randrange(3, 400), hours=12, minutes=59)
    identity = uuid.UUID(int=draws.getrandbits(128), version=4)
    page = uuid.UUID(int=draws.getrandbits(128), version=4)
    title = f"Arrêté n° {place} portant réglementation de la circulation, l'agglomération"
    yield f"""            <trafficRegulationOrder id="{identity}" version="1">
                <description>
                    <com:values>
                        <com:value>{escape(title + (", modifié" if retitled else ""), {"'": "&#039;"})}</com:value>
                    </com:values>
                </description>
                <issuingAuthority>
                    <com:values>
                        <com:value>Commune {place % 350}</com:value>
                    </com:values>
                </issuingAuthority>
                <regulationId>{2026 - place % 9}-{place:05d}#{uuid.UUID(int=place % 350, version=4)}</regulationId>
                <status>madeAndImplemented</status>

                <validityByOrder>
{_bounds(start, end, 20)}                </validityByOrder>
"""
    for part in range(1 + (place % 5 == 0)):
        yield _regulation(draws, place + part, max(2, points // (1 + (place % 5 == 0))), centre, start, end)
    source = ("dialog", "dialog", "eudonet_paris", "litteralis", "bacidf")[place % 5]
    yield f"""                <_trafficRegulationOrderExtension>
                    <trafficRegulationOrderExtended>
                        <dx:source>{source}</dx:source>
                        <dx:publicUrl>http://localhost/regulations/{page}</dx:publicUrl>
                    </trafficRegulationOrderExtended>
                </_trafficRegulationOrderExtension>
            </trafficRegulationOrder>
"""


def _bounds(start: datetime, end: datetime | None, indent: int, more: str = "") -> str:
    space = " " * indent
    ended = f"{space}    <com:overallEndTime>{end.isoformat()}</com:overallEndTime>\n" if end else ""
    return (
        f"{space}<com:validityStatus>definedByValidityTimeSpec</com:validityStatus>\n"
        f"{space}<com:validityTimeSpecification>\n"
        f"{space}    <com:overallStartTime>{start.isoformat()}</com:overallStartTime>\n{ended}{more}"
        f"{space}</com:validityTimeSpecification>\n"
    )


def _regulation(
    draws: random.Random,
    place: int,
    points: int,
    centre: tuple[float, float],
    start: datetime,
    end: datetime | None,
) -> str:
    kind, detail = _type(place)
    days = "".join(f"{' ' * 68}<com:applicableDay>{day}</com:applicableDay>\n" for day in _DAYS[: 5 + place % 3])
    valid = (
        f"""{" " * 56}<com:validPeriod>
{" " * 60}<com:recurringTimePeriodOfDay>
{" " * 64}<com:startTimeOfPeriod>{5 + place % 4:02d}:00:00+00:00</com:startTimeOfPeriod>
{" " * 64}<com:endTimeOfPeriod>{18 + place % 5:02d}:30:00+00:00</com:endTimeOfPeriod>
{" " * 60}</com:recurringTimePeriodOfDay>
{" " * 60}<com:recurringDayWeekMonthPeriod>
{days}{" " * 60}</com:recurringDayWeekMonthPeriod>
{" " * 56}</com:validPeriod>
"""
        if place % 3
        else ""
    )
    return f"""                <trafficRegulation>
                    <status>active</status>
                    <typeOfRegulation xsi:type="{kind}">
                        {detail}
                    </typeOfRegulation>
                    <condition xsi:type="ConditionSet">
                        <operator>and</operator>
                            <conditions xsi:type="ConditionSet">
                                <operator>or</operator>
                                        <conditions xsi:type="ValidityCondition">
                                            <validityByOrder>
{_bounds(start, end, 52, valid)}                                            </validityByOrder>
                                        </conditions>
                            </conditions>
                            <conditions xsi:type="ConditionSet">
                                <operator>or</operator>
{_location(draws, place, points, centre)}                            </conditions>
{_vehicles(place)}                    </condition>
                </trafficRegulation>
"""


def _type(place: int) -> tuple[str, str]:
    if place % 10 < 7:
        return "AccessRestriction", "<accessRestrictionType>noEntry</accessRestrictionType>"
    if place % 10 < 9:
        speed = f"<numericValue>{(30, 50, 70)[place % 3]}</numericValue>"
        return "SpeedLimit", f"<maxValue>{speed}<unitOfMeasure>kilometresPerHour</unitOfMeasure></maxValue>"
    return (
        "StandingOrParkingRestriction",
        "<standingOrParkingRestrictionType>parkingProhibited</standingOrParkingRestrictionType>",
    )


def _location(draws: random.Random, place: int, points: int, centre: tuple[float, float]) -> str:
    west, south = centre[0] + draws.uniform(-0.08, 0.08), centre[1] + draws.uniform(-0.05, 0.05)
    bearing, lines, line = draws.uniform(0, math.tau), [], []
    for _ in range(points):
        line.append([round(west, 9), round(south, 9)])
        bearing += draws.uniform(-0.3, 0.3)
        west += 0.0002 * math.cos(bearing)
        south += 0.00013 * math.sin(bearing)
        if len(line) == 6:
            lines.append(line)
            line = [line[-1]]
    if len(line) > 1:
        lines.append(line)
    drawn = json.dumps({"type": "MultiLineString", "coordinates": lines}, separators=(",", ":"))
    quoted = escape(drawn, {'"': "&quot;"})
    name = (
        f"<loc:roadNumber>D{place % 900}</loc:roadNumber>"
        if place % 4 == 0
        else (f"<loc:roadName>Rue {place % 3000} du Moulin</loc:roadName>")
    )
    return f"""                                    <conditions xsi:type="LocationCondition">
                                        <locationByOrder xsi:type="loc:LinearLocation">
                                            <loc:supplementaryPositionalDescription>
                                                    <loc:roadInformation>
                                                        {name}
                                                    </loc:roadInformation>
                                            </loc:supplementaryPositionalDescription>
                                            <loc:_linearLocationExtension>
                                                <loc:linearLocationExtended>
                                                    <dx:geoJsonGeometry>{quoted}</dx:geoJsonGeometry>
                                                </loc:linearLocationExtended>
                                            </loc:_linearLocationExtension>
                                        </locationByOrder>
                                    </conditions>
"""


def _vehicles(place: int) -> str:
    if place % 2:
        return ""
    operator = "<com:comparisonOperator>lessThanOrEqualTo</com:comparisonOperator>"
    limit = f"<com:grossVehicleWeight>{(3.5, 7.5, 12, 19)[place // 2 % 4]}</com:grossVehicleWeight>"
    return f"""                            <conditions xsi:type="ConditionSet">
                                <operator>or</operator>
                                            <conditions xsi:type="VehicleCondition">
                                                <negate>false</negate>
                                                <vehicleCharacteristics>
                                                            <com:vehicleType>heavyGoodsVehicle</com:vehicleType>
                                                                <com:grossWeightCharacteristic>
                                                                    {operator}
                                                                    {limit}
                                                                    <com:typeOfWeight>maximumPermitted</com:typeOfWeight>
                                                                </com:grossWeightCharacteristic>
                                                </vehicleCharacteristics>
                                            </conditions>
                                            <conditions xsi:type="VehicleCondition">
                                                <negate>true</negate>
                                                <vehicleCharacteristics>
                                                        <com:vehicleUsage>emergencyServices</com:vehicleUsage>
                                                </vehicleCharacteristics>
                                            </conditions>
                            </conditions>
"""
