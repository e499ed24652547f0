"""Reads of passes; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, select

from portal.cirqliz.models import AccessPass, PassPerimeter
from portal.cirqliz.requests.queries import PerimeterLine
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.cirqliz.tokens import read_short_code, show_short_code, token_url
from portal.common.errors import NotFound
from portal.config import Settings
from portal.db import Page, paginate, session
from portal.fleet.api import plate_key
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.web.qr import draw_qr

# With a tenth of it hidden, one code in ten of version 8 could not be read, one in a thousand of version 9: its room is
# needed anyway for several perimeters.
_CODE_VERSION = 9


@dataclass(frozen=True, slots=True)
class PassView:
    """A pass with everything a page shows.

    code_url: what its QR code holds, at the portal's address of today. short_code: grouped as it is printed, empty
    for passes older than such codes. driver_name: empty where the territory does not ask it.
    """

    id: UUID
    number: str
    territory_id: UUID
    company_id: UUID
    company_name: str
    vehicle_id: UUID
    request_id: UUID
    plate: str
    plate_display: str
    valid_from: datetime
    valid_to: datetime
    state: PassState
    token: str
    code_url: str
    issued_at: datetime
    revoked_at: datetime | None
    revoke_reason: RevocationReason | None
    revoke_text: str
    perimeters: tuple[PerimeterLine, ...]
    short_code: str = ""
    driver_name: str = ""
    suspend_reason: SuspensionReason | None = None
    changed_at: datetime | None = None
    swapped_from: UUID | None = None

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The colours of the perimeters, strictest first."""
        return tuple(sorted({p.colour for p in self.perimeters}, key=lambda c: -c.strictness))

    @property
    def qr_svg(self) -> str:
        """The QR code, a whole SVG document of our own making; drawing it costs 4 ms."""
        return draw_qr(self.code_url, at_least=_CODE_VERSION)

    def phase(self, now: datetime) -> str:
        """Return `revoked`, `expired`, `suspended`, `later` or `active` (inside its dates) at an instant."""
        if self.state is PassState.REVOKED:
            return "revoked"
        if now >= self.valid_to:
            return "expired"
        if self.state is PassState.SUSPENDED:
            return "suspended"
        return "later" if now < self.valid_from else "active"


def list_passes(company_id: UUID, cursor: str | None = None) -> Page[PassView]:
    """Return a page of the company's passes, those that end last first."""
    statement = select(AccessPass).where(AccessPass.company_id == company_id)
    return paginate(statement, [AccessPass.valid_to, AccessPass.id], cursor, size=25, descending=True).map(pass_view)


def count_usable(company_id: UUID, now: datetime) -> int:
    """Count the company's passes that are valid or will be."""
    usable = (AccessPass.state == PassState.ACTIVE) & (AccessPass.valid_to > now)
    return session().scalars(select(func.count()).where(AccessPass.company_id == company_id, usable)).one()


def get_pass(company_id: UUID, pass_id: UUID) -> PassView:
    """Return a pass of the company; raises NotFound."""
    return _one(AccessPass.company_id == company_id, pass_id)


def get_pass_of_territory(territory_id: UUID, pass_id: UUID) -> PassView:
    """Return a pass of the territory; raises NotFound."""
    return _one(AccessPass.territory_id == territory_id, pass_id)


def _one(scope: ColumnElement[bool], pass_id: UUID) -> PassView:
    row = session().scalar(
        select(AccessPass).where(AccessPass.id == pass_id, scope).execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("pass-not-found")
    return pass_view(row)


def list_passes_of_request(request_id: UUID) -> Sequence[PassView]:
    """Return the passes a request gave, by plate; the caller has reached the request within its scope."""
    rows = session().scalars(
        select(AccessPass).where(AccessPass.request_id == request_id).order_by(AccessPass.plate, AccessPass.id)
    )
    return [pass_view(row) for row in rows]


_PASS, _PERIMETER = AccessPass.__table__, PassPerimeter.__table__
_IN = "in_"
_SHOWN_OF_PERIMETER = ("perimeter_id", "name", "event", "colour", "motorised")
# What a scan costs counts: made once, plain columns, the pass and its perimeters in one look.
_OF_TOKEN = (
    select(*_PASS.c, *(_PERIMETER.c[name].label(_IN + name) for name in _SHOWN_OF_PERIMETER))
    .outerjoin_from(_PASS, _PERIMETER, _PERIMETER.c.pass_id == _PASS.c.id)
    .where(_PASS.c.token_id == bindparam("token_id"))
)


def find_by_token(token_id: bytes) -> PassView | None:
    """Return the pass of a token as it is now, whoever holds it: the signature was the key. One query."""
    session().flush()
    rows = session().connection().execute(_OF_TOKEN, {"token_id": token_id}).all()
    if not rows:
        return None
    return _view(
        rows[0],
        (
            PerimeterLine(r.in_perimeter_id, r.in_name, r.in_event, r.in_colour, r.in_motorised)
            for r in rows
            if r.in_perimeter_id is not None
        ),
    )


def find_by_short_code(text: str) -> PassView | None:
    """Return the pass whose code of ten signs was typed, in any typing and whatever its territory."""
    code = read_short_code(text)
    if code is None:
        return None
    row = session().scalar(
        select(AccessPass).where(AccessPass.short_code == code).execution_options(populate_existing=True)
    )
    return None if row is None else pass_view(row)


def find_by_id(pass_id: UUID) -> PassView | None:
    """Return the pass of a link that was signed for it, whoever holds the link."""
    row = session().scalar(select(AccessPass).where(AccessPass.id == pass_id).execution_options(populate_existing=True))
    return None if row is None else pass_view(row)


def swap_of(pass_id: UUID) -> PassView | None:
    """Return the pass that replaced this one, if any; the caller has reached this one within its scope."""
    row = session().scalar(select(AccessPass).where(AccessPass.swapped_from == pass_id))
    return None if row is None else pass_view(row)


def list_printable(company_id: UUID, now: datetime) -> Sequence[PassView]:
    """Return the passes of a company that are valid or will be, by plate: those of one file for the whole fleet."""
    rows = session().scalars(
        select(AccessPass)
        .where(AccessPass.company_id == company_id)
        .where(AccessPass.state == PassState.ACTIVE, AccessPass.valid_to > now)
        .order_by(AccessPass.plate, AccessPass.valid_from, AccessPass.id)
    )
    return [pass_view(row) for row in rows]


def find_in_territory(territory_id: UUID, text: str, now: datetime, limit: int) -> Sequence[PassView]:
    """Return the passes of the territory with this number, or whose plate reads the same.

    Those that give a right now come first, then those that will, the nearest first, then the others, newest end first.
    """
    active = AccessPass.state == PassState.ACTIVE
    living = and_(active, AccessPass.valid_from <= now, AccessPass.valid_to > now)
    to_come = and_(active, AccessPass.valid_from > now)
    known = AccessPass.number == text.strip().upper()
    rows = session().scalars(
        select(AccessPass)
        .where(AccessPass.territory_id == territory_id, known | (AccessPass.plate_key == plate_key(text)))
        .order_by(
            case((living, 0), (to_come, 1), else_=2),
            case((to_come, AccessPass.valid_from)),
            AccessPass.valid_to.desc(),
            AccessPass.id,
        )
        .limit(limit)
    )
    return [pass_view(row) for row in rows]


def list_rights(vehicle_id: UUID, at: datetime) -> list[PassRight]:
    """Return what the vehicle's passes allow from an instant on: not revoked, not over."""
    rows = session().scalars(
        select(AccessPass)
        .where(AccessPass.vehicle_id == vehicle_id, AccessPass.state == PassState.ACTIVE, AccessPass.valid_to > at)
        .order_by(AccessPass.valid_from, AccessPass.id)
    )
    return [
        PassRight(
            start=row.valid_from,
            end=row.valid_to,
            perimeter_ids=frozenset(perimeter.perimeter_id for perimeter in row.perimeters),
        )
        for row in rows
    ]


def list_passes_between(territory_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[PassView]:
    """Return a vehicle's passes of a territory in force at some moment from start to end, the first to begin first."""
    rows = session().scalars(
        select(AccessPass)
        .where(AccessPass.territory_id == territory_id, AccessPass.vehicle_id == vehicle_id)
        .where(AccessPass.state == PassState.ACTIVE, AccessPass.valid_from <= end, AccessPass.valid_to > start)
        .order_by(AccessPass.valid_from, AccessPass.id)
    )
    return [pass_view(row) for row in rows]


def pass_view(row: AccessPass) -> PassView:
    """Return what may be shown of a pass's row."""
    return _view(row, (PerimeterLine(p.perimeter_id, p.name, p.event, p.colour, p.motorised) for p in row.perimeters))


def _view(row: AccessPass | Row[Any], lines: Iterable[PerimeterLine]) -> PassView:
    settings: Settings = current_app.extensions["settings"]
    return PassView(
        id=row.id,
        number=row.number,
        territory_id=row.territory_id,
        company_id=row.company_id,
        company_name=row.company_name,
        vehicle_id=row.vehicle_id,
        request_id=row.request_id,
        plate=row.plate,
        plate_display=row.plate_display,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=row.state,
        token=row.token,
        code_url=token_url(settings.public_url, row.token),
        issued_at=row.issued_at,
        revoked_at=row.revoked_at,
        revoke_reason=row.revoke_reason,
        revoke_text=row.revoke_text,
        perimeters=tuple(sorted(lines, key=lambda line: (-line.colour.strictness, line.name))),
        short_code=show_short_code(row.short_code) if row.short_code else "",
        driver_name=row.driver_name,
        suspend_reason=row.suspend_reason,
        changed_at=row.changed_at,
        swapped_from=row.swapped_from,
    )
