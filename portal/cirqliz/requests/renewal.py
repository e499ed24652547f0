"""Asking again: a past request becomes a draft with new dates, here or in another territory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cirqliz.law import spans_in
from portal.cirqliz.requests.drafts import save_draft
from portal.cirqliz.requests.queries import RequestView, StopView, get_request
from portal.cirqliz.requests.scoping import require_manager
from portal.cirqliz.requests.stop_form import mark_of
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_secret
from portal.fleet.api import OfferedFleet
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.territories.api import TerritoryView, get_territory_by_id

_SAME_WEEKDAY = 8
"""How many weeks ahead the same day of the week is looked for first."""
_HORIZON_DAYS = 366


def renew_request(
    actor: Actor,
    company_id: UUID,
    request_id: UUID,
    *,
    elsewhere: TerritoryView | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> UUID:
    """Begin the same request again as a draft and return its id.

    Dates: the next that suit (`next_window`). Vehicles that left the fleet are left out. elsewhere: another territory,
    where the stops and perimeters of this one mean nothing. Raises Denied, NotFound, Invalid(too-many-drafts).
    """
    require_manager(actor, company_id)
    found = get_request(company_id, request_id)
    place = elsewhere or get_territory_by_id(found.territory_id)
    law = law_snapshot(place.id)
    kept = [] if elsewhere else [p for p in found.perimeters if p.perimeter_id in law.perimeters]
    concerned = [law.perimeters[line.perimeter_id] for line in kept]
    window = next_window(Interval(found.starts_at, found.ends_at), clock.now(), ZoneInfo(place.timezone), concerned)
    typed = _typed(company_id, found, place, window)
    if elsewhere is None:
        # Perimeters it asked for by name; those the tour needed are found again.
        typed["perimeters"] = [line.perimeter_id for line in kept if line.asked]
        typed |= _stops(found.stops)
    key = new_secret(16)
    return save_draft(actor, company_id, place.id, key, typed, renewed_from=found.id, clock=clock)


def next_window(before: Interval, now: datetime, zone: ZoneInfo, concerned: Sequence[Perimeter]) -> Interval:
    """Return the next dates with the same length and the same local hours, from tomorrow on.

    The same day of the week within two months, else any day within a year, on which one of the perimeters concerned is
    active; without such a day, the next same day of the week.
    """
    start = before.start.astimezone(zone)
    lasts = before.end - before.start
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    to_weekday = (start.weekday() - tomorrow.weekday()) % 7
    weekly = [to_weekday + 7 * week for week in range(_SAME_WEEKDAY)]

    def window(days: int) -> Interval:
        moved = datetime.combine(tomorrow + timedelta(days=days), start.timetz().replace(tzinfo=None), zone)
        return Interval(moved, moved + lasts)

    for days in _each(weekly, range(_HORIZON_DAYS)):
        if any(spans_in(perimeter, window(days)) for perimeter in concerned):
            return window(days)
    return window(to_weekday)


def _each(*rows: Iterable[int]) -> Iterable[int]:
    for row in rows:
        yield from row


def _typed(company_id: UUID, found: RequestView, place: TerritoryView, window: Interval) -> dict[str, list[str]]:
    zone = ZoneInfo(place.timezone)
    here = {vehicle.id for vehicle in OfferedFleet(company_id).get([line.vehicle_id for line in found.vehicles])}
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    typed = {
        "territory": [place.slug],
        "vehicles": [str(line.vehicle_id) for line in found.vehicles if line.vehicle_id in here],
        "starts_on": [f"{start:%Y-%m-%d}"],
        "starts_time": [f"{start:%H:%M}"],
        "ends_on": [f"{end:%Y-%m-%d}"],
        "ends_time": [f"{end:%H:%M}"],
        "reason": [found.reason],
    }
    for line in found.vehicles:
        if line.driver_name:
            typed[f"driver-{line.vehicle_id}-name"] = [line.driver_name]
            typed[f"driver-{line.vehicle_id}-email"] = [line.driver_email]
    return typed


def _stops(stops: Sequence[StopView]) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for stop in stops:
        lon, lat = str(stop.lon), str(stop.lat)
        typed |= {
            f"stops-{stop.position}-address": [stop.label],
            f"stops-{stop.position}-lon": [lon],
            f"stops-{stop.position}-lat": [lat],
            f"stops-{stop.position}-resolved": [mark_of(lon, lat, stop.label)],
            f"stops-{stop.position}-service_min": [str(stop.service_min)],
        }
    return typed
