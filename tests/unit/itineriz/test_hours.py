"""Hours as people write them, and what they become on a day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.common.errors import Invalid
from portal.itineriz.places.hours import hours_text, read_clock, read_hours, read_minutes, windows_near, windows_on

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "clock"),
    [("8h", "08:00"), ("8:30", "08:30"), ("08h05", "08:05"), ("08:30:00", "08:30"), ("24:00", "00:00"), ("7", "07:00")],
)
def test_a_clock_is_read_as_people_write_it(text: str, clock: str):
    assert read_clock(text) == clock


@pytest.mark.parametrize("text", ["", "25h", "8h60", "midi", "8-9", "-1", "8h5"])
def test_a_clock_is_refused_when_it_says_no_hour(text: str):
    with pytest.raises(Invalid):
        read_clock(text)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", ()),
        ("8h-12h", (("08:00", "12:00"),)),
        ("de 8h à 12h et de 14h à 18h30", (("08:00", "12:00"), ("14:00", "18:30"))),
        ("22:00–06:00", (("22:00", "06:00"),)),
        ("08:00-12:00; 14:00 - 18:00", (("08:00", "12:00"), ("14:00", "18:00"))),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, spans: tuple[tuple[str, str], ...]):
    assert read_hours(text) == spans
    assert read_hours(hours_text(spans)) == spans


@pytest.mark.parametrize("text", ["8h", "8h-", "8h-9h-10h", "matin", "1h-2h,2h-3h,3h-4h,4h-5h,5h-6h"])
def test_spans_are_refused_when_an_end_is_missing_or_too_many(text: str):
    with pytest.raises(Invalid):
        read_hours(text)


@pytest.mark.parametrize(
    ("day", "spans", "expected"),
    [
        (date(2026, 7, 1), [("14:00", "16:00"), ("08:00", "12:00")], ["06:00/10:00", "12:00/14:00"]),
        (date(2026, 7, 1), [("22:00", "06:00")], ["20:00/04:00"]),
        (date(2026, 3, 29), [("02:00", "03:00")], []),
        (date(2026, 10, 25), [("02:00", "03:00")], ["00:00/02:00"]),
        (date(2026, 10, 25), [("00:00", "00:00")], ["22:00/23:00"]),
    ],
    ids=["summer", "night", "skipped hour", "hour twice", "day of 25 hours"],
)
def test_windows_are_instants_of_the_local_day(day: date, spans: list[tuple[str, str]], expected: list[str]):
    found = windows_on(day, PARIS, spans)
    assert [f"{one.start:%H:%M}/{one.end:%H:%M}" for one in found] == expected


@pytest.mark.parametrize(
    ("at", "arrival", "spans", "expected"),
    [
        ("2026-11-25T22:00", False, [("00:30", "02:00")], ["25T23:30/26T01:00"]),
        (
            "2026-11-25T22:00",
            False,
            [("22:30", "23:30"), ("00:30", "02:00")],
            ["25T21:30/25T22:30", "25T23:30/26T01:00"],
        ),
        ("2026-11-25T02:00", False, [("22:00", "06:00")], ["24T21:00/25T05:00"]),
        ("2026-11-25T22:00", False, [("00:00", "00:00")], ["24T23:00/25T23:00", "25T23:00/26T23:00"]),
        ("2026-11-25T09:00", False, [("08:00", "08:30")], ["25T07:00/25T07:30"]),
        (
            "2026-11-25T13:00",
            False,
            [("08:00", "12:00"), ("14:00", "18:00")],
            ["25T07:00/25T11:00", "25T13:00/25T17:00"],
        ),
        ("2026-11-25T02:00", True, [("22:30", "23:30")], ["24T21:30/24T22:30"]),
        ("2026-11-25T12:00", True, [("08:00", "10:00")], ["25T07:00/25T09:00"]),
        ("2026-11-25T12:00", True, [("13:00", "14:00")], ["25T12:00/25T13:00"]),
    ],
    ids=[
        "night after",
        "both sides",
        "going on",
        "all day",
        "missed",
        "one over",
        "night before",
        "same day",
        "too late",
    ],
)
def test_windows_are_those_the_tour_can_meet(at: str, arrival: bool, spans: list[tuple[str, str]], expected: list[str]):
    found = windows_near(datetime.fromisoformat(at).replace(tzinfo=PARIS), PARIS, spans, arrival=arrival)
    assert [f"{one.start:%dT%H:%M}/{one.end:%dT%H:%M}" for one in found] == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("", 0), ("15", 15), ("15 min", 15), ("12,5", 13), ("0:20", 20), ("00:20:00", 20), ("1h30", 90), ("2 h", 120)],
)
def test_minutes_are_read_as_people_write_them(text: str, minutes: int):
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("text", ["un moment", "-5", "1e9", "25h", "1441", "15;20"])
def test_minutes_are_refused_when_they_say_no_duration_within_a_day(text: str):
    with pytest.raises(Invalid):
        read_minutes(text)
