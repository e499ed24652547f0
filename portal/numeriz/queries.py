"""Reading perimeters, orders, bays and events; the first argument is always the territory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, or_, select

from portal.common.errors import NotFound
from portal.db import Page, holds_text, paginate, session
from portal.db.paging import DEFAULT_PAGE_SIZE
from portal.numeriz import codec
from portal.numeriz.models import (
    UNKNOWN_COLOUR,
    ActivationRow,
    MeasureRow,
    PerimeterRow,
    PerimeterShape,
    TrafficOrder,
)
from portal.numeriz.values import (
    Category,
    MeasureDraft,
    OrderStatus,
    Subject,
)
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, default_policy

type Bounds = tuple[float, float, float, float]

# Six decimals of a degree are eleven centimetres.
_GRID_DEGREES = 1e-6


def geojson(shape: BaseGeometry) -> dict[str, Any]:
    """A shape as GeoJSON with six decimals."""
    rounded = shapely.set_precision(shape, _GRID_DEGREES, mode="pointwise")
    found: dict[str, Any] = _short(mapping(rounded))
    return found


def _short(value: Any) -> Any:
    """The same JSON without the tail that binary fractions leave behind six decimals."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, (list, tuple)):
        return [_short(part) for part in value]
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class PerimeterView:
    """A perimeter for display. shape, bounds: (lon, lat) WGS84, None when the source drew nothing that we can use.

    colour None: unknown. issues: stored doubts, for `messages.issue_sentence`.
    """

    id: UUID
    event: str
    name: str
    colour: Colour | None
    shape: BaseGeometry | None = field(repr=False)
    activations: tuple[Activation, ...]
    policy: AccessPolicy | None
    provenance: Mapping[str, Any]
    issues: Sequence[Mapping[str, Any]]
    named_roads: frozenset[str] = frozenset()

    @property
    def access(self) -> AccessPolicy | None:
        """The policy that applies; None for an unknown colour, which has no effect."""
        if self.policy is not None or self.colour is None:
            return self.policy
        return default_policy(self.colour)

    @property
    def bounds(self) -> Bounds | None:
        """West, south, east, north."""
        return None if self.shape is None else self.shape.bounds

    @property
    def geometry(self) -> dict[str, Any] | None:
        """The shape as GeoJSON."""
        return None if self.shape is None else geojson(self.shape)

    def is_active(self, at: datetime) -> bool:
        """Tell whether the perimeter is active at an instant."""
        return any(span.start <= at and (span.end is None or at < span.end) for span in self.activations)


@dataclass(frozen=True, slots=True)
class PerimeterLine:
    """A perimeter in a list. first_at, last_at: bounds of all its activations."""

    id: UUID
    event: str
    name: str
    colour: Colour | None
    drawn: bool
    activation_count: int
    first_at: datetime | None
    last_at: datetime | None
    issue_count: int


@dataclass(frozen=True, slots=True)
class OrderView:
    """A traffic order with its measures, which carry their ids."""

    id: UUID
    identifier: str
    title: str
    authority_name: str
    category: Category
    subject: Subject | None
    status: OrderStatus
    url: str
    provenance: Mapping[str, Any]
    issues: Sequence[Mapping[str, Any]]
    measures: Sequence[tuple[UUID, MeasureDraft]]
    source: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in a list."""

    id: UUID
    identifier: str
    title: str
    authority_name: str
    category: Category
    status: OrderStatus
    issue_count: int
    source: str


def list_perimeters(territory_id: UUID) -> Sequence[PerimeterView]:
    """Return every perimeter of the territory, those without effect too, in the order of their names."""
    return _perimeters(territory_id, None)


def perimeters_version(territory_id: UUID) -> str:
    """Return a text that differs as soon as a perimeter of the territory or its activations do. Cheap.

    The version of the law counts every live event too; this counts what passes rest on alone.
    """
    mine = PerimeterRow.territory_id == territory_id
    count, latest = session().execute(select(func.count(), func.max(PerimeterRow.updated_at)).where(mine)).one()
    spans = select(func.count(ActivationRow.id)).join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
    at = latest.isoformat() if latest is not None else ""
    return f"{count}-{session().scalars(spans.where(mine)).one()}-{at}"


def get_perimeters(territory_id: UUID, ids: Sequence[UUID]) -> Sequence[PerimeterView]:
    """Return the perimeters of these ids that belong to the territory, in the order of their names."""
    return _perimeters(territory_id, list(ids)) if ids else []


def get_perimeter(territory_id: UUID, perimeter_id: UUID) -> PerimeterView:
    """Return one perimeter; raises NotFound("perimeter-not-found")."""
    found = get_perimeters(territory_id, [perimeter_id])
    if not found:
        raise NotFound("perimeter-not-found")
    return found[0]


def _perimeters(territory_id: UUID, ids: list[UUID] | None) -> Sequence[PerimeterView]:
    statement = (
        select(PerimeterRow, PerimeterShape.wkb)
        .outerjoin(PerimeterShape, PerimeterShape.id == PerimeterRow.shape_id)
        .where(PerimeterRow.territory_id == territory_id)
        .order_by(PerimeterRow.name, PerimeterRow.id)
    )
    spans = (
        select(ActivationRow.perimeter_id, ActivationRow.start_at, ActivationRow.end_at)
        .join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
        .where(PerimeterRow.territory_id == territory_id)
        .order_by(ActivationRow.start_at, ActivationRow.end_at)
    )
    if ids is not None:
        statement = statement.where(PerimeterRow.id.in_(ids))
        spans = spans.where(PerimeterRow.id.in_(ids))
    activations: dict[UUID, list[Activation]] = defaultdict(list)
    for perimeter_id, start, end in session().execute(spans):
        activations[perimeter_id].append(Activation(start, end))
    return [
        PerimeterView(
            id=row.id,
            event=row.event,
            name=row.name,
            colour=None if row.colour == UNKNOWN_COLOUR else Colour(row.colour),
            shape=None if wkb is None else codec.shape_from_bytes(wkb),
            activations=tuple(activations[row.id]),
            policy=codec.policy_from_json(row.policy),
            provenance=row.provenance,
            issues=row.doubts,
            named_roads=frozenset(row.named_roads),
        )
        for row, wkb in session().execute(statement)
    ]


def page_perimeters(
    territory_id: UUID,
    cursor: str | None = None,
    *,
    colour: Colour | None = None,
    doubtful: bool = False,
    size: int = DEFAULT_PAGE_SIZE,
) -> Page[PerimeterLine]:
    """Return a page of perimeters by name; doubtful: only those with doubts."""
    statement = select(PerimeterRow).where(PerimeterRow.territory_id == territory_id)
    if colour is not None:
        statement = statement.where(PerimeterRow.colour == colour.value)
    if doubtful:
        statement = statement.where(PerimeterRow.doubt_count > 0)
    page = paginate(statement, [PerimeterRow.name, PerimeterRow.id], cursor, size)
    spans = {
        row.perimeter_id: row
        for row in session().execute(
            select(
                ActivationRow.perimeter_id,
                func.count().label("number"),
                func.min(ActivationRow.start_at).label("first_at"),
                func.max(ActivationRow.end_at).label("last_at"),
            )
            .where(ActivationRow.perimeter_id.in_([row.id for row in page.items]))
            .group_by(ActivationRow.perimeter_id)
        )
    }

    def line(row: PerimeterRow) -> PerimeterLine:
        held = spans.get(row.id)
        return PerimeterLine(
            row.id,
            row.event,
            row.name,
            None if row.colour == UNKNOWN_COLOUR else Colour(row.colour),
            row.shape_id is not None,
            held.number if held else 0,
            held.first_at if held else None,
            held.last_at if held else None,
            row.doubt_count,
        )

    return page.map(line)


def page_orders(
    territory_id: UUID,
    cursor: str | None = None,
    *,
    status: OrderStatus | None = None,
    source: str | None = None,
    doubtful: bool = False,
    text: str = "",
    size: int = DEFAULT_PAGE_SIZE,
) -> Page[OrderLine]:
    """Return a page of orders by title. source: only those it brought; text: in their title or identifier."""
    statement = select(TrafficOrder).where(TrafficOrder.territory_id == territory_id)
    if status is not None:
        statement = statement.where(TrafficOrder.status == status)
    if source is not None:
        statement = statement.where(TrafficOrder.source == source)
    if doubtful:
        statement = statement.where(TrafficOrder.doubt_count > 0)
    if text:
        statement = statement.where(
            or_(holds_text(TrafficOrder.title, text), holds_text(TrafficOrder.identifier, text))
        )
    page = paginate(statement, [TrafficOrder.title, TrafficOrder.id], cursor, size)
    return page.map(
        lambda row: OrderLine(
            row.id,
            row.identifier,
            row.title,
            row.authority_name,
            row.category,
            row.status,
            row.doubt_count,
            row.source,
        )
    )


def get_order(territory_id: UUID, order_id: UUID, *, published_only: bool = False) -> OrderView:
    """Return an order with its measures; raises NotFound("order-not-found")."""
    statement = select(TrafficOrder).where(TrafficOrder.territory_id == territory_id, TrafficOrder.id == order_id)
    if published_only:
        statement = statement.where(TrafficOrder.status == OrderStatus.PUBLISHED)
    row = session().scalar(statement)
    if row is None:
        raise NotFound("order-not-found")
    rows = session().scalars(select(MeasureRow).where(MeasureRow.order_id == row.id).order_by(MeasureRow.position))
    measures = [(m.id, codec.measure_from_json(m.type, m.max_speed_kmh, m.document)) for m in rows]
    return OrderView(
        row.id,
        row.identifier,
        row.title,
        row.authority_name,
        row.category,
        row.subject,
        row.status,
        row.url,
        row.provenance,
        row.issues,
        measures,
        row.source,
    )
