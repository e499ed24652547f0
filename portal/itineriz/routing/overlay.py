"""The part of the law that is laid over the graph: all but what the engine obeys by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from portal.regulations.measures import Measure, Origin
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import FreeText

# A law of 100,000 measures weighs tens of megabytes, and a feed may change it each minute.
_LAWS_KEPT: Final = 4


@lru_cache(maxsize=_LAWS_KEPT)
def law_to_drive(law: LawSnapshot) -> LawSnapshot:
    """The law without the lasting signs of OpenStreetMap, which the engine knows and obeys by itself.

    The engine read them when the graph was built; to it a street for those who stop in it is costly and not closed, so
    that it finds the way through several of them. It looks at no hour: signs with hours or a season stay, and what
    somebody has to read.
    """
    kept = [measure for measure in law.measures.values() if not _engine_obeys(measure)]
    if len(kept) == len(law.measures):
        return law
    region = law.calendar.region
    return LawSnapshot.build(
        law.perimeters.values(), kept, zone=law.zone, version=law.version, region=region, previous=law
    )


def _engine_obeys(measure: Measure) -> bool:
    if measure.origin is not Origin.OSM or any(isinstance(c, FreeText) for c in measure.vehicles.applies_to):
        return False
    return any(period.is_continuous and period.end is None for period in measure.periods)
