"""Reading the law of a territory from the database, again and again: what has not changed is kept from the last time.

Kept values are the same objects, so that the snapshot made of them finds again what it had prepared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched, groupby
from typing import Any, Final
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, Select, func, select

from portal.db import session
from portal.numeriz.codec import (
    edges_from_bytes,
    location_digest,
    measure_from_json,
    perimeter_digest,
    policy_from_json,
    shape_from_bytes,
)
from portal.numeriz.law.events import measures_of_events
from portal.numeriz.models import (
    UNKNOWN_COLOUR,
    ActivationRow,
    EdgeMatch,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    TrafficOrder,
)
from portal.numeriz.osm.law import measures_of_osm
from portal.numeriz.values import OrderStatus
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.perimeters import Activation, Colour, Perimeter, Provenance
from portal.territories.api import TRUSTED_SHARE, TerritoryView, get_graph_version

# A database takes some hundreds of values in one list; beyond some lists, reading everything is cheaper.
_BATCH: Final = 400
_MOST_BATCHES: Final = 10
_ROWS_AT_ONCE: Final = 2000


class LawReader:
    """The law of one territory as last read. Not for two threads at once: the cache holds a lock around it."""

    def __init__(self) -> None:
        self._orders: dict[UUID, _Order] = {}
        self._shapes: dict[UUID, BaseGeometry] = {}
        self._perimeters: dict[str, Perimeter] = {}
        self._events: dict[str, Measure] = {}
        self._matches = _Matches(None, {}, (0, None))

    def read(self, territory: TerritoryView) -> tuple[list[Perimeter], list[Measure]]:
        """The perimeters and measures that have an effect, in the order of their names; events and tags come last."""
        matches = _read_matches(territory, self._matches)
        is_new, self._matches = matches is not self._matches, matches
        self._perimeters = {
            perimeter.id: _kept(perimeter, self._perimeters.get(perimeter.id))
            for perimeter in self._read_perimeters(territory.id)
        }
        self._orders = self._read_orders(territory.id, match_again=is_new)
        self._events = {
            event.id: _kept(self._with_edges(event), self._events.get(event.id))
            for event in measures_of_events(territory.id)
        }
        measures = [measure for order in self._orders.values() for measure in order.measures]
        return [*self._perimeters.values()], [*measures, *self._events.values(), *measures_of_osm(territory)]

    def _read_orders(self, territory_id: UUID, *, match_again: bool) -> dict[UUID, _Order]:
        published = (TrafficOrder.territory_id == territory_id, TrafficOrder.status == OrderStatus.PUBLISHED)
        listed = select(TrafficOrder.id, TrafficOrder.content_digest).where(*published)
        # The places of measures are read after the digests: what changes in between is read again the next time.
        rows = session().execute(listed.order_by(TrafficOrder.title, TrafficOrder.id))
        contents = {row.id: row.content_digest for row in rows}
        known = self._orders
        changed = [key for key, content in contents.items() if key not in known or known[key].content != content]
        read = dict(_measures_by_order(_MEASURES.where(*published), changed))
        orders: dict[UUID, _Order] = {}
        for order_id, content in contents.items():
            order = known.get(order_id)
            if order is None or order.content != content:
                orders[order_id] = self._matched(_Order(content, read.get(order_id, ())))
            else:
                orders[order_id] = self._matched(order) if match_again else order
        return orders

    def _with_edges(self, event: Measure) -> Measure:
        return self._matches.attach(event, _digests(event)) if self._matches.by_digest else event

    def _matched(self, order: _Order) -> _Order:
        """The order with the edges its places were found on; the same object when they are those it has."""
        if not self._matches.by_digest and not order.digests:
            return order
        digests = order.digests or tuple(_digests(measure) for measure in order.measures)
        pairs = zip(order.measures, digests, strict=True)
        return replace(order, digests=digests, measures=tuple(self._matches.attach(*pair) for pair in pairs))

    def _read_perimeters(self, territory_id: UUID) -> Iterator[Perimeter]:
        """The perimeters that have an effect: drawn, of a known colour, and active some day."""
        activations = _activations(territory_id)
        rows = select(*_PERIMETER_COLUMNS).where(
            PerimeterRow.territory_id == territory_id,
            PerimeterRow.shape_id.is_not(None),
            PerimeterRow.colour != UNKNOWN_COLOUR,
        )
        found = session().execute(rows.order_by(PerimeterRow.name, PerimeterRow.id)).all()
        self._read_shapes(territory_id)
        digests: dict[tuple[UUID, frozenset[str]], str] = {}
        for row in found:
            if not activations[row.id]:
                continue
            shape, named_roads = self._shapes[row.shape_id], frozenset(row.named_roads)
            key = (row.shape_id, named_roads)
            if self._matches.by_digest and key not in digests:
                digests[key] = perimeter_digest(shape, named_roads)
            yield Perimeter(
                id=str(row.id),
                event=row.event,
                name=row.name,
                colour=Colour(row.colour),
                shape=shape,
                activations=tuple(activations[row.id]),
                policy=policy_from_json(row.policy),
                provenance=Provenance(str(row.provenance.get("title", "")), str(row.provenance.get("url", ""))),
                named_roads=named_roads,
                matches=self._matches.by_digest.get(digests.get(key, "")),
            )

    def _read_shapes(self, territory_id: UUID) -> None:
        """Keep one object per shape: a shape never changes under its id."""
        stored = select(PerimeterShape.id).where(PerimeterShape.territory_id == territory_id)
        ids = set(session().scalars(stored))
        self._shapes = {key: shape for key, shape in self._shapes.items() if key in ids}
        for some in batched(ids - self._shapes.keys(), _BATCH):
            rows = select(PerimeterShape.id, PerimeterShape.wkb).where(PerimeterShape.id.in_(some))
            self._shapes |= {key: shape_from_bytes(wkb) for key, wkb in session().execute(rows)}


@dataclass(frozen=True, slots=True)
class _Order:
    """A published order as it was read. content: tells whether it changed. digests: of the places of each measure,
    once something was matched in the territory."""

    content: str
    measures: tuple[Measure, ...]
    digests: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Matches:
    """What is matched on one version of the graph. state: how many rows and the newest, to see a change."""

    graph_version: str | None
    by_digest: Mapping[str, EdgeMatches]
    state: tuple[int, datetime | None]

    def attach(self, measure: Measure, digests: tuple[str, ...]) -> Measure:
        """The measure with the edges of its places; the same object when it has them."""
        found = [self.by_digest.get(digest) for digest in digests]
        if all(place.matches is edges for place, edges in zip(measure.locations, found, strict=True)):
            return measure
        places = (replace(place, matches=edges) for place, edges in zip(measure.locations, found, strict=True))
        return replace(measure, locations=tuple(places))


def _read_matches(territory: TerritoryView, known: _Matches) -> _Matches:
    """The matches on the graph in use: those of the last time, and what was found since."""
    version = get_graph_version(territory)
    if version is None:
        return known if known.graph_version is None else _Matches(None, {}, (0, None))
    on_graph = (EdgeMatch.territory_id == territory.id, EdgeMatch.graph_version == version)
    count, newest = session().execute(select(func.count(), func.max(EdgeMatch.matched_at)).where(*on_graph)).one()
    if known.graph_version != version:
        known = _Matches(version, {}, (0, None))
    if known.state == (count, newest):
        return known
    since = known.state[1]
    later = on_graph if since is None else (*on_graph, EdgeMatch.matched_at > since)
    found = {**known.by_digest, **_rows_of_matches(version, later)}
    if len(found) != count:
        # Some were removed, or came with an earlier date: begin afresh.
        found = _rows_of_matches(version, on_graph)
    return _Matches(version, found, (count, newest))


def _rows_of_matches(version: str, wanted: Iterable[ColumnElement[bool]]) -> dict[str, EdgeMatches]:
    columns = (EdgeMatch.location_digest, EdgeMatch.edges, EdgeMatch.matched_share, EdgeMatch.missing, EdgeMatch.path)
    rows = select(*columns, *_MATCH_BOUNDS).where(*wanted)
    return {
        row.location_digest: EdgeMatches(
            version,
            edges,
            row.matched_share >= TRUSTED_SHARE and len(edges) > 0,
            None if row.min_lon is None else (row.min_lon, row.min_lat, row.max_lon, row.max_lat),
            None if row.missing is None else shape_from_bytes(row.missing),
            None if row.path is None else shape_from_bytes(row.path),
        )
        for row in session().execute(rows)
        for edges in (edges_from_bytes(row.edges),)
    }


def _digests(measure: Measure) -> tuple[str, ...]:
    return tuple(location_digest(place) for place in measure.locations)


def _kept[R: (Perimeter, Measure)](read: R, before: R | None) -> R:
    """The object of the last time when it says the same and lies on the same edges."""
    return before if before is not None and before == read and _edges(before) == _edges(read) else read


def _edges(regulation: Perimeter | Measure) -> tuple[EdgeMatches | None, ...]:
    places: Iterable[Perimeter | MeasureLocation]
    places = (regulation,) if isinstance(regulation, Perimeter) else regulation.locations
    return tuple(place.matches for place in places)


_MATCH_BOUNDS: Final = (EdgeMatch.min_lon, EdgeMatch.min_lat, EdgeMatch.max_lon, EdgeMatch.max_lat)
_PERIMETER_COLUMNS: Final = (
    PerimeterRow.id,
    PerimeterRow.event,
    PerimeterRow.name,
    PerimeterRow.colour,
    PerimeterRow.shape_id,
    PerimeterRow.policy,
    PerimeterRow.named_roads,
    PerimeterRow.provenance,
)
_MEASURES: Final[Select[Any]] = (
    select(
        MeasureRow.id,
        MeasureRow.type,
        MeasureRow.max_speed_kmh,
        MeasureRow.document,
        MeasureRow.order_id,
        TrafficOrder.title,
        TrafficOrder.authority_name,
        TrafficOrder.url,
    )
    .join(TrafficOrder, TrafficOrder.id == MeasureRow.order_id)
    .order_by(MeasureRow.order_id, MeasureRow.position)
)


def _activations(territory_id: UUID) -> dict[UUID, list[Activation]]:
    found: defaultdict[UUID, list[Activation]] = defaultdict(list)
    spans = (
        select(ActivationRow.perimeter_id, ActivationRow.start_at, ActivationRow.end_at)
        .join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
        .where(PerimeterRow.territory_id == territory_id)
        .order_by(ActivationRow.start_at)
    )
    for perimeter_id, start, end in session().execute(spans):
        found[perimeter_id].append(Activation(start, end))
    return found


def _measures_by_order(rows: Select[Any], wanted: list[UUID]) -> Iterator[tuple[UUID, tuple[Measure, ...]]]:
    """The measures of some orders that can be applied; orders without any are left out."""
    if len(wanted) > _MOST_BATCHES * _BATCH:
        questions = [rows.execution_options(yield_per=_ROWS_AT_ONCE)]
    else:
        questions = [rows.where(TrafficOrder.id.in_(some)) for some in batched(wanted, _BATCH)]
    for question in questions:
        for order_id, found in groupby(session().execute(question), key=lambda row: row.order_id):
            yield order_id, tuple(measure for row in found if (measure := _measure(row)) is not None)


def _measure(row: Row[Any]) -> Measure | None:
    """The measure of a row; None when it cannot be applied: no place, no period, or a limit without a speed."""
    if row.type is MeasureType.SPEED_LIMIT and row.max_speed_kmh is None:
        return None
    draft = measure_from_json(row.type, row.max_speed_kmh, row.document)
    locations = tuple(place for place in draft.locations if not place.shape.is_empty)
    if not locations or not draft.periods:
        return None
    order = OrderRef(str(row.order_id), row.title, row.authority_name, row.url)
    return Measure(str(row.id), order, row.type, locations, draft.periods, draft.vehicles, row.max_speed_kmh)
