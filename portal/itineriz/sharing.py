"""Links that show a tour to whoever holds them: signed, with an end, without an account.

A link carries the route, its serial and its end, and a signature of the three. Nothing is stored for it: raising the
serial of the route ends every link given so far.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import update

from portal.audit import AuditTag, record
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.itineriz.models import Route
from portal.itineriz.queries import RouteView, route_view

MOST_DAYS = 60
_PURPOSE = b"itineriz.route-share"
_BODY = struct.Struct(">16sHI")
_SIGNATURE_BYTES = 16
_SERIALS = 0x10000


class LinkEnded(Exception):
    """The link was good and no longer is: expired, withdrawn, or its tour was removed."""


@dataclass(frozen=True, slots=True)
class SharedRoute:
    """What a link shows, and until when."""

    route: RouteView
    until: datetime


def share_route(actor: Actor, company_id: UUID, route_id: UUID, days: int, *, clock: Clock = SYSTEM_CLOCK) -> str:
    """Give a link to a tour, good for so many days; return its token.

    Raises NotFound for a route of another company, Invalid("share-days") for a number of days out of 1..60,
    Conflict("route-not-answered") while there is nothing to show.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("share-days", field="days", most=MOST_DAYS)
    with unit_of_work():
        row = _of_company(company_id, route_id)
        if not row.status.answered:
            raise Conflict("route-not-answered")
        until = clock.now().replace(microsecond=0) + timedelta(days=days)
        _record(actor, AuditTag.ROUTE_SHARED, row, clock, until=until.isoformat())
        return write_link(route_id, row.share_serial, until)


def withdraw_links(actor: Actor, company_id: UUID, route_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """End every link given to a tour so far. Raises NotFound."""
    with unit_of_work() as uow:
        row = _of_company(company_id, route_id)
        # In the database, so that two people at once end the links of both.
        uow.session.execute(update(Route).where(Route.id == route_id).values(share_serial=Route.share_serial + 1))
        _record(actor, AuditTag.ROUTE_UNSHARED, row, clock)


def read_link(token: str, *, clock: Clock = SYSTEM_CLOCK) -> SharedRoute:
    """The tour of a link. Raises NotFound("link-unknown") for what we never wrote, LinkEnded for what is over."""
    route_id, serial, until = _read(token)
    row = session().get(Route, route_id)
    if row is None or row.share_serial % _SERIALS != serial or clock.now() >= until:
        raise LinkEnded
    return SharedRoute(route_view(row), until)


def days_until_after(route: RouteView, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Days of a link that ends the day after the tour, within what a link may last."""
    left = (route.depart_at - clock.now()) / timedelta(days=1)
    return min(MOST_DAYS, max(2, int(left) + 2))


def _of_company(company_id: UUID, route_id: UUID) -> Route:
    row = session().get(Route, route_id)
    if row is None or row.company_id != company_id:
        raise NotFound("route-not-found")
    return row


def _record(actor: Actor, tag: AuditTag, row: Route, clock: Clock, **data: str) -> None:
    record(
        actor,
        tag,
        subject_id=row.id,
        territory_id=row.territory_id,
        company_id=row.company_id,
        data=data,
        clock=clock,
    )


def write_link(route_id: UUID, serial: int, until: datetime) -> str:
    """The token of a link."""
    body = _BODY.pack(route_id.bytes, serial % _SERIALS, int(until.timestamp()))
    return base64.urlsafe_b64encode(body + _signature(body)).rstrip(b"=").decode()


def _read(token: str) -> tuple[UUID, int, datetime]:
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        body, signature = raw[: _BODY.size], raw[_BODY.size :]
        route, serial, until = _BODY.unpack(body)
    except (UnicodeEncodeError, binascii.Error, struct.error) as error:
        raise NotFound("link-unknown") from error
    if not hmac.compare_digest(signature, _signature(body)):
        raise NotFound("link-unknown")
    return UUID(bytes=route), serial, datetime.fromtimestamp(until, UTC)


def _signature(body: bytes) -> bytes:
    settings: Settings = current_app.extensions["settings"]
    # A key of its own: a signature made for another purpose opens nothing here.
    key = hmac.digest(settings.secret_key.encode(), _PURPOSE, hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)[:_SIGNATURE_BYTES]
