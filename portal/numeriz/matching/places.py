"""The law matched to the road graph: what is stored, what still waits, and what of it a clerk must look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, chain, islice
from typing import Final
from uuid import UUID

import shapely
from sqlalchemy import ColumnElement, func, literal, select, true

from portal.db import session
from portal.numeriz import codec
from portal.numeriz.law.events import event_of_row, measure_of_event
from portal.numeriz.models import EdgeMatch, MeasureRow, PerimeterRow, PerimeterShape, RoadEvent, TrafficOrder
from portal.numeriz.values import EventState, Issue, OrderStatus
from portal.regulations.geometry import lines_of, polygons_of
from portal.regulations.measures import CLOSING_TYPES, Direction, LocationKind, MeasureLocation, MeasureType
from portal.territories.api import Match, MatchDoubt, RoadGraph, match_area, match_between, match_line

# A measure of another type changes no route: nobody has to look at where it lies.
_ACTING: Final = CLOSING_TYPES | {MeasureType.SPEED_LIMIT, MeasureType.ALTERNATE_TRAFFIC}
_BATCH: Final = 400


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the law to be matched. measure: its number in the order, 0 for an event or a perimeter.

    number: of the place in the measure; both count from 1. acts: the measure changes a route. asks_direction: its
    direction is unknown and matters, because it closes streets.
    """

    digest: str
    location: MeasureLocation
    measure: int = 0
    number: int = 1
    acts: bool = True
    asks_direction: bool = False

    def issues(self, match: Match) -> Iterator[Issue]:
        """What a clerk must look at in the match of this place."""
        for doubt in match.doubts if self.acts else ():
            if doubt.code != "against-one-way" or self.asks_direction:
                where = {"measure": self.measure, "place": self.number} if self.measure else {}
                yield Issue(doubt.code, {**where, **doubt.params})


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order, an event or a perimeter whose places were not looked for as they are now. matched_as: see `Matched`."""

    model: type[TrafficOrder] | type[RoadEvent] | type[PerimeterRow]
    id: UUID
    matched_as: str
    places: tuple[Place, ...]

    def still_says(self) -> ColumnElement[bool]:
        """The condition that the row is what it was when it was read; a perimeter is compared anew each time."""
        if issubclass(self.model, PerimeterRow):
            return true()
        version = self.matched_as.partition(":")[0]
        return literal(f"{version}:") + self.model.content_digest == self.matched_as


def get_matches(territory_id: UUID, graph_version: str, digests: Iterable[str]) -> Mapping[str, Match]:
    """The matches of some places on one version of the graph by location digest, with their doubts.

    Those below the share that is trusted too. The law reads all of them by itself (`law_reading`).
    """
    on_graph = select(EdgeMatch).where(EdgeMatch.territory_id == territory_id, EdgeMatch.graph_version == graph_version)
    found: dict[str, Match] = {}
    for some in batched(sorted(set(digests)), _BATCH):
        for row in session().scalars(on_graph.where(EdgeMatch.location_digest.in_(some))):
            doubts = tuple(MatchDoubt(issue["code"], issue["params"]) for issue in row.issues)
            edges = codec.edges_from_bytes(row.edges)
            found[row.location_digest] = Match(edges, row.matched_share, row.confidence, doubts)
    return found


def match_place(graph: RoadGraph, location: MeasureLocation) -> Match | None:
    """Match a place by what is drawn of it: an area, lines, or the two ends of a road; None for anything else.

    Edges of this very graph that a clerk confirmed are the match.
    """
    shape = location.shape
    confirmed = location.matches_on(graph.table.version)
    if confirmed is not None and all(int(edge_id) in graph.table.row_of for edge_id in confirmed.rows["edge_id"]):
        return Match(confirmed.rows, 1.0, 1.0)
    if polygons_of(shape) is not None:
        return match_area(graph, shape, location.named_roads)
    if lines_of(shape) is not None:
        return match_line(graph, shape)
    if len(shapely.get_coordinates(shape)) == 2:
        return match_between(graph, shape, location.named_roads)
    return None


def count_waiting(territory_id: UUID, graph_version: str) -> int:
    """How many orders, events and perimeters have places not looked for, as they are now, on this version of a graph.

    One that has no place at all counts once, until it was looked at.
    """
    orders = select(func.count()).select_from(TrafficOrder).where(*_waiting_orders(territory_id, graph_version))
    events = select(func.count()).select_from(RoadEvent).where(*_waiting_events(territory_id, graph_version))
    perimeters = _waiting_perimeters(territory_id, graph_version)
    return (session().scalar(orders) or 0) + (session().scalar(events) or 0) + len(perimeters)


def list_waiting(territory_id: UUID, graph_version: str, most: int) -> Sequence[Waiting]:
    """Some of those that wait, with their places: orders, then events, then perimeters."""
    found = chain(
        _orders(territory_id, graph_version, most),
        _events(territory_id, graph_version, most),
        _perimeters(territory_id, graph_version),
    )
    return list(islice(found, most))


def _waiting_orders(territory_id: UUID, graph_version: str) -> tuple[ColumnElement[bool], ...]:
    return (
        TrafficOrder.territory_id == territory_id,
        TrafficOrder.status == OrderStatus.PUBLISHED,
        TrafficOrder.matched_as != literal(f"{graph_version}:") + TrafficOrder.content_digest,
    )


def _waiting_events(territory_id: UUID, graph_version: str) -> tuple[ColumnElement[bool], ...]:
    return (
        RoadEvent.territory_id == territory_id,
        RoadEvent.state != EventState.ENDED,
        RoadEvent.matched_as != literal(f"{graph_version}:") + RoadEvent.content_digest,
    )


def _waiting_perimeters(territory_id: UUID, graph_version: str) -> dict[UUID, str]:
    """The perimeters that wait, with what they will be matched as. A town has hundreds at most: all are looked at."""
    columns = select(PerimeterRow.id, PerimeterRow.geometry_digest, PerimeterRow.named_roads, PerimeterRow.matched_as)
    drawn = columns.where(PerimeterRow.territory_id == territory_id, PerimeterRow.shape_id.is_not(None))
    found = {
        row.id: (row.matched_as, f"{graph_version}:{codec.digest([row.geometry_digest, row.named_roads])}")
        for row in session().execute(drawn.order_by(PerimeterRow.id))
    }
    return {key: now for key, (before, now) in found.items() if before != now}


def _orders(territory_id: UUID, graph_version: str, most: int) -> Iterator[Waiting]:
    waiting = select(TrafficOrder.id, TrafficOrder.content_digest).where(*_waiting_orders(territory_id, graph_version))
    found = session().execute(waiting.order_by(TrafficOrder.id).limit(most))
    contents = {row.id: row.content_digest for row in found}
    places: dict[UUID, list[Place]] = {key: [] for key in contents}
    for some in batched(contents, _BATCH):
        columns = select(MeasureRow.order_id, MeasureRow.position, MeasureRow.type, MeasureRow.document)
        measures = columns.where(MeasureRow.order_id.in_(some))
        for row in session().execute(measures.order_by(MeasureRow.order_id, MeasureRow.position)):
            locations = (codec.location_from_json(found) for found in row.document["locations"])
            places[row.order_id] += places_of_measure(row.type, row.position + 1, locations)
    for key, content in contents.items():
        yield Waiting(TrafficOrder, key, f"{graph_version}:{content}", tuple(places[key]))


def places_of_measure(kind: MeasureType, measure: int, locations: Iterable[MeasureLocation]) -> Iterator[Place]:
    """The places of a measure that are drawn; measure: its number in the order, from 1; 0 outside an order."""
    for number, location in enumerate(locations, 1):
        if not location.shape.is_empty:
            unknown = kind in CLOSING_TYPES and location.direction is Direction.UNKNOWN
            yield Place(codec.location_digest(location), location, measure, number, kind in _ACTING, unknown)


def _events(territory_id: UUID, graph_version: str, most: int) -> Iterator[Waiting]:
    waiting = select(RoadEvent).where(*_waiting_events(territory_id, graph_version)).order_by(RoadEvent.id)
    for row in session().scalars(waiting.limit(most)):
        measure = measure_of_event(str(row.id), event_of_row(row))
        places = tuple(places_of_measure(measure.type, 0, measure.locations))
        yield Waiting(RoadEvent, row.id, f"{graph_version}:{row.content_digest}", places)


def _perimeters(territory_id: UUID, graph_version: str) -> Iterator[Waiting]:
    waiting = _waiting_perimeters(territory_id, graph_version)
    columns = select(PerimeterRow.id, PerimeterRow.name, PerimeterRow.named_roads, PerimeterShape.wkb)
    drawn = columns.join(PerimeterShape, PerimeterShape.id == PerimeterRow.shape_id)
    for some in batched(waiting, _BATCH):
        for row in session().execute(drawn.where(PerimeterRow.id.in_(some))):
            area, named = codec.shape_from_bytes(row.wkb), frozenset(row.named_roads)
            location = MeasureLocation(LocationKind.AREA, row.name, area, named_roads=named)
            place = Place(codec.perimeter_digest(area, named), location)
            yield Waiting(PerimeterRow, row.id, waiting[row.id], (place,))
