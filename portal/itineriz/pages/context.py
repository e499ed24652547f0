"""What the pages of one tour have in common: the company's page, the panel of a request, the driver's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK
from portal.itineriz.documents.layers import LAYERS, has_layer
from portal.itineriz.lacking import lacking_perimeters
from portal.itineriz.messages import stored_fault
from portal.itineriz.pages.display import Answer
from portal.itineriz.pages.shown import short_label, spans_text
from portal.itineriz.ports import RequestWish, request_start
from portal.itineriz.queries import RouteView
from portal.numeriz.api import law_version
from portal.territories.api import get_territory_by_id

# A request that begins from a refused tour has no arrival: it is proposed for half a day.
_REFUSED_FOR = timedelta(hours=4)
_HALF_HOUR_S = 1800


def tour_context(route: RouteView, layer_url: Callable[[str], str]) -> dict[str, Any]:
    """The context of templates/itineriz/answer.html. layer_url: where the map finds one of its layers."""
    place = get_territory_by_id(route.territory_id)
    answer = Answer(route, place.timezone)
    return {
        "route": route,
        "place": place,
        "answer": answer,
        "failure": stored_fault(route.error_code, route.error_params) if route.error_code else None,
        "layer_urls": {kind: layer_url(kind) for kind in LAYERS},
        "layers": [kind for kind in LAYERS if has_layer(route, kind)],
        "spans_text": spans_text,
        "short": short_label,
        "company_id": None,
        "ask_url": None,
    }


def is_outdated(route: RouteView) -> bool:
    """True when the law is newer than the one the answer is known to hold for, and the tour is still to be driven."""
    if not route.status.answered or route.depart_at < SYSTEM_CLOCK.now():
        return False
    return route.checked_law != law_version(route.territory_id)


def ask_url(actor: Actor, company_id: UUID, route: RouteView, answer: Answer) -> str | None:
    """Where this person asks for the passes the tour lacks; None when none would help, or they may not ask."""
    lacking = lacking_perimeters(route.result or {})
    if not lacking:
        return None
    starts_at = half_hour(answer.depart_at)
    arrive_at = answer.arrive_at
    ends_at = starts_at + _REFUSED_FOR if arrive_at is None else half_hour(arrive_at) + timedelta(hours=1)
    # A refused tour may stop before perimeters that only begin later: passes are asked for hours at which they bind.
    ends_at = max(ends_at, *(half_hour(at) + timedelta(hours=1) for at in lacking.values()))
    wish = RequestWish(
        company_id=company_id,
        territory_id=route.territory_id,
        vehicle_id=route.vehicle_id,
        starts_at=starts_at,
        ends_at=ends_at,
        perimeter_ids=tuple(lacking),
        route_id=route.id,
    )
    return request_start(actor, wish)


def half_hour(at: datetime) -> datetime:
    """The half hour at or before an instant."""
    return at - timedelta(seconds=at.timestamp() % _HALF_HOUR_S)
