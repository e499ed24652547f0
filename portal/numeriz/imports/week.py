"""A week on the clock, public holidays apart: what opening hours say of each kind of day, before it becomes periods.

A kind of day is a weekday that is a public holiday or not: fourteen in all. Spans are minutes of the day on which they
start; one that runs past midnight belongs to that day, as a slot of the law does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from typing import Final

from portal.numeriz.values import DeliveryHours
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday

DAY_MIN: Final = 1440

type Kind = tuple[Weekday, bool]
"""A weekday, and whether it is a public holiday."""
type Span = tuple[int, int]
"""Minutes from the midnight before; start included, below a day; end excluded, at most a day after the start."""

ALL_DAYS: Final = frozenset(Weekday)
ALL_KINDS: Final[tuple[Kind, ...]] = tuple((day, holiday) for day in Weekday for holiday in (False, True))


class NotWeekly(Exception):
    """The hours cannot be said as days, slots and one rule for public holidays."""


@dataclass(slots=True)
class Week:
    """What each kind of day holds: sorted disjoint spans. Every method may raise NotWeekly."""

    days: dict[Kind, tuple[Span, ...]]

    @classmethod
    def empty(cls) -> Week:
        """A week without any hours."""
        return cls(dict.fromkeys(ALL_KINDS, ()))

    @classmethod
    def of(cls, hours: Iterable[DeliveryHours]) -> Week:
        """The week that these hours make together."""
        week = cls.empty()
        for part in hours:
            week.add(_kinds_of(part), [_span_of(slot) for slot in part.slots] or [(0, DAY_MIN)])
        return week

    def add(self, kinds: Iterable[Kind], spans: Iterable[Span]) -> None:
        """These hours too, on these days."""
        fresh = tuple(spans)
        for kind in kinds:
            self.days[kind] = _merged((*self.days[kind], *fresh))

    def replace(self, kinds: Collection[Kind], spans: Iterable[Span]) -> None:
        """These hours and no others on these days.

        Those who read opening hours disagree on a night that runs into a day with hours of another rule: it must lie
        within those hours, else it is not understood.
        """
        fresh = _merged(spans)
        longest = max((end for _, end in fresh), default=0)
        for (day, holiday), (_, end) in self._nights():
            for after in _after(day):
                cut = (day, holiday) not in kinds and after in kinds and not _covers(fresh, end)
                left_over = (day, holiday) in kinds and after not in kinds and longest != end
                if cut or (left_over and not _covers(self.days[after], end)):
                    raise NotWeekly
        for after in {after for day, _ in kinds for after in _after(day)}.difference(kinds):
            if longest > DAY_MIN and self.days[after] and not _covers(self.days[after], longest):
                raise NotWeekly
        for kind in kinds:
            self.days[kind] = fresh

    def remove(self, kinds: Collection[Kind], span: Span) -> None:
        """No hours on these days within this part of the day."""
        start, end = span
        if end > DAY_MIN or self.has_nights:
            raise NotWeekly
        for kind in kinds:
            pieces = [((a, min(b, start)), (max(a, end), b)) for a, b in self.days[kind]]
            self.days[kind] = _merged((a, b) for pair in pieces for a, b in pair if a < b)

    def complement(self) -> Week:
        """The rest of the time. Nights beside a rule for holidays are refused: nobody knows what tomorrow is."""
        if self.has_nights and any(self.days[day, True] != self.days[day, False] for day in Weekday):
            raise NotWeekly
        found = Week.empty()
        for day, holiday in ALL_KINDS:
            before = self.days[_previous(day), holiday]
            busy = _merged((*self.days[day, holiday], *((0, end - DAY_MIN) for _, end in before if end > DAY_MIN)))
            at = 0
            free: list[Span] = []
            for start, end in (*busy, (DAY_MIN, DAY_MIN)):
                if at < start:
                    free.append((at, start))
                at = max(at, end)
            found.days[day, holiday] = tuple(free)
        return found

    @property
    def has_nights(self) -> bool:
        """Tell whether some span runs past midnight."""
        return any(True for _ in self._nights())

    def hours(self) -> tuple[DeliveryHours, ...]:
        """The same as hours on days with a rule for holidays, first weekdays first; empty when nothing is held."""
        plain, holidays = self._by_spans(holiday=False), self._by_spans(holiday=True)
        found: list[DeliveryHours] = []
        for spans in dict.fromkeys((*plain, *holidays)):
            found += _ruled(plain.get(spans, frozenset()), holidays.get(spans, frozenset()), _slots(spans))
        return tuple(found)

    def _by_spans(self, *, holiday: bool) -> dict[tuple[Span, ...], frozenset[Weekday]]:
        found: dict[tuple[Span, ...], frozenset[Weekday]] = {}
        for day in Weekday:
            spans = self.days[day, holiday]
            if spans:
                found[spans] = found.get(spans, frozenset()) | {day}
        return found

    def _nights(self) -> Iterator[tuple[Kind, Span]]:
        return ((kind, span) for kind, spans in self.days.items() for span in spans if span[1] > DAY_MIN)


def _covers(spans: tuple[Span, ...], end: int) -> bool:
    """Tell whether the hours of a day hold what a night of the day before leaves to it."""
    return bool(spans) and spans[0][0] == 0 and spans[0][1] >= end - DAY_MIN


def _after(day: Weekday) -> tuple[Kind, Kind]:
    following = Weekday((day + 1) % 7)
    return (following, False), (following, True)


def _previous(day: Weekday) -> Weekday:
    return Weekday((day - 1) % 7)


def _kinds_of(part: DeliveryHours) -> Iterator[Kind]:
    listed = part.weekdays or ALL_DAYS
    for day, holiday in ALL_KINDS:
        match part.holidays:
            case HolidayRule.IGNORED:
                held = day in listed
            case HolidayRule.EXCEPTED:
                held = day in listed and not holiday
            case HolidayRule.ALSO:
                held = holiday or day in listed
            case HolidayRule.ONLY:
                held = holiday
        if held:
            yield day, holiday


def _ruled(
    plain: frozenset[Weekday], holidays: frozenset[Weekday], slots: tuple[TimeSlot, ...]
) -> Iterator[DeliveryHours]:
    """The same slots on some plain days and on the holidays that fall on some days, with one rule each."""
    if holidays == ALL_DAYS and plain != ALL_DAYS:
        yield DeliveryHours(plain, slots, HolidayRule.ALSO if plain else HolidayRule.ONLY)
        return
    if holidays - plain:
        raise NotWeekly
    if holidays:
        yield DeliveryHours(_listed(holidays), slots)
    if plain - holidays:
        yield DeliveryHours(_listed(plain - holidays), slots, HolidayRule.EXCEPTED)


def _listed(days: frozenset[Weekday]) -> frozenset[Weekday]:
    """The days as a period lists them: none for all."""
    return frozenset() if days == ALL_DAYS else days


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    if any(end - start > DAY_MIN for start, end in found):
        raise NotWeekly
    return tuple(found)


def _span_of(slot: TimeSlot) -> Span:
    if any(clock.second or clock.microsecond for clock in (slot.start, slot.end)):
        raise NotWeekly
    start, end = (clock.hour * 60 + clock.minute for clock in (slot.start, slot.end))
    return start, end + DAY_MIN if slot.ends_next_day else end


def _slots(spans: tuple[Span, ...]) -> tuple[TimeSlot, ...]:
    if spans == ((0, DAY_MIN),):
        return ()
    return tuple(TimeSlot(_clock(start), _clock(end)) for start, end in spans)


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
