"""Reading the law of a place for its open data, some records at a time, in an order that stays the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from portal.db import session
from portal.numeriz import codec
from portal.numeriz.bays.rows import draft_of_row
from portal.numeriz.bays.suspensions import suspensions_of
from portal.numeriz.exports.edition import (
    OPEN_LICENCE,
    BayRecord,
    EventRecord,
    OrderRecord,
    PerimeterRecord,
    Place,
    Source,
)
from portal.numeriz.law.events import event_of_row
from portal.numeriz.models import (
    UNKNOWN_COLOUR,
    ActivationRow,
    DeliveryBay,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    RoadEvent,
    TrafficOrder,
)
from portal.numeriz.values import EventState, MeasureDraft, OrderStatus
from portal.regulations.perimeters import Activation, Colour

_BATCH = 200


def _batches(statement: Select[Any], key: Any) -> Iterator[list[Any]]:
    """Rows of one entity by id, a batch at a time; each is forgotten before the next, so that memory stays the same."""
    last: UUID | None = None
    while True:
        asked = statement if last is None else statement.where(key > last)
        rows = list(session().scalars(asked.order_by(key).limit(_BATCH)))
        if rows:
            yield rows
            last = rows[-1].id
        for row in rows:
            session().expunge(row)
        if len(rows) < _BATCH:
            return


def _published(place: Place, now: datetime) -> Select[Any]:
    return select(TrafficOrder).where(
        TrafficOrder.territory_id == place.id,
        TrafficOrder.status == OrderStatus.PUBLISHED,
        or_(TrafficOrder.ends_at.is_(None), TrafficOrder.ends_at > now),
    )


def orders_of(place: Place, now: datetime) -> Iterator[OrderRecord]:
    """The published orders of a place that are not over."""
    for rows in _batches(_published(place, now), TrafficOrder.id):
        measures: dict[UUID, list[tuple[UUID, MeasureDraft]]] = defaultdict(list)
        found = select(
            MeasureRow.id, MeasureRow.order_id, MeasureRow.type, MeasureRow.max_speed_kmh, MeasureRow.document
        ).where(MeasureRow.order_id.in_([row.id for row in rows]))
        for measure in session().execute(found.order_by(MeasureRow.order_id, MeasureRow.position)):
            draft = _lasting(codec.measure_from_json(measure.type, measure.max_speed_kmh, measure.document))
            if draft is not None:
                measures[measure.order_id].append((measure.id, draft))
        for row in rows:
            yield OrderRecord(
                row.id,
                place,
                row.source,
                row.source_id,
                row.identifier,
                row.title,
                row.authority_name,
                row.category,
                row.subject,
                row.url,
                tuple(measures[row.id]),
                row.created_at,
                row.updated_at,
                row.provenance,
            )


def _lasting(measure: MeasureDraft) -> MeasureDraft | None:
    """A measure with the periods that last; None when none of those it has does.

    What was lifted before it began keeps a period of no length: a reader of files could take it for an instant, or,
    were it left out alone, for a measure that always holds.
    """
    periods = tuple(period for period in measure.periods if period.start != period.end)
    return None if measure.periods and not periods else replace(measure, periods=periods)


def perimeters_of(place: Place, now: datetime) -> Iterator[PerimeterRecord]:
    """The perimeters of a place that have an effect, now or later."""
    drawn = select(PerimeterRow).where(
        PerimeterRow.territory_id == place.id,
        PerimeterRow.shape_id.is_not(None),
        PerimeterRow.colour != UNKNOWN_COLOUR,
        PerimeterRow.id.in_(
            select(ActivationRow.perimeter_id).where(or_(ActivationRow.end_at.is_(None), ActivationRow.end_at > now))
        ),
    )
    for rows in _batches(drawn, PerimeterRow.id):
        spans: dict[UUID, list[Activation]] = defaultdict(list)
        kept = select(ActivationRow).where(ActivationRow.perimeter_id.in_([row.id for row in rows]))
        for span in session().scalars(kept.order_by(ActivationRow.start_at, ActivationRow.id)):
            spans[span.perimeter_id].append(Activation(span.start_at, span.end_at))
        shapes = select(PerimeterShape.id, PerimeterShape.wkb).where(
            PerimeterShape.id.in_({row.shape_id for row in rows})
        )
        areas = {shape_id: codec.shape_from_bytes(wkb) for shape_id, wkb in session().execute(shapes)}
        for row in rows:
            yield PerimeterRecord(
                row.id,
                place,
                row.event,
                row.name,
                Colour(row.colour),
                areas[row.shape_id],
                row.geometry_digest,
                tuple(spans[row.id]),
                codec.policy_from_json(row.policy),
                frozenset(row.named_roads),
                row.updated_at,
                row.provenance,
            )


def bays_of(place: Place, now: datetime) -> Iterator[BayRecord]:
    """The delivery bays of a place that are in use, those put out of use for some time among them."""
    used = select(DeliveryBay).where(DeliveryBay.territory_id == place.id, DeliveryBay.active)
    for rows in _batches(used, DeliveryBay.id):
        suspensions = suspensions_of(place.id, [row.id for row in rows])
        for row in rows:
            spans = tuple(span for span in suspensions.get(row.id, ()) if span.end > now)
            yield BayRecord(row.id, place, draft_of_row(row), row.created_at, row.updated_at, spans)


def events_of(place: Place, now: datetime) -> Iterator[EventRecord]:
    """The live events of a place that are not over."""
    live = select(RoadEvent).where(
        RoadEvent.territory_id == place.id,
        RoadEvent.state != EventState.ENDED,
        or_(RoadEvent.ends_at.is_(None), RoadEvent.ends_at > now),
    )
    for rows in _batches(live, RoadEvent.id):
        for row in rows:
            yield EventRecord(row.id, place, event_of_row(row), row.updated_at)


def sources_of(place: Place, now: datetime) -> set[Source]:
    """Where the data of a place come from, one of each name and licence."""
    found: set[Source] = set()
    kinds: tuple[tuple[Any, Any], ...] = (
        (TrafficOrder, _published(place, now)),
        (DeliveryBay, select(DeliveryBay).where(DeliveryBay.territory_id == place.id, DeliveryBay.active)),
        (RoadEvent, select(RoadEvent).where(RoadEvent.territory_id == place.id, RoadEvent.state != EventState.ENDED)),
    )
    for model, rows in kinds:
        columns = rows.with_only_columns(model.source, model.provenance).execution_options(yield_per=500)
        found.update(_source(source, provenance) for source, provenance in session().execute(columns))
    held = select(PerimeterRow.provenance).where(PerimeterRow.territory_id == place.id)
    for provenance in session().scalars(held):
        found.add(_source(str(provenance.get("source") or "numeriz"), provenance))
    return found


def _source(name: str, provenance: dict[str, Any]) -> Source:
    """A record may name its own page as `url`; only the licence is the source's as a whole."""
    return Source(name, str(provenance.get("licence") or OPEN_LICENCE))
