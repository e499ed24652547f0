"""Opening hours: what is understood says the same as another reader, and the rest is refused."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from portal.common.errors import Invalid
from portal.numeriz.imports.opening_hours import closed_hours, periods_of_hours, read_hours, write_hours
from portal.numeriz.values import DeliveryHours
from portal.regulations.holidays import HolidayRegion, is_holiday
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday

PARIS = ZoneInfo("Europe/Paris")
ALL = frozenset(Weekday)
MO_FR = frozenset(list(Weekday)[:5])
SATURDAY, SUNDAY = frozenset({Weekday.SATURDAY}), frozenset({Weekday.SUNDAY})
NO_DAY: frozenset[Weekday] = frozenset()
IGNORED, EXCEPTED, ALSO, ONLY = HolidayRule.IGNORED, HolidayRule.EXCEPTED, HolidayRule.ALSO, HolidayRule.ONLY


def hours(days: frozenset[Weekday], *texts: str, holidays: HolidayRule = IGNORED) -> DeliveryHours:
    slots = []
    for text in texts:
        start, end = text.split("-")
        slots.append(TimeSlot(time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)))
    return DeliveryHours(days, tuple(slots), holidays)


READ = [
    ("24/7", [hours(NO_DAY)]),
    ("Mo-Fr", [hours(MO_FR)]),
    ("Mo-Fr 08:00-12:00", [hours(MO_FR, "08:00-12:00")]),
    ("mo-fr 8:00 – 12:00", [hours(MO_FR, "08:00-12:00")]),
    ("Mo-Fr 08:00-12:00 open", [hours(MO_FR, "08:00-12:00")]),
    ("08:00-12:00,14:00-18:00", [hours(NO_DAY, "08:00-12:00", "14:00-18:00")]),
    ("Mo-Su 05:00-10:00", [hours(NO_DAY, "05:00-10:00")]),
    ("Mo-Fr 14:00-18:00, 08:00-12:00", [hours(MO_FR, "08:00-12:00", "14:00-18:00")]),
    ("Mo-Fr 08:00-12:00,12:00-14:00", [hours(MO_FR, "08:00-14:00")]),
    ("Fr-Mo 10:00-11:00", [hours(ALL - {Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY}, "10:00-11:00")]),
    (
        "Mo 06:00-14:00; Th 06:00-14:00",
        [hours(frozenset({Weekday.MONDAY, Weekday.THURSDAY}), "06:00-14:00")],
    ),
    ("Mo-Fr 16:00-24:00", [hours(MO_FR, "16:00-24:00")]),
    ("Mo-Fr 16:00-00:00", [hours(MO_FR, "16:00-00:00")]),
    ("Fr 22:00-06:00", [hours(frozenset({Weekday.FRIDAY}), "22:00-06:00")]),
    ("Fr 22:00-30:00", [hours(frozenset({Weekday.FRIDAY}), "22:00-06:00")]),
    ("Mo 10:00-10:00", [hours(frozenset({Weekday.MONDAY}), "10:00-10:00")]),
    ("Mo-Fr 08:00-18:00; We 10:00-12:00", [
        hours(MO_FR - {Weekday.WEDNESDAY}, "08:00-18:00"), hours(frozenset({Weekday.WEDNESDAY}), "10:00-12:00"),
    ]),
    ("Mo-Fr 08:00-18:00, We 19:00-20:00", [
        hours(MO_FR - {Weekday.WEDNESDAY}, "08:00-18:00"),
        hours(frozenset({Weekday.WEDNESDAY}), "08:00-18:00", "19:00-20:00"),
    ]),
    ("Mo-Fr 08:00-12:00,Sa 09:00-10:00", [hours(MO_FR, "08:00-12:00"), hours(SATURDAY, "09:00-10:00")]),
    ("Mo-Fr 08:00-18:00; We 12:00-14:00 off", [
        hours(MO_FR - {Weekday.WEDNESDAY}, "08:00-18:00"),
        hours(frozenset({Weekday.WEDNESDAY}), "08:00-12:00", "14:00-18:00"),
    ]),
    ("Mo-Fr 08:00-12:00; Fr off", [hours(MO_FR - {Weekday.FRIDAY}, "08:00-12:00")]),
    ("Mo-Fr 08:00-12:00; PH off", [hours(MO_FR, "08:00-12:00", holidays=EXCEPTED)]),
    ("24/7; PH off", [hours(NO_DAY, holidays=EXCEPTED)]),
    ("Mo-Fr,PH 08:00-12:00", [hours(MO_FR, "08:00-12:00", holidays=ALSO)]),
    ("Su,PH off; Mo-Sa 08:00-12:00; PH off", [hours(ALL - SUNDAY, "08:00-12:00", holidays=EXCEPTED)]),
    ("Su,PH 08:00-12:00", [hours(SUNDAY, "08:00-12:00", holidays=ALSO)]),
    ("PH 08:00-12:00", [hours(NO_DAY, "08:00-12:00", holidays=ONLY)]),
    ("Mo-Fr 09:00-17:00; PH 10:00-12:00", [
        hours(MO_FR, "09:00-17:00", holidays=EXCEPTED), hours(NO_DAY, "10:00-12:00", holidays=ONLY),
    ]),
    ("Mo-Fr 09:00-17:00; PH Fr off", [
        hours(MO_FR - {Weekday.FRIDAY}, "09:00-17:00"),
        hours(frozenset({Weekday.FRIDAY}), "09:00-17:00", holidays=EXCEPTED),
    ]),
    ("Mo-Sa 22:00-06:00; Su 00:00-24:00", [hours(ALL - SUNDAY, "22:00-06:00"), hours(SUNDAY)]),
    (
        "Mo-Fr 08:00-12:00,13:00-17:30; Sa 08:00-12:00; PH off",
        [
            hours(MO_FR, "08:00-12:00", "13:00-17:30", holidays=EXCEPTED),
            hours(SATURDAY, "08:00-12:00", holidays=EXCEPTED),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_hours_are_days_slots_and_holidays_when_read(text: str, expected: list[DeliveryHours]) -> None:
    assert list(read_hours(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ";", "off", "selon humeur", "Mo-Fr 08:00+", "Mo-Fr 08.00-12.00", "Mo-Fr 08h-12h", "Lu-Ve 08:00-12:00",
        "Mo-Fr 08:00-12:00;", "Mo-Fr 08:00-12:00 || 14:00-15:00", "Oct-Mar 08:00-12:00", "SH 08:00-12:00",
        "week 1-10 Mo 08:00-09:00", "sunrise-sunset", "Mo[1] 08:00-12:00", "Mo-Fr 08:00-12:61", "Mo-Fr 25:00-26:00",
        "Mo-Fr 08:00-40:00", "Mo-Fr 08:00-49:00", 'Mo-Fr 08:00-12:00 "sur demande"', "2024 Dec 25 off",
        "Mo-Fr 08:00-12:00 unknown", "PH PH 08:00-10:00", "Mo-Fr Tu 08:00-10:00", "Mo 08:00-09:00 Tu", "Mo-Fr PH off",
        # Two readers disagree on these: does Friday's night go on into the Saturday of the second rule?
        "Fr 22:00-06:00; Sa off", "Fr 22:00-06:00; Sa 12:00-13:00", "Mo-Su 22:00-06:00; PH off",
        # Public holidays that fall on some days only, with hours of their own.
        "PH Mo-Fr 08:00-12:00", "Mo-Fr " + ",".join(["08:00-12:00"] * 60),
    ],
)  # fmt: skip
def test_hours_are_refused_when_nobody_can_be_sure(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_hours(text)
    assert caught.value.code == "bad-hours"
    assert len(str(caught.value.params["value"])) <= 80


def _active(found: tuple[DeliveryHours, ...], at: datetime) -> bool:
    """Written from the law alone: a slot belongs to the day on which it starts."""
    for part in found:
        for back in (0, 1):
            day = at.date() - timedelta(days=back)
            listed = not part.weekdays or Weekday(day.weekday()) in part.weekdays
            holiday = is_holiday(day, HolidayRegion.METROPOLE)
            on = {IGNORED: listed, EXCEPTED: listed and not holiday, ALSO: listed or holiday, ONLY: holiday}
            midnight = datetime.combine(day, time(0))
            for slot in part.slots or (TimeSlot(time(0), time(0)),):
                start = datetime.combine(day, slot.start)
                end = datetime.combine(day + timedelta(days=slot.end <= slot.start), slot.end)
                if on[part.holidays] and start <= at < end and midnight <= at:
                    return True
    return False


# Whit Monday and the two holidays in a row of May 2024 are among these days.
FORTNIGHT = [datetime(2024, 5, 6) + timedelta(minutes=30 * step) for step in range(48 * 9)]  # noqa: DTZ001
OTHER_READER = [text for text, _ in READ if "PH Fr" not in text and ",Sa" not in text and "–" not in text]


@pytest.mark.parametrize("text", OTHER_READER)
def test_hours_agree_with_another_reader_when_both_read_them(text: str) -> None:
    other, found = OpeningHours(text, country="FR"), read_hours(text)
    differing = [at for at in FORTNIGHT if other.is_open(at) != _active(found, at)]
    assert not differing


DAYS = st.one_of(
    st.just(""),
    st.sets(st.sampled_from(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")), min_size=1).map(
        lambda days: ",".join(sorted(days, key=lambda day: (day == "PH", day))) + " "
    ),
)
CLOCKS = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
RULES = st.tuples(DAYS, st.lists(st.tuples(CLOCKS, CLOCKS).map("-".join), min_size=1, max_size=3).map(",".join)).map(
    "".join
)


@settings(max_examples=80, deadline=None)
@given(st.lists(RULES, min_size=1, max_size=3).map("; ".join))
def test_hours_agree_with_another_reader_whatever_the_rules(text: str) -> None:
    try:
        found = read_hours(text)
    except Invalid:
        return
    other = OpeningHours(text, country="FR")
    assert [at for at in FORTNIGHT if other.is_open(at) != _active(found, at)] == []


HOURS = st.builds(
    DeliveryHours,
    st.frozensets(st.sampled_from(Weekday)),
    st.lists(
        st.tuples(st.integers(0, 47), st.integers(0, 47)).map(
            lambda pair: TimeSlot(*(time(half // 2, half % 2 * 30) for half in pair))
        ),
        max_size=2,
    ).map(tuple),
    st.sampled_from(HolidayRule),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(HOURS, min_size=1, max_size=3).map(tuple))
def test_hours_mean_the_same_when_written_and_read_back(written: tuple[DeliveryHours, ...]) -> None:
    try:
        text = write_hours(written)
    except Invalid:
        return
    found = read_hours(text)
    assert [at for at in FORTNIGHT if _active(written, at) != _active(found, at)] == []
    assert write_hours(found) == text


@settings(max_examples=80, deadline=None)
@given(st.lists(HOURS, min_size=1, max_size=3).map(tuple))
def test_the_rest_of_the_week_is_open_when_the_hours_are_closed(listed: tuple[DeliveryHours, ...]) -> None:
    try:
        rest = closed_hours(listed)
    except Invalid:
        return
    assert [at for at in FORTNIGHT if _active(listed, at) == _active(rest, at)] == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("24/7", "24/7"),
        ("Mo,Tu,We,Fr 8:00-9:00", "Mo-We,Fr 08:00-09:00"),
        ("Fr 22:00-06:00, Sa 10:00-12:00", "Fr 22:00-06:00, Sa 10:00-12:00"),
        ("Mo-Fr 09:00-17:00; PH 10:00-12:00", "Mo-Fr 09:00-17:00; PH 10:00-12:00"),
        ("Mo-Fr 09:00-17:00; PH Fr off", "Mo-Fr 09:00-17:00; PH Mo-Th 09:00-17:00; PH Fr-Su off"),
        ("16:00-24:00", "Mo-Su 16:00-24:00"),
    ],
)
def test_hours_have_one_spelling_when_written(text: str, written: str) -> None:
    assert write_hours(read_hours(text)) == written


def test_no_hours_are_written_as_nothing_when_there_are_none() -> None:
    assert write_hours(()) == ""


def test_hours_are_not_written_when_they_hold_seconds() -> None:
    with pytest.raises(Invalid, match="bad-hours"):
        write_hours([DeliveryHours(NO_DAY, (TimeSlot(time(8, 0, 30), time(9)),))])


def test_periods_keep_the_bounds_when_hours_become_law() -> None:
    start, end = datetime(2024, 5, 6, tzinfo=UTC), datetime(2024, 6, 6, tzinfo=UTC)
    [period] = periods_of_hours(read_hours("Mo-Fr 08:00-12:00; PH off"), start, end)
    assert (period.start, period.end, period.weekdays, period.holidays) == (start, end, MO_FR, EXCEPTED)
    assert period.slots == (TimeSlot(time(8), time(12)),)
