"""How many passes and requests have to do with a place: figures for those who write an order, and no names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import batched
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from portal.cirqliz.models import AccessPass, AccessRequest, PassPerimeter, RequestPerimeter, RequestStop
from portal.cirqliz.states import OPEN_STATES, PassState
from portal.db import session
from portal.regulations.schedules import Interval

_BATCH = 400


@dataclass(frozen=True, slots=True)
class AccessThere:
    """Passes in their dates and open requests that have to do with a place, and of how many companies."""

    passes: int
    companies_with_passes: int
    requests: int
    companies_with_requests: int


def count_access_inside(
    territory_id: UUID, place: BaseGeometry, perimeter_ids: Collection[str], span: Interval
) -> AccessThere:
    """Count what names one of the perimeters or has a stop inside the place ((multi)polygon, lon, lat) in the span."""
    shapely.prepare(place)
    stopping = _requests_stopping_in(territory_id, place, span)
    asking = stopping | _requests_naming(perimeter_ids)
    valid = (
        AccessPass.territory_id == territory_id,
        AccessPass.state != PassState.REVOKED,
        AccessPass.valid_from < span.end,
        AccessPass.valid_to > span.start,
    )
    open_then = (
        AccessRequest.territory_id == territory_id,
        AccessRequest.state.in_(OPEN_STATES),
        AccessRequest.starts_at < span.end,
        AccessRequest.ends_at > span.start,
    )
    asked = [AccessPass.request_id.in_(some) for some in batched(sorted(stopping), _BATCH)]
    for some in batched(sorted(perimeter_ids), _BATCH):
        named = select(PassPerimeter.pass_id).where(PassPerimeter.perimeter_id.in_(some))
        asked.append(AccessPass.id.in_(named))
    passes: dict[UUID, UUID] = {}
    for condition in asked:
        for row in session().execute(select(AccessPass.id, AccessPass.company_id).where(*valid, condition)):
            passes[row.id] = row.company_id
    requests: dict[UUID, UUID] = {}
    for few in batched(sorted(asking), _BATCH):
        of_some = select(AccessRequest.id, AccessRequest.company_id).where(*open_then, AccessRequest.id.in_(few))
        for row in session().execute(of_some):
            requests[row.id] = row.company_id
    return AccessThere(len(passes), len(set(passes.values())), len(requests), len(set(requests.values())))


def _requests_stopping_in(territory_id: UUID, place: BaseGeometry, span: Interval) -> set[UUID]:
    west, south, east, north = place.bounds
    near = (
        select(RequestStop.request_id, RequestStop.lon, RequestStop.lat)
        .join(AccessRequest, AccessRequest.id == RequestStop.request_id)
        .where(
            AccessRequest.territory_id == territory_id,
            AccessRequest.starts_at < span.end,
            AccessRequest.ends_at > span.start,
            RequestStop.lon.between(west, east),
            RequestStop.lat.between(south, north),
        )
    )
    return {request_id for request_id, lon, lat in session().execute(near) if shapely.contains_xy(place, lon, lat)}


def _requests_naming(perimeter_ids: Iterable[str]) -> set[UUID]:
    return {
        request_id
        for some in batched(sorted(perimeter_ids), _BATCH)
        for request_id in session().scalars(
            select(RequestPerimeter.request_id).where(RequestPerimeter.perimeter_id.in_(some))
        )
    }
