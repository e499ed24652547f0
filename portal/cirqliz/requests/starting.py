"""A request begun elsewhere: its form opens with what is known already, and the person changes what they like.

What is known travels in the address of the form, so that the link can be kept, sent and opened again. A tour is named
there, not written out: an address that holds two hundred stops is refused by servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from portal.cirqliz.ports import RouteStop, TourStops, tour_planner
from portal.cirqliz.requests.addresses import read_point
from portal.cirqliz.requests.policies import MAX_PERIMETERS, MAX_STOPS
from portal.cirqliz.requests.stop_form import mark_of
from portal.common.actor import Actor, CompanyRole
from portal.common.errors import NotFound
from portal.common.text import whole_number
from portal.territories.api import TerritoryView

BEGUN_BY = ("territoire", "perimetre")
"""What the address of `begin_url` says, under the names of `draft_url`."""
_MINUTE = "%Y-%m-%dT%H:%M"
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """What is known of a request before anybody wrote it. Where to: the stops of a tour, else the few named here."""

    company_id: UUID
    vehicle_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    perimeter_ids: tuple[str, ...]
    route_id: UUID | None = None
    stops: tuple[RouteStop, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """What a form opens with: its data by field, and how many stops the tour has that it begins from (0: no tour)."""

    data: Mapping[str, Any]
    tour_stops: int = 0


def draft_url(actor: Actor, territory: TerritoryView, draft: RequestDraft) -> str | None:
    """The address of the form opened on a draft; None for whoever may not file requests for the company."""
    if not actor.belongs_to(draft.company_id, CompanyRole.MANAGER):
        return None
    zone = ZoneInfo(territory.timezone)
    return url_for(
        "cirqliz.new_request",
        company_id=draft.company_id,
        territoire=territory.slug,
        vehicule=draft.vehicle_id,
        du=draft.starts_at.astimezone(zone).strftime(_MINUTE),
        au=draft.ends_at.astimezone(zone).strftime(_MINUTE),
        perimetre=draft.perimeter_ids[:MAX_PERIMETERS],
        modele=draft.route_id,
        arret=[_write_stop(stop) for stop in draft.stops],
    )


def begin_url(territory: TerritoryView, perimeter_id: str) -> str:
    """The address from which anybody begins a request for a perimeter: they sign in first, for their company."""
    return url_for("cirqliz.begin_request", territoire=territory.slug, perimetre=perimeter_id)


def read_draft(company_id: UUID, args: MultiDict[str, str]) -> Begun:
    """What the form opens with, from the address of `draft_url`; what cannot be read is left to the person."""
    data: dict[str, Any] = {}
    if "vehicule" in args:
        data["vehicles"] = [args["vehicule"]]
    for name, day, hour in (("du", "starts_on", "starts_time"), ("au", "ends_on", "ends_time")):
        try:
            at = datetime.strptime(args.get(name, ""), _MINUTE)  # noqa: DTZ007 a local clock, as the form's own fields
        except ValueError:
            continue
        data[day], data[hour] = at.date(), at.time()
    if "perimetre" in args:
        data["perimeters"] = args.getlist("perimetre")[:MAX_PERIMETERS]
    tour = _tour(company_id, args.get("modele", ""))
    stops = _fitting(tour) if tour is not None else list(_read_stops(args.getlist("arret")[:MAX_STOPS]))
    if stops:
        rows = [_row(stop) for stop in stops]
        # A place alone is where one goes: where one leaves from is left to the person.
        data["stops"] = rows if len(rows) > 1 else [{}, *rows]
    return Begun(data, 0 if tour is None else len(tour.stops))


def _tour(company_id: UUID, text: str) -> TourStops | None:
    """The tour of the company that an address names; None without one, or when it is gone."""
    try:
        return tour_planner().get_stops(company_id, UUID(text))
    except (ValueError, NotFound):
        return None


def _fitting(tour: TourStops) -> list[RouteStop]:
    """As many stops of a tour as a request holds, in its order: the departure, those it cannot serve, then others."""
    ranked = sorted(range(len(tour.stops)), key=lambda place: (place != 0, place not in tour.refused, place))
    return [tour.stops[place] for place in sorted(ranked[:MAX_STOPS])]


def _write_stop(stop: RouteStop) -> str:
    return _SEPARATOR.join((f"{stop.lon:.6f}", f"{stop.lat:.6f}", str(stop.service_min), stop.label))


def _read_stops(texts: Iterable[str]) -> Iterable[RouteStop]:
    for text in texts:
        lon, lat, minutes, label = [*text.split(_SEPARATOR, 3), "", "", ""][:4]
        point = read_point(lon, lat)
        if point is not None:
            yield RouteStop(label, *point, whole_number(minutes) or 0)


def _row(stop: RouteStop) -> dict[str, Any]:
    """A stop as the form holds it."""
    label, lon, lat = stop.label[:200], f"{stop.lon:.6f}", f"{stop.lat:.6f}"
    return {
        "address": label,
        "lon": lon,
        "lat": lat,
        "resolved": mark_of(lon, lat, label),
        "service_min": stop.service_min,
    }
