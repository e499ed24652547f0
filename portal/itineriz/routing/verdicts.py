"""The law asked along one drive: most of it neither begins nor ends while the drive lasts, so that it says the same on
all the edges on which it bears alike, and is asked once for them; what lasts for whole hours, once for all the drives
within these hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Final

from portal.itineriz.routing.hearing import Course, Hearing
from portal.regulations.evaluate import StopsInside, Verdict, judge
from portal.regulations.measures import EdgeFacts
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit, Regulation
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle

# The last edge ends with the drive: what begins or ends at that very instant changes it.
_MARGIN: Final = timedelta(seconds=1)

_HOUR: Final = timedelta(hours=1)
_VERDICTS_KEPT: Final = 20_000

__all__ = ["Course", "DriveVerdicts", "course"]

type _Alike = tuple[object, ...]


class DriveVerdicts:
    """What the law says to a vehicle along one drive: the obstacles and the warnings of `judge`, edge by edge."""

    def __init__(
        self, law: LawSnapshot, hearing: Hearing, during: Interval, vehicle: Vehicle, passes: Sequence[PassRight]
    ) -> None:
        """during: the whole drive. hearing: of that vehicle."""
        self._law, self._hearing, self._vehicle, self._passes = law, hearing, vehicle, passes
        self._during = Interval(during.start, during.end + _MARGIN)
        # By identity: the law keeps its regulations as long as it is asked.
        self._courses: dict[int, Course] = {}
        self._verdicts: dict[_Alike, Verdict] = {}
        self._hours = _hours_around(self._during)
        self._known = hearing.known(self._hours, tuple(passes))

    def heard(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Of what bears on an edge, what has anything to say to the vehicle during the drive."""
        return self._hearing.of(tuple(hit for hit in hits if self._course(hit.regulation) is not Course.ASLEEP))

    def verdict(self, heard: tuple[Hit, ...], during: Interval, purpose: StopsInside, edge: EdgeFacts) -> Verdict:
        """What the law says of an edge driven during an interval of the drive. heard: of the edge."""
        if any(self._course(hit.regulation) is not Course.STEADY for hit in heard):
            return judge(self._law, heard, during, self._vehicle, self._passes, purpose, edge)
        # All that `judge` looks at but the hour.
        alike = (purpose.ids, edge.one_way, *(part for hit in heard for part in _parts(hit)))
        lasting = all(self._lasts(hit.regulation) for hit in heard)
        verdicts = self._known.verdicts if lasting else self._verdicts
        found = verdicts.get(alike)
        if found is None:
            found = judge(self._law, heard, during, self._vehicle, self._passes, purpose, edge)
            if len(verdicts) >= _VERDICTS_KEPT:
                verdicts.clear()
            verdicts[alike] = found
        return found

    def _lasts(self, regulation: Regulation) -> bool:
        """Tell whether a regulation is active all along the hours around the drive."""
        return self._known.courses[id(regulation)] is Course.STEADY

    def _course(self, regulation: Regulation) -> Course:
        found = self._courses.get(id(regulation))
        if found is None:
            # What neither begins nor ends in the hours around the drive does not during it.
            found = self._known.courses.get(id(regulation))
            if found is None:
                found = course(self._law, regulation, self._hours, self._passes)
                self._known.courses[id(regulation)] = found
            if found is Course.CHANGING:
                found = course(self._law, regulation, self._during, self._passes)
            self._courses[id(regulation)] = found
        return found


def _hours_around(during: Interval) -> Interval:
    """The whole hours around an interval: one answer serves the drives within them."""
    start, end = (at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for at in (during.start, during.end))
    return Interval(start, end + _HOUR)


def _parts(hit: Hit) -> _Alike:
    return id(hit.regulation), id(hit.location), hit.areal, hit.along, hit.whole, hit.doubtful, hit.nearby


def course(law: LawSnapshot, regulation: Regulation, during: Interval, passes: Sequence[PassRight]) -> Course:
    """What a regulation does during an interval, the end of which counts too; a pass that begins or ends is a change
    of the perimeters it names."""
    if isinstance(regulation, Perimeter):
        spans = [(a.start, a.end) for a in regulation.activations if during.meets(a.start, a.end)]
        bounds = [bound for right in passes if right.names(regulation) for bound in (right.start, right.end)]
        if any(during.start < bound <= during.end for bound in bounds):
            return Course.CHANGING if spans else Course.ASLEEP
    else:
        found = (period.occurrence(during, law.calendar) for period in regulation.periods)
        spans = [span for span in found if span is not None]
    if not spans:
        return Course.ASLEEP
    lasting = all(start <= during.start and (end is None or during.end < end) for start, end in spans)
    return Course.STEADY if lasting else Course.CHANGING
