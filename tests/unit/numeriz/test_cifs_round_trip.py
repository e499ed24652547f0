"""What one portal publishes as CIFS, another reads as the same closures at the same hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from portal.numeriz.exports.cifs import CifsWriter
from portal.numeriz.imports.events.cifs import CIFS
from portal.numeriz.imports.reading import ReadingContext, SourceFile, Understood
from portal.numeriz.values import Category, EventDraft, EventKind, MeasureDraft, OrderDraft
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period, TimeSlot, Weekday
from tests.support.editions import NOW, written

PARIS = ZoneInfo("Europe/Paris")
LINE = shapely.LineString([(2.36, 48.86), (2.37, 48.861), (2.3702, 48.8612), (2.38, 48.862)])
# Over the change of clocks of October.
START, END = datetime(2026, 10, 20, 6, tzinfo=UTC), datetime(2026, 10, 29, 15, tzinfo=UTC)


def read_back(
    folder: Path, period: Period, direction: Direction, kind: MeasureType, own_url: str, **options: str
) -> list[Understood[EventDraft]]:
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue Basse", LINE, direction)
    order = OrderDraft(
        "A-1", "Travaux", "Ville d’essai", Category.TEMPORARY, (MeasureDraft(kind, (place,), (period,)),)
    )
    path = folder / "fermetures.cifs.xml"
    path.write_bytes(written(CifsWriter, [order]))
    context = ReadingContext(PARIS, None, NOW, 10**6, 10**4, own_url, options)
    return [record.read() for record in CIFS.open([SourceFile(path.name, path)], context).records]


@pytest.mark.parametrize(
    "period",
    [
        Period(START, END),
        Period(START, END, slots=(TimeSlot(time(8), time(10)), TimeSlot(time(16, 30), time(19)))),
        Period(START, END, slots=(TimeSlot(time(21), time(6)),)),
        Period(START, END, frozenset({Weekday.FRIDAY, Weekday.SATURDAY}), (TimeSlot(time(22), time(5)),)),
        Period(START, END, frozenset({Weekday.SUNDAY})),
    ],
    ids=["always", "day", "night", "nights of some days", "sundays"],
)
def test_a_closure_holds_at_the_same_hours_when_it_is_read_back(tmp_path: Path, period: Period) -> None:
    (found,) = read_back(tmp_path, period, Direction.BOTH, MeasureType.NO_ENTRY, "https://autre.exemple")
    (draft,) = found.drafts
    assert (draft.kind, draft.direction) == (EventKind.CLOSURE, Direction.BOTH)
    assert shapely.equals_exact(shapely.line_merge(draft.shape), LINE, 1e-7)
    calendar = LocalCalendar(PARIS)
    instants = [START + timedelta(minutes=minute) for minute in range(-60, 10 * 1440, 15)]
    for at in (*instants, *(instant - timedelta(seconds=30) for instant in instants)):
        assert any(read.is_active(at, calendar) for read in draft.periods) is period.is_active(at, calendar), at


def test_one_direction_is_read_back_when_the_feed_is_said_to_be_oriented(tmp_path: Path) -> None:
    asked = (tmp_path, Period(START, END), Direction.BACKWARD, MeasureType.ALTERNATE_TRAFFIC, "https://autre.exemple")
    (found,) = read_back(*asked, oriented="yes")
    (draft,) = found.drafts
    assert draft.direction is Direction.FORWARD
    assert shapely.get_coordinates(draft.shape)[0].tolist() == pytest.approx([2.38, 48.862])
    (doubtful,) = read_back(*asked)
    assert "direction-doubtful" in {issue.code for issue in doubtful.issues}


def test_nothing_is_read_back_when_the_portal_is_the_one_that_wrote_it(tmp_path: Path) -> None:
    (found,) = read_back(tmp_path, Period(START, END), Direction.BOTH, MeasureType.NO_ENTRY, "https://portail.exemple")
    assert (found.drafts, [issue.code for issue in found.issues]) == ((), ["own-export"])
