"""Dates typed in rows or pasted from a spreadsheet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.numeriz.zones.dates import DateRow, read_minutes, read_row, row_of, rows_of_table
from portal.regulations.perimeters import Activation

PARIS = ZoneInfo("Europe/Paris")


def shown(span: Activation) -> tuple[str, str]:
    start, end = (at.astimezone(PARIS) if at else None for at in (span.start, span.end))
    return f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}" if end else ""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (DateRow("2027-07-14", "18:00", "", "22:30"), ("2027-07-14 18:00", "2027-07-14 22:30")),
        (DateRow("14/07/2027", "18h", "", "22h30"), ("2027-07-14 18:00", "2027-07-14 22:30")),
        (DateRow("2027-07-14", "20:00", "", "01:00"), ("2027-07-14 20:00", "2027-07-15 01:00")),
        (DateRow("2027-07-14", "20:00", "2027-07-16", "08:00"), ("2027-07-14 20:00", "2027-07-16 08:00")),
        (DateRow("2027-07-14", "06:00", endless=True), ("2027-07-14 06:00", "")),
        (DateRow("2027-10-31", "00:00", "", "04:00"), ("2027-10-31 00:00", "2027-10-31 04:00")),
        (DateRow("2027-10-31", "22:00", "", "02:30"), ("2027-10-31 22:00", "2027-11-01 02:30")),
        (DateRow("2027-03-28", "22:00", "", "02:30"), ("2027-03-28 22:00", "2027-03-29 02:30")),
        (DateRow("2027-10-30", "19:00", "", "09:00"), ("2027-10-30 19:00", "2027-10-31 09:00")),
    ],
)
def test_a_span_is_read_when_its_row_is_complete(row: DateRow, expected: tuple[str, str]) -> None:
    assert shown(read_row(row, PARIS)) == expected


@pytest.mark.parametrize(
    ("row", "code", "cell"),
    [
        (DateRow("", "18:00", "", "22:00"), "date-unreadable", "day"),
        (DateRow("2027-02-30", "18:00", "", "22:00"), "date-unreadable", "day"),
        (DateRow("1999-07-14", "18:00", "", "22:00"), "date-unreadable", "day"),
        (DateRow("2027-07-14", "", "", "22:00"), "hour-unreadable", "start"),
        (DateRow("2027-07-14", "25:00", "", "22:00"), "hour-unreadable", "start"),
        (DateRow("2027-07-14", "18:00", "", ""), "hour-unreadable", "end"),
        (DateRow("2027-07-14", "18:00", "", "17:00"), "end-before-start", "end"),
        (DateRow("2027-07-14", "18:00", "", "18:00"), "end-before-start", "end"),
        (DateRow("2027-07-14", "18:00", "2027-07-13", "20:00"), "end-before-start", "end"),
        (DateRow("2027-07-14", "18:00", "12/2027", "20:00"), "date-unreadable", "end_day"),
        (DateRow("2027-07-14", "18:00", "", "20:00", endless=True), "end-twice", "end"),
        (DateRow("2027-03-28", "02:30", "", "05:00"), "hour-never", "start"),
        (DateRow("2027-03-28", "00:30", "", "02:30"), "hour-never", "end"),
    ],
)
def test_the_cell_at_fault_is_named_when_a_row_cannot_be_read(row: DateRow, code: str, cell: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_row(row, PARIS)
    assert (refused.value.code, refused.value.field) == (code, cell)


@pytest.mark.parametrize(
    ("row", "start", "end"),
    [
        (DateRow("2027-10-30", "22:00", "", "02:30"), "30T20:00", "31T01:30"),
        (DateRow("2027-10-31", "02:30", "", "05:00"), "31T00:30", "31T04:00"),
        (DateRow("2027-10-31", "02:15", "", "02:45"), "31T00:15", "31T01:45"),
    ],
)
def test_a_span_is_as_wide_as_its_words_when_an_hour_comes_twice(row: DateRow, start: str, end: str) -> None:
    span = read_row(row, PARIS)
    assert span.end is not None
    assert (f"{span.start:%dT%H:%M}", f"{span.end:%dT%H:%M}") == (start, end)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("14/07/2027\t18:00\t22:30", DateRow("2027-07-14", "18:00", "", "22:30")),
        ("2027-07-14;18h00;22h30", DateRow("2027-07-14", "18:00", "", "22:30")),
        ("mercredi 14/7/2027 de 9 h 05 à 12 h", DateRow("2027-07-14", "09:05", "", "12:00")),
        ("14.07.2027 18:00:00\t15.07.2027 02:00:00", DateRow("2027-07-14", "18:00", "2027-07-15", "02:00")),
        ("14/07/2027 18:00 14/07/2027 22:00", DateRow("2027-07-14", "18:00", "", "22:00")),
        ("14/07/2027\t06:00\tsans fin", DateRow("2027-07-14", "06:00", endless=True)),
    ],
)
def test_a_row_is_made_when_a_spreadsheet_is_pasted(line: str, expected: DateRow) -> None:
    assert rows_of_table(f"Jour\tDébut\tFin\n\n{line}\n") == [expected]


@pytest.mark.parametrize("line", ["14/07/2027\t18:00", "14/07/27\t18:00\t20:00", "le soir", "14/07/2027 1 2 3"])
def test_the_line_at_fault_is_named_when_a_table_cannot_be_read(line: str) -> None:
    with pytest.raises(Invalid) as refused:
        rows_of_table(f"14/07/2027\t18:00\t20:00\n{line}")
    assert (refused.value.code, refused.value.params["number"]) == ("table-unreadable", 2)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("2 h 30", 150), ("2h", 120), ("2:05", 125), ("150", 150), ("45 min", 45), ("0", 0), ("24 h", 1440)],
)
def test_minutes_are_read_when_a_duration_is_typed(text: str, minutes: int) -> None:
    assert read_minutes(text, "before") == minutes


@pytest.mark.parametrize("text", ["", "beaucoup", "25 h", "1 h 75", "-5", "2,5 h"])
def test_a_duration_is_refused_when_it_says_nothing_clear(text: str) -> None:
    with pytest.raises(Invalid, match="duration-unreadable"):
        read_minutes(text, "before")


# Whole minutes of a year, but for the two nights in which clocks change.
minutes = st.integers(0, 364 * 24 * 60).map(lambda count: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=count))
calm = minutes.filter(lambda at: (at.month, at.day) not in {(3, 27), (3, 28), (10, 30), (10, 31)})


@given(calm, calm)
def test_a_row_reads_back_the_same_when_a_span_is_shown(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    span = Activation(start, end if end > start else None)
    assert read_row(row_of(span, PARIS), PARIS) == span
