"""How long an order lasts, which bounds every regulation of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex.periods import Calendar, read_periods, status_not_in_force
from portal.numeriz.imports.xml import find
from portal.numeriz.values import Issue
from portal.regulations.schedules import HolidayRule, Period, Weekday

# No order has as many; together they would fill the memory.
_MOST_PERIODS: Final = 10_000


@dataclass(frozen=True, slots=True)
class OrderValidity:
    """Periods of the order itself. said: it says when it applies. in_force: its status lets it. bounds_others: the
    periods a regulation has of its own apply within these only."""

    periods: tuple[Period, ...] = ()
    issues: tuple[Issue, ...] = ()
    said: bool = False
    in_force: bool = True
    bounds_others: bool = False

    def of_regulation(self, own: Sequence[Period] | None, issues: list[Issue]) -> tuple[Period, ...]:
        """The periods of a regulation; own: those it has of its own, None when it leaves them to the order."""
        if own is None:
            issues += self.issues if self.said else (Issue("no-period"),)
            return self.periods
        if not self.in_force:
            issues += self.issues
            return ()
        if not self.bounds_others:
            return tuple(own)
        issues += self.issues
        return _within(own, self.periods, issues)


def read_order_validity(order: Element, calendar: Calendar, *, national: bool) -> OrderValidity:
    """The validity of an order. The national base derives it from its regulations: unreadable, it bounds none."""
    validity = find(order, "validityByOrder")
    if validity is None:
        validity = find(order, "implementedValidity")
    if validity is None:
        return OrderValidity()
    status = status_not_in_force(validity)
    if not status and find(validity, "validityTimeSpecification") is None:
        return OrderValidity()
    periods, issues = read_periods(validity, calendar)
    bounds_others = not status and (bool(periods) or not national)
    return OrderValidity(tuple(periods), tuple(issues), True, not status, bounds_others)


def _within(own: Sequence[Period], outer: Sequence[Period], issues: list[Issue]) -> tuple[Period, ...]:
    """What both lists have in common; what our law cannot say of it is left out and reported."""
    if len(outer) > 1 and len(own) * len(outer) > _MOST_PERIODS:
        issues.append(Issue("period-not-understood", {"value": f"{len(own)} × {len(outer)}"}))
        return ()
    found: list[Period] = []
    for period in own:
        near = [bounds for bounds in outer if _overlap(period, bounds)]
        if not near and outer:
            issues.append(Issue("period-outside-order", {"value": _shown(period)}))
        for bounds in near:
            common = _common(period, bounds)
            if common is None:
                issues.append(Issue("period-not-understood", {"value": _shown(period)}))
            else:
                found.append(common)
    return tuple(found)


def _shown(period: Period) -> str:
    return f"{period.start:%Y-%m-%d} – {'' if period.end is None else f'{period.end:%Y-%m-%d}'}".strip()


def _both(period: Period, bounds: Period) -> tuple[datetime, datetime | None]:
    """From when to when both may be active; what ends before it starts is nothing."""
    end = min((end for end in (period.end, bounds.end) if end is not None), default=None)
    return max(period.start, bounds.start), end


def _overlap(period: Period, bounds: Period) -> bool:
    start, end = _both(period, bounds)
    # A period that is one instant is kept as it is written.
    return end is None or start < end or (start == end and period.start == period.end)


def _common(period: Period, bounds: Period) -> Period | None:
    """What two periods that overlap have in common; None when each has days or hours of its own."""
    start, end = _both(period, bounds)
    if _schedule(bounds) in (_schedule(period), _ALWAYS):
        kept = period
    elif _schedule(period) == _ALWAYS:
        kept = bounds
    else:
        return None
    return Period(start, end, kept.weekdays, kept.slots, kept.holidays)


_ALWAYS: Final[tuple[object, object, object]] = (frozenset(Weekday), frozenset(), HolidayRule.IGNORED)


def _schedule(period: Period) -> tuple[object, object, object]:
    """Days and hours in one form."""
    return period.weekdays or frozenset(Weekday), frozenset(period.slots), period.holidays
