"""What of the live events of a territory is law."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import shapely
from sqlalchemy import select

from portal.db import session
from portal.numeriz import codec
from portal.numeriz.models import TITLE_LENGTH, RoadEvent
from portal.numeriz.values import EventDraft, EventKind, EventState, Issue, Probability
from portal.regulations.measures import (
    Direction,
    LocationKind,
    Measure,
    MeasureLocation,
    MeasureType,
    OrderRef,
    Origin,
)
from portal.regulations.vehicles import ALL_VEHICLES

CLOSURE_DOUBTS: Final = frozenset(
    {
        "closure-advisory",
        "closure-in-places",
        "closure-beside-road",
        "closure-of-slip-road",
        "event-ends-before-start",
        "period-in-words",
    }
)
"""Doubts of a reader under which a closure, or a speed limit, is only told."""

_NATURES: Final = {
    EventKind.CLOSURE: MeasureType.NO_ENTRY,
    EventKind.ALTERNATE: MeasureType.ALTERNATE_TRAFFIC,
}


def event_of_row(row: RoadEvent) -> EventDraft:
    """An event as stored, in the words of its source."""
    vehicles = row.document["vehicles"]
    return EventDraft(
        source=row.source,
        source_id=row.source_id,
        kind=row.kind,
        state=row.state,
        shape=codec.shape_from_bytes(row.wkb),
        periods=tuple(codec.period_from_json(found) for found in row.document["periods"]),
        version=row.version,
        label=row.label,
        road=row.road,
        direction=Direction(row.direction),
        vehicles=None if vehicles is None else codec.rule_from_json(vehicles),
        max_speed_kmh=row.max_speed_kmh,
        severity=row.severity,
        probability=row.probability,
        url=row.url,
        provenance=row.provenance,
        issues=tuple(Issue(found["code"], found.get("params", {}), found.get("where")) for found in row.issues),
    )


def measures_of_events(territory_id: UUID) -> Iterator[Measure]:
    """Yield the measures of the events that are neither over nor suspended, by their id; their periods say when.

    A closure, an alternating traffic or a speed that the source is certain of is one for the law; everything else is
    a measure of no known type, which is told and closes nothing.
    """
    statement = (
        select(RoadEvent)
        .where(
            RoadEvent.territory_id == territory_id,
            RoadEvent.state.in_([EventState.PLANNED, EventState.ACTIVE]),
        )
        .order_by(RoadEvent.starts_at, RoadEvent.id)
    )
    for row in session().scalars(statement):
        event = event_of_row(row)
        if not event.shape.is_empty:
            yield measure_of_event(str(row.id), event)


def measure_of_event(event_id: str, event: EventDraft) -> Measure:
    """What an event says as law. A place known by its points alone only warns, until a match gives the road."""
    nature = nature_of_event(event)
    return Measure(
        id=event_id,
        order=OrderRef(
            event_id,
            (event.label or event.road or event.source_id)[:TITLE_LENGTH],
            str(event.provenance.get("authority") or event.provenance.get("title") or event.source),
            event.url,
        ),
        type=nature,
        locations=(place_of_event(event),),
        periods=event.periods,
        vehicles=event.vehicles or ALL_VEHICLES,
        max_speed_kmh=event.max_speed_kmh if nature is MeasureType.SPEED_LIMIT else None,
        origin=Origin.EVENT,
    )


def place_of_event(event: EventDraft) -> MeasureLocation:
    """Where an event is, as the law and its match to the road graph see it.

    Two points name the road that runs between them, so that the path is looked for on that road.
    """
    between_points = int(shapely.get_dimensions(event.shape)) == 0
    return MeasureLocation(
        LocationKind.NUMBERED_ROAD if event.road else LocationKind.FREE_GEOMETRY,
        event.road or event.label[:TITLE_LENGTH],
        event.shape,
        event.direction,
        named_roads=frozenset({event.road}) if event.road and between_points else frozenset(),
    )


def nature_of_event(event: EventDraft) -> MeasureType:
    """What an event is for the law; UNKNOWN when the source is not certain, or its reader had a doubt about it."""
    if event.probability is not Probability.CERTAIN or any(issue.code in CLOSURE_DOUBTS for issue in event.issues):
        return MeasureType.UNKNOWN
    if event.kind in _NATURES:
        return _NATURES[event.kind]
    return MeasureType.UNKNOWN if event.max_speed_kmh is None else MeasureType.SPEED_LIMIT
