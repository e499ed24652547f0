"""The hot switch on the periods of an order: pure, instants only.

What was is kept as it was: only what holds from `now` on is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from portal.numeriz.values import OrderDraft
from portal.regulations.schedules import Period


def lifted(order: OrderDraft, now: datetime, until: datetime | None) -> OrderDraft:
    """The order without effect from now until an instant, or for good (None)."""
    return _with_periods(order, lambda place: _without(order.measures[place].periods, now, until))


def activated(order: OrderDraft, now: datetime, until: datetime) -> OrderDraft:
    """The order in force from now until an instant without a break, and as written besides."""
    return _with_periods(order, lambda place: (*order.measures[place].periods, Period(now, until)))


def resumed(order: OrderDraft, written: OrderDraft, now: datetime) -> OrderDraft:
    """The order as it was until now, and from now on as it was written.

    written: the version before any switch, with the same measures in the same order. Raises ValueError otherwise.
    """
    if len(order.measures) != len(written.measures):
        raise ValueError("a switch changes periods, not measures")

    def periods(place: int) -> tuple[Period, ...]:
        past = _without(order.measures[place].periods, now, None)
        return _joined((*_begun(past), *_after(written.measures[place].periods, now)))

    return _with_periods(order, periods)


def _with_periods(order: OrderDraft, periods: Callable[[int], Sequence[Period]]) -> OrderDraft:
    measures = (
        replace(measure, periods=tuple(periods(place)) or _never(measure.periods))
        for place, measure in enumerate(order.measures)
    )
    return replace(order, measures=tuple(measures))


def _without(periods: Iterable[Period], start: datetime, end: datetime | None) -> tuple[Period, ...]:
    """The periods without what lies between two instants; the end None: without all that follows."""
    left: list[Period] = []
    for period in periods:
        if period.start < start:
            left.append(period if period.end is not None and period.end <= start else replace(period, end=start))
        if end is not None:
            left += _after([period], end)
    return tuple(left)


def _after(periods: Iterable[Period], start: datetime) -> tuple[Period, ...]:
    """What of the periods lies after an instant."""
    return tuple(
        replace(period, start=max(period.start, start))
        for period in periods
        if period.end is None or period.end > max(period.start, start)
    )


def _begun(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The periods that last."""
    return tuple(period for period in periods if period.end is None or period.end > period.start)


def _joined(periods: Sequence[Period]) -> tuple[Period, ...]:
    """The periods, one that goes on where another of the same hours ends being one with it again."""
    left: list[Period] = []
    for period in periods:
        before = next((one for one in left if one.end == period.start and _same_hours(one, period)), None)
        if before is not None:
            left[left.index(before)] = replace(before, end=period.end)
        else:
            left.append(period)
    return tuple(left)


def _same_hours(one: Period, other: Period) -> bool:
    return replace(one, start=other.start, end=other.end) == other


def _never(periods: Sequence[Period]) -> tuple[Period, ...]:
    """A period of no length: a measure that was lifted before it ever began keeps a period, as every measure has."""
    return tuple(replace(period, end=period.start) for period in periods[:1])
