"""Measures in force that say less than a route needs: not drawn, without streets, in words, without a direction.

Looked for in the law in memory, once per version of it: what is counted here is what the law really holds.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import shapely
from sqlalchemy import ColumnElement, select

from portal.db import session
from portal.numeriz.law.memory import law_for_display
from portal.numeriz.matching.places import count_waiting
from portal.numeriz.models import MeasureRow, RoadEvent, TrafficOrder
from portal.numeriz.values import OrderStatus
from portal.regulations.measures import CLOSING_TYPES, Direction, Measure, MeasureLocation, Origin
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import FreeText
from portal.territories.api import TerritoryView, get_graph_version

_LINE: Final = 1


class Fault(StrEnum):
    """What a measure lacks; the values are those of the URL."""

    NOT_DRAWN = "sans-trace"
    NO_EDGES = "sans-rue"
    FREE_TEXT = "texte-libre"
    NO_DIRECTION = "sens-inconnu"


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One measure that lacks something. order_id: of its order, None for an event. detail: the place, or the text."""

    fault: Fault
    source: str
    title: str
    detail: str
    order_id: UUID | None
    url: str


@dataclass(frozen=True, slots=True)
class LawHealth:
    """What the measures of a territory lack. measures: how many there are, by source; counts: by source and fault.

    has_graph False: streets were looked for nowhere. waiting: orders, events and perimeters still to be looked for.
    """

    measures: Mapping[str, int]
    counts: Mapping[tuple[str, Fault], int]
    lines: Sequence[FaultLine]
    has_graph: bool
    waiting: int

    @property
    def sources(self) -> Sequence[str]:
        """The sources that have measures or faults, the most faults first."""
        names = {*self.measures, *(source for source, _fault in self.counts)}
        return sorted(names, key=lambda name: (-sum(self.of(name, fault) for fault in Fault), name))

    def of(self, source: str, fault: Fault) -> int:
        """How many measures of a source lack something."""
        return self.counts.get((source, fault), 0)

    def total(self, fault: Fault) -> int:
        """How many measures lack something."""
        return sum(self.of(source, fault) for source in self.sources)

    def listed(self, fault: Fault, source: str | None = None) -> Sequence[FaultLine]:
        """The measures that lack something, of one source when asked, by title."""
        return [line for line in self.lines if line.fault is fault and source in {None, line.source}]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one version of the law holds. lines: by title."""

    version: str
    measures: Mapping[str, int]
    counts: Counter[tuple[str, Fault]]
    lines: Sequence[FaultLine]


_kept: dict[UUID, _Found] = {}
_guard = threading.Lock()


def law_health(territory: TerritoryView) -> LawHealth:
    """Look for what the measures of a territory lack; cheap while its law does not change."""
    law = law_for_display(territory)
    with _guard:
        found = _kept.get(territory.id)
    if found is None or found.version != law.version:
        found = _look(territory.id, law)
        with _guard:
            _kept[territory.id] = found
    graph = get_graph_version(territory)
    undrawn = list(_not_drawn(territory.id))
    return LawHealth(
        measures=found.measures,
        counts=found.counts + _counted(undrawn),
        lines=[*found.lines, *undrawn],
        has_graph=graph is not None,
        waiting=0 if graph is None else count_waiting(territory.id, graph),
    )


def _look(territory_id: UUID, law: LawSnapshot) -> _Found:
    spoken = [measure for measure in law.measures.values() if measure.origin is not Origin.OSM]
    sources = _sources(territory_id)
    measures: Counter[str] = Counter()
    lines: list[FaultLine] = []
    for measure in spoken:
        # One that came since the law was read has its line the next time.
        source = sources.get(measure.order.id)
        if source is not None:
            measures[source] += 1
            lines += _faults(measure, source)
    lines.sort(key=lambda line: (line.title, line.detail))
    return _Found(law.version, measures, _counted(lines), lines)


def _counted(lines: Sequence[FaultLine]) -> Counter[tuple[str, Fault]]:
    return Counter((line.source, line.fault) for line in lines)


def _sources(territory_id: UUID) -> dict[str, str]:
    """The source of each order in force and of each event, by its id in the law."""
    orders = select(TrafficOrder.id, TrafficOrder.source).where(_published(territory_id))
    events = select(RoadEvent.id, RoadEvent.source).where(RoadEvent.territory_id == territory_id)
    return {str(row.id): row.source for question in (orders, events) for row in session().execute(question)}


def _published(territory_id: UUID) -> ColumnElement[bool]:
    return (TrafficOrder.territory_id == territory_id) & (TrafficOrder.status == OrderStatus.PUBLISHED)


def _faults(measure: Measure, source: str) -> Iterator[FaultLine]:
    def line(fault: Fault, detail: str) -> FaultLine:
        order_id = UUID(measure.order.id) if measure.origin is Origin.ORDER else None
        return FaultLine(fault, source, measure.order.title, detail, order_id, measure.order.url)

    lost = [place for place in measure.locations if _is_lost(place)]
    if lost:
        yield line(Fault.NO_EDGES, lost[0].label)
    texts = [c.text for c in (*measure.vehicles.applies_to, *measure.vehicles.except_) if isinstance(c, FreeText)]
    if texts:
        yield line(Fault.FREE_TEXT, "\u00a0; ".join(texts))
    if measure.type in CLOSING_TYPES:
        unknown = [place for place in measure.locations if _asks_direction(place)]
        if unknown:
            yield line(Fault.NO_DIRECTION, unknown[0].label)


def _is_lost(place: MeasureLocation) -> bool:
    """Tell whether a place was looked for on the graph, and not found; one that was not looked for yet waits."""
    return place.matches is not None and not (place.matches.trusted and len(place.matches.rows))


def _asks_direction(place: MeasureLocation) -> bool:
    return place.direction is Direction.UNKNOWN and int(shapely.get_dimensions(place.shape)) <= _LINE


def _not_drawn(territory_id: UUID) -> Iterator[FaultLine]:
    """Measures in force without any place that is drawn: the law cannot apply them."""
    rows = (
        select(TrafficOrder.id, TrafficOrder.source, TrafficOrder.title, TrafficOrder.url, MeasureRow.document)
        .join(MeasureRow, MeasureRow.order_id == TrafficOrder.id)
        .where(_published(territory_id), MeasureRow.min_lon.is_(None))
        .order_by(TrafficOrder.title, TrafficOrder.id)
    )
    for row in session().execute(rows):
        labels = [str(place.get("label", "")) for place in row.document.get("locations", ())]
        yield FaultLine(Fault.NOT_DRAWN, row.source, row.title, next(iter(labels), ""), row.id, row.url)
