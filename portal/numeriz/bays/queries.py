"""Reading delivery bays, with what puts them out of use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import or_, select

from portal.common.errors import NotFound
from portal.db import Page, holds_text, paginate, session
from portal.db.paging import DEFAULT_PAGE_SIZE
from portal.numeriz import codec
from portal.numeriz.bays.suspensions import Suspension, suspended_ids, suspensions_of
from portal.numeriz.models import DeliveryBay
from portal.numeriz.values import NUMERIZ, BayLayout, BayRegime, DeliveryHours


@dataclass(frozen=True, slots=True)
class BayView:
    """A delivery bay; None is unknown. outline: polygon, (lon, lat) WGS84; details: what the source says beside.

    suspensions: the spans during which it cannot be used, over or to come. digest: of all that its fields say.
    """

    id: UUID
    local_id: str
    lon: float
    lat: float
    address: str
    regime: BayRegime
    layout: BayLayout
    length_cm: int | None
    width_cm: int | None
    places: int | None
    hours: tuple[DeliveryHours, ...]
    max_stay_min: int | None
    active: bool
    issues: Sequence[Mapping[str, Any]]
    source: str = NUMERIZ
    name: str = ""
    max_gross_weight_kg: int | None = None
    outline: BaseGeometry | None = field(default=None, repr=False)
    details: Mapping[str, str] = field(default_factory=dict)
    insee_code: str = ""
    suspensions: tuple[Suspension, ...] = ()
    has_photo: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    def suspension_at(self, at: datetime) -> Suspension | None:
        """What puts the bay out of use at an instant; None when it may be used."""
        return next((span for span in self.suspensions if span.holds(at)), None)


def page_bays(
    territory_id: UUID,
    cursor: str | None = None,
    *,
    active_only: bool = False,
    doubtful: bool = False,
    text: str = "",
    out_at: datetime | None = None,
    size: int = DEFAULT_PAGE_SIZE,
) -> Page[BayView]:
    """Return a page of delivery bays by address. text: in their address, name or identifier; out_at: only those that
    cannot be used at an instant."""
    statement = select(DeliveryBay).where(DeliveryBay.territory_id == territory_id)
    if active_only:
        statement = statement.where(DeliveryBay.active)
    if doubtful:
        statement = statement.where(DeliveryBay.issue_count > 0)
    if text:
        names = (DeliveryBay.address, DeliveryBay.name, DeliveryBay.local_id)
        statement = statement.where(or_(*(holds_text(name, text) for name in names)))
    if out_at is not None:
        statement = statement.where(DeliveryBay.id.in_(suspended_ids(out_at)))
    page = paginate(statement, [DeliveryBay.address, DeliveryBay.id], cursor, size)
    suspensions = suspensions_of(territory_id, [row.id for row in page.items])
    return page.map(lambda row: _bay_view(row, suspensions.get(row.id, ())))


def list_bays(territory_id: UUID, box: tuple[float, float, float, float] | None = None) -> Sequence[BayView]:
    """Return every bay in use of the territory. box: only those in it, edges included (west, south, east, north)."""
    statement = select(DeliveryBay).where(DeliveryBay.territory_id == territory_id, DeliveryBay.active)
    if box is not None:
        west, south, east, north = box
        statement = statement.where(DeliveryBay.lon.between(west, east), DeliveryBay.lat.between(south, north))
    suspensions = suspensions_of(territory_id)
    return [
        _bay_view(row, suspensions.get(row.id, ()))
        for row in session().scalars(statement.order_by(DeliveryBay.address, DeliveryBay.id))
    ]


def get_bay(territory_id: UUID, bay_id: UUID, *, active_only: bool = False) -> BayView:
    """Return one delivery bay; raises NotFound("bay-not-found")."""
    statement = select(DeliveryBay).where(DeliveryBay.territory_id == territory_id, DeliveryBay.id == bay_id)
    if active_only:
        statement = statement.where(DeliveryBay.active)
    row = session().scalar(statement)
    if row is None:
        raise NotFound("bay-not-found")
    return _bay_view(row, suspensions_of(territory_id, [bay_id]).get(bay_id, ()))


def _bay_view(row: DeliveryBay, suspensions: tuple[Suspension, ...]) -> BayView:
    return BayView(
        row.id,
        row.local_id,
        row.lon,
        row.lat,
        row.address,
        row.regime,
        row.layout,
        row.length_cm,
        row.width_cm,
        row.places,
        codec.hours_from_json(row.hours),
        row.max_stay_min,
        row.active,
        row.issues,
        row.source,
        row.name,
        row.max_gross_weight_kg,
        None if row.outline_wkb is None else codec.shape_from_bytes(row.outline_wkb),
        row.details,
        row.insee_code,
        suspensions,
        row.photo_key is not None,
        row.provenance,
        row.content_digest,
    )
