"""What else is closed while a draft closes its streets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import shapely

from portal.numeriz.impact.alarms import stops_cars, stops_emergency
from portal.numeriz.impact.clashes import first_common
from portal.numeriz.impact.streets import Rows, Streets, law_alone, streets_of
from portal.regulations.calendars import LocalCalendar
from portal.regulations.geometry import grown
from portal.regulations.measures import Measure, Origin
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot

AROUND_M: Final = 3_000.0
"""How far from the draft another closure may be that bars the other access of a street."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The closures of the law around a draft that share a moment with one of its own.

    ours: what the draft does to the streets. theirs: what the others, `measures`, do to them.
    """

    ours: Streets
    theirs: Streets
    measures: tuple[Measure, ...]
    calendar: LocalCalendar
    now: datetime

    def closed_with(self, ours: Iterable[Measure], counts: Callable[[Measure], bool]) -> Rows:
        """The rows, sorted, that others close at a moment at which some measures of the draft close streets too.

        counts: which of the others are looked at. Each shares a moment with the draft, not surely the same one: rather
        one street too many than one forgotten.
        """
        periods = _periods(self.ours, ours)
        return self.theirs.closed_by(
            one
            for one in self.measures
            if counts(one) and first_common(periods, one.periods, self.calendar, self.now) is not None
        )


def closed_meanwhile(
    streets: Streets, measures: Sequence[Measure], law: LawSnapshot, replaces: str | None, now: datetime
) -> Meanwhile:
    """What orders and events of a law close while a draft does, for cars or for those who come to help.

    streets: of the draft's measures, of which one at least closes some. replaces: the order that the draft amends,
    which is left out. So are signs: the graph knows what is closed for good.
    """
    closed = streets.table.shapes[streets.closed_by(measures)]
    around = grown(shapely.box(*shapely.total_bounds(closed)), AROUND_M)
    periods = _periods(streets, measures)
    others = tuple(
        one
        for one in law.in_box(around.bounds)
        if isinstance(one, Measure)
        and one.may_close
        and one.origin is not Origin.OSM
        and one.order.id != replaces
        and (stops_cars(one) or stops_emergency(one))
        and first_common(periods, one.periods, law.calendar, now) is not None
    )
    theirs = streets_of(streets.table, law_alone(law, others), around)
    return Meanwhile(streets, theirs, others, law.calendar, now)


def _periods(streets: Streets, measures: Iterable[Measure]) -> list[Period]:
    """When any of the measures closes a street."""
    return [period for one in measures if streets.closing.get(one.id) for period in one.periods]
