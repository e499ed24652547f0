"""What the planner asks of a sibling: the passes a vehicle holds, and where one asks for a pass that is missing.

The factory passes the implementations in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, current_app

from portal.common.actor import Actor
from portal.itineriz.trip import Stop
from portal.regulations.passes import PassRight

PassBook = Callable[[UUID, UUID], Sequence[PassRight]]
"""(territory id, vehicle id) -> the rights of the passes in force or to come."""

_KEY = "itineriz_pass_book"


def set_pass_book(app: Flask, book: PassBook) -> None:
    """Let the factory say where the passes of a vehicle are found."""
    app.extensions[_KEY] = book


def passes_of(territory_id: UUID, vehicle_id: UUID) -> Sequence[PassRight]:
    """The passes of a vehicle; none when the application has no pass book."""
    book: PassBook | None = current_app.extensions.get(_KEY)
    return book(territory_id, vehicle_id) if book is not None else ()


@dataclass(frozen=True, slots=True)
class RequestWish:
    """The passes somebody would ask for; the person may still change everything. vehicle_id: None off the fleet.

    perimeter_ids: what the passes would open. Where to: the stops of a tour of the company, else the few named here.
    """

    company_id: UUID
    territory_id: UUID
    vehicle_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    perimeter_ids: tuple[str, ...]
    route_id: UUID | None = None
    stops: tuple[Stop, ...] = ()


RequestStart = Callable[[Actor, RequestWish], str | None]
"""Where this person asks for such passes: a URL, or None when they may not ask."""

_START_KEY = "itineriz_request_start"


def set_request_start(app: Flask, start: RequestStart) -> None:
    """Let the factory say where a request for passes begins."""
    app.extensions[_START_KEY] = start


def request_start(actor: Actor, wish: RequestWish) -> str | None:
    """Where the request begins; None when this person, or this application, cannot ask."""
    start: RequestStart | None = current_app.extensions.get(_START_KEY)
    return start(actor, wish) if start is not None else None


@dataclass(frozen=True, slots=True)
class PassCode:
    """A pass as the driver shows it. perimeters: (colour, name), strictest first. svg: its QR code, whole."""

    number: str
    plate: str
    perimeters: tuple[tuple[str, str], ...]
    valid_from: datetime
    valid_to: datetime
    svg: str


PassCodes = Callable[[UUID, UUID, datetime, datetime], Sequence[PassCode]]
"""(territory id, vehicle id, start, end) -> the passes in force at some moment from start to end."""

_CODES_KEY = "itineriz_pass_codes"


def set_pass_codes(app: Flask, codes: PassCodes) -> None:
    """Let the factory say where the codes of a vehicle's passes are found."""
    app.extensions[_CODES_KEY] = codes


def pass_codes_of(territory_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[PassCode]:
    """The passes to show during a tour; none when the application has nobody to ask."""
    codes: PassCodes | None = current_app.extensions.get(_CODES_KEY)
    return codes(territory_id, vehicle_id, start, end) if codes is not None else ()
