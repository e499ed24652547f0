"""What the hot switch does to any order, compared instant by instant with the law read the long way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.numeriz.impact.switching import activated, lifted, resumed
from portal.numeriz.values import Category, MeasureDraft, OrderDraft
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday

CALENDAR = LocalCalendar(ZoneInfo("Europe/Paris"))
BEGIN = datetime(2027, 3, 26, tzinfo=UTC)
"""The clock changes two days later."""
PLACE = MeasureLocation(LocationKind.NAMED_STREET, "Rue", shapely.LineString([(2.36, 48.86), (2.37, 48.86)]))
MINUTES = st.integers(0, 6 * 24 * 60)

instants = MINUTES.map(lambda minutes: BEGIN + timedelta(minutes=minutes))
slots = st.builds(TimeSlot, *[st.sampled_from([time(h, m) for h in (0, 2, 8, 22) for m in (0, 30)])] * 2)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, second = sorted(draw(st.tuples(instants, instants)))
    return Period(
        first,
        draw(st.sampled_from([second, None])),
        frozenset(draw(st.sets(st.sampled_from(list(Weekday)), max_size=3))),
        tuple(draw(st.lists(slots, max_size=2))),
        draw(st.sampled_from(list(HolidayRule))),
    )


orders = st.lists(st.lists(periods(), min_size=1, max_size=3), min_size=1, max_size=2).map(
    lambda of_measures: OrderDraft(
        "A-1",
        "Arrêté",
        "Ville",
        Category.TEMPORARY,
        tuple(MeasureDraft(MeasureType.NO_ENTRY, (PLACE,), tuple(some)) for some in of_measures),
    )
)


def active(order: OrderDraft, at: datetime) -> list[bool]:
    return [any(period.is_active(at, CALENDAR) for period in measure.periods) for measure in order.measures]


def looked_at(*more: datetime) -> Sequence[datetime]:
    """Every ninety-seven minutes, and around the instants that matter."""
    steps = [BEGIN + timedelta(minutes=97 * number) for number in range(-3, 140)]
    return [*steps, *(at + timedelta(seconds=seconds) for at in more for seconds in (-1, 0, 1))]


@settings(deadline=None, max_examples=60)
@given(orders, instants, st.one_of(st.none(), st.integers(1, 3000)))
def test_an_order_holds_as_before_but_for_the_span_when_it_is_lifted(
    order: OrderDraft, now: datetime, minutes: int | None
) -> None:
    until = None if minutes is None else now + timedelta(minutes=minutes)
    after = lifted(order, now, until)
    for at in looked_at(now, *([until] if until else [])):
        off = at >= now and (until is None or at < until)
        assert active(after, at) == ([False] * len(order.measures) if off else active(order, at))
    assert all(measure.periods for measure in after.measures)


@settings(deadline=None, max_examples=60)
@given(orders, instants, st.integers(1, 3000))
def test_an_order_holds_throughout_the_span_when_it_is_activated(
    order: OrderDraft, now: datetime, minutes: int
) -> None:
    until = now + timedelta(minutes=minutes)
    after = activated(order, now, until)
    for at in looked_at(now, until):
        expected = [True] * len(order.measures) if now <= at < until else active(order, at)
        assert active(after, at) == expected


@settings(deadline=None, max_examples=60)
@given(orders, st.lists(instants, min_size=3, max_size=3), st.booleans(), st.booleans())
def test_an_order_holds_as_written_from_then_on_when_it_is_resumed(
    order: OrderDraft, when: list[datetime], first_lifts: bool, second_lifts: bool
) -> None:
    first, second, again = sorted(when)
    hour = timedelta(hours=1)
    switched = lifted(order, first, None) if first_lifts else activated(order, first, first + 3 * hour)
    switched = lifted(switched, second, second + hour) if second_lifts else activated(switched, second, second + hour)
    after = resumed(switched, order, again)
    for at in looked_at(again):
        assert active(after, at) == active(order if at >= again else switched, at)
