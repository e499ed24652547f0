"""How many stops of planned tours lie in a place: figures for those who write an order, and no names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from portal.db import session
from portal.itineriz.models import Route, RouteStatus, SavedPlace
from portal.itineriz.rechecking import LONGEST_TOUR
from portal.regulations.schedules import Interval

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StopsThere:
    """Tours with stops inside, these stops, places kept by companies, and how many companies all this is."""

    tours: int
    stops: int
    saved_places: int
    companies: int


def count_stops_inside(territory_id: UUID, place: BaseGeometry, span: Interval) -> StopsThere:
    """Count the stops inside a (multi)polygon (lon, lat) of the tours that are driven in a span."""
    shapely.prepare(place)
    tours = stops = saved = 0
    companies: set[UUID] = set()
    rows = session().execute(
        select(Route.company_id, Route.stops)
        .where(
            Route.territory_id == territory_id,
            Route.status.not_in((RouteStatus.CANCELLED, RouteStatus.FAILED)),
            # A tour has ended at the latest so long after it left.
            Route.depart_at > span.start - LONGEST_TOUR,
            Route.depart_at < span.end,
        )
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    for company_id, given in rows:
        inside = _inside(place, given)
        tours, stops = tours + (inside > 0), stops + inside
        companies |= {company_id} if inside and company_id is not None else set()
    west, south, east, north = place.bounds
    kept = select(SavedPlace.company_id, SavedPlace.lon, SavedPlace.lat).where(
        SavedPlace.territory_id == territory_id,
        SavedPlace.lon.between(west, east),
        SavedPlace.lat.between(south, north),
    )
    for company_id, lon, lat in session().execute(kept):
        if shapely.contains_xy(place, lon, lat):
            saved += 1
            companies.add(company_id)
    return StopsThere(tours, stops, saved, len(companies))


def _inside(place: BaseGeometry, stops: Iterable[Mapping[str, Any]]) -> int:
    points = np.array([(stop["lon"], stop["lat"]) for stop in stops], dtype=np.float64).reshape(-1, 2)
    return int(shapely.contains_xy(place, points).sum())
