"""Reading what people type: instants on the local clock, positions, vehicles."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.common.errors import Invalid
from portal.itineriz.asking import check_instants, read_instant, read_position, read_vehicle
from portal.itineriz.trip import Stop
from portal.regulations.schedules import Interval

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-09-08T09:00", datetime(2024, 9, 8, 7, 0, tzinfo=UTC)),
        ("2024-01-08 09:00", datetime(2024, 1, 8, 8, 0, tzinfo=UTC)),
        ("2024-09-08T09:00:00+00:00", datetime(2024, 9, 8, 9, 0, tzinfo=UTC)),
        ("2024-09-08T09:00Z", datetime(2024, 9, 8, 9, 0, tzinfo=UTC)),
        # The hour that comes twice: the first one.
        ("2024-10-27T02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_on_the_local_clock_when_it_has_no_offset(text: str, expected: datetime):
    assert read_instant(text, PARIS) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("soon", "departure-unreadable"), ("", "departure-unreadable"), ("2024-03-31T02:30", "departure-does-not-exist")],
)
def test_an_instant_is_refused_when_it_means_nothing(text: str, code: str):
    with pytest.raises(Invalid) as refused:
        read_instant(text, PARIS)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "2.3", "2.3,48.8,1", "a,b", "2.3;48.8"])
def test_a_position_is_refused_when_it_is_not_two_numbers(text: str):
    with pytest.raises(Invalid) as refused:
        read_position(text, 3)
    assert (refused.value.code, refused.value.params["stop"]) == ("stop-not-a-position", 3)


def test_a_position_is_longitude_then_latitude_when_it_is_read():
    assert read_position("2.35,48.86") == (2.35, 48.86)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "vehicle-unreadable"),
        ("3", "vehicle-unreadable"),
        ('{"gvw_t": Infinity}', "vehicle-unreadable"),
        ('{"gvw_t": "12"}', "not-a-number"),
        ('{"speed": 3}', "unknown-key"),
    ],
)
def test_a_vehicle_is_refused_when_its_object_cannot_be_used(text: str, code: str):
    with pytest.raises(Invalid) as refused:
        read_vehicle(text)
    assert refused.value.code == code


NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("depart_at", "window", "code"),
    [
        (NOON.replace(year=9999), (NOON, NOON.replace(hour=13)), "departure-unreadable"),
        (NOON.replace(year=1), (NOON, NOON.replace(hour=13)), "departure-unreadable"),
        (NOON, (NOON, NOON.replace(year=9999)), "window-unreadable"),
        (NOON, (NOON.replace(year=1), NOON), "window-unreadable"),
    ],
)
def test_hours_are_refused_when_nobody_drives_then(depart_at: datetime, window: tuple[datetime, datetime], code: str):
    stops = [Stop(2.35, 48.86), Stop(2.36, 48.86, windows=(Interval(*window),))]
    with pytest.raises(Invalid) as refused:
        check_instants(depart_at, stops)
    assert refused.value.code == code
    check_instants(NOON, [Stop(2.35, 48.86, windows=(Interval(NOON, NOON.replace(hour=13)),))])
