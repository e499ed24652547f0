"""The part of the law that is laid over the graph: all but what the engine obeys by itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import shapely

from portal.regulations.measures import Measure, Origin
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import FreeText

# A law of 100,000 measures weighs tens of megabytes, and a feed may change it each minute.
_LAWS_KEPT: Final = 4

_LOCAL: Final = "(?:destination|delivery|customers|private)"
_TAG: Final = (
    rf"(?:(?:access|motor_vehicle|vehicle)=(?:no|{_LOCAL}(?:;{_LOCAL})*)"
    r"|hgv=(?:no|destination|delivery|private)"
    r"|hazmat=no"
    r"|(?:maxheight|maxheight:physical|maxwidth|maxlength)=\d+(?:\.\d{1,2})?(?: ?m)?"
    r"|(?:maxweight|maxaxleload)=\d+(?:\.\d{1,2})?(?: ?t)?)"
)
# What the engine was seen to obey, value by value (tests/integration/itineriz/test_osm_signs.py). Keys of one direction
# or of some vehicles it reads in part or not at all; other units, and what is finer than these, it rounds in its way.
_OBEYED: Final = re.compile(f"{_TAG}(?:; {_TAG})*")


@lru_cache(maxsize=_LAWS_KEPT)
def law_to_drive(law: LawSnapshot) -> LawSnapshot:
    """The law without the lasting signs of OpenStreetMap that the engine knows and obeys by itself.

    The engine read them when the graph was built; to it a street for those who stop in it is costly and not closed, so
    that it finds the way through several of them. It reads plain tags and looks at no hour: all that is said in another
    way stays, and what somebody has to read.
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
    # The title of a sign is the tags it was read from.
    if _OBEYED.fullmatch(measure.order.title) is None:
        return False
    # The engine has no areas: a square closes nothing of the streets that are drawn across it.
    if any(shapely.get_dimensions(place.shape) == 2 for place in measure.locations):
        return False
    return any(period.is_continuous and period.end is None for period in measure.periods)
