"""How long the effects of a draft order take to be found for a zone of five square kilometres, cold and warm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import cos, radians, sqrt

import shapely

from portal.common.errors import NotFound
from portal.numeriz.impact.judging import Ground as Judged
from portal.numeriz.impact.judging import judge
from portal.numeriz.law.memory import law_of
from portal.numeriz.ports import neighbours
from portal.numeriz.values import Category, MeasureDraft, OrderDraft
from portal.regulations.measures import LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import TerritoryView, get_territory

_KM2 = 5.0
_AGAIN = 5
_LONGEST_MS = 5_000.0
_METRES_PER_DEGREE = 111_195.0


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the time of the first study of a process and of the next ones, against the five seconds that are allowed.

    The draft closes the zone to all vehicles: alarms, clashes, counts and the detours of three vehicles are all found.
    """
    with ground.app.app_context():
        territory = get_territory(ground.territory)
        if territory.graph_dir is None:
            raise NotFound("graph-missing")
        draft, law = _draft(territory), law_of(territory)
        judged = Judged(territory, law, datetime.now(UTC), neighbours())
        first_ms = timed_ms(lambda: judge(judged, draft))
        again_ms = [timed_ms(lambda: judge(judged, draft)) for _ in range(_AGAIN)]
    allowed = "allowed"
    yield Line(f"effects of a zone of {_KM2:g} km², first of a process", first_ms, "ms", allowed, _LONGEST_MS)
    yield Line(f"effects of a zone of {_KM2:g} km², p50", percentile(again_ms, 50), "ms", allowed, _LONGEST_MS)


def _draft(territory: TerritoryView) -> OrderDraft:
    assert territory.centre is not None
    lon, lat = territory.centre
    reach = sqrt(_KM2 * 1e6) / 2 / _METRES_PER_DEGREE
    east = reach / cos(radians(lat))
    zone = shapely.box(lon - east, lat - reach, lon + east, lat + reach)
    now = datetime.now(UTC)
    place = MeasureLocation(LocationKind.AREA, "Centre", zone)
    closed = MeasureDraft(MeasureType.NO_ENTRY, (place,), (Period(now, now + timedelta(days=7)),))
    return OrderDraft("bench", "Zone", "Ville", Category.TEMPORARY, (closed,))
