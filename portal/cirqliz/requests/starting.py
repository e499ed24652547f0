"""A request begun elsewhere: its form opens with what is known already, and the person changes what they like.

What is known travels in the address of the form, so that the link can be kept, sent and opened again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from portal.cirqliz.ports import RouteStop
from portal.cirqliz.requests.addresses import read_point
from portal.cirqliz.requests.policies import MAX_STOPS
from portal.common.actor import Actor, CompanyRole
from portal.common.text import whole_number
from portal.territories.api import TerritoryView

_MINUTE = "%Y-%m-%dT%H:%M"
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """What is known of a request before anybody wrote it. Stops beyond what a request holds are left out."""

    company_id: UUID
    vehicle_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    stops: tuple[RouteStop, ...]


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
        arret=[_write_stop(stop) for stop in draft.stops[:MAX_STOPS]],
    )


def read_draft(args: MultiDict[str, str]) -> dict[str, Any]:
    """The data of the form from the address of `draft_url`; what cannot be read is left to the person."""
    data: dict[str, Any] = {}
    if "vehicule" in args:
        data["vehicles"] = [args["vehicule"]]
    for name, day, hour in (("du", "starts_on", "starts_time"), ("au", "ends_on", "ends_time")):
        try:
            at = datetime.strptime(args.get(name, ""), _MINUTE)  # noqa: DTZ007 a local clock, as the form's own fields
        except ValueError:
            continue
        data[day], data[hour] = at.date(), at.time()
    stops = list(_read_stops(args.getlist("arret")[:MAX_STOPS]))
    if stops:
        data["stops"] = stops
    return data


def _write_stop(stop: RouteStop) -> str:
    return _SEPARATOR.join((f"{stop.lon:.6f}", f"{stop.lat:.6f}", str(stop.service_min), stop.label))


def _read_stops(texts: Iterable[str]) -> Iterable[dict[str, Any]]:
    for text in texts:
        lon, lat, minutes, label = [*text.split(_SEPARATOR, 3), "", "", ""][:4]
        if read_point(lon, lat) is None:
            continue
        # The mark of `StopForm`: an address typed anew is looked up anew.
        yield {
            "address": label[:200],
            "lon": lon,
            "lat": lat,
            "resolved": f"{lon},{lat}{_SEPARATOR}{label[:200]}",
            "service_min": whole_number(minutes) or 0,
        }
