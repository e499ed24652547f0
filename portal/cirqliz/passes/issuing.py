"""Giving passes: signed once, stored in the transaction of the decision that gives them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import aliased

from portal.audit import AuditTag
from portal.cirqliz.models import AccessPass, AccessRequest, PassPerimeter, RequestVehicle
from portal.cirqliz.numbering import series_of, take_numbers
from portal.cirqliz.passes.journal import write_pass_entries
from portal.cirqliz.passes.keys import key_ring
from portal.cirqliz.passes.life import resume_rows, revoke_rows
from portal.cirqliz.passes.mails import mail_pass
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.cirqliz.tokens import TokenPayload, new_short_code, perimeter_references, seal_token, territory_prefix
from portal.cirqliz.tokens.content import TOKEN_ID_BYTES
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.regulations.perimeters import Colour, Motorised
from portal.territories.api import TerritoryView


class Opened(Protocol):
    """A perimeter that a pass opens, as a request or another pass holds it."""

    perimeter_id: str
    name: str
    event: str
    colour: Colour
    motorised: Motorised


@dataclass(frozen=True, slots=True)
class Grant:
    """A pass to make: whose, for which vehicle, when and where. swapped_from: the pass it replaces."""

    company_id: UUID
    company_name: str
    request_id: UUID
    vehicle_id: UUID
    plate: str
    plate_display: str
    plate_key: str
    valid_from: datetime
    valid_to: datetime
    perimeters: Sequence[Opened]
    driver_name: str = ""
    swapped_from: UUID | None = None


@dataclass(frozen=True, slots=True)
class IssuedPass:
    """A pass just stored: what its mail and its line in the journal say."""

    id: UUID
    number: str
    territory_id: UUID
    company_id: UUID
    company_name: str
    plate_display: str
    valid_from: datetime
    valid_to: datetime


def issue_passes(
    uow: UnitOfWork,
    actor: Actor,
    request: AccessRequest,
    territory: TerritoryView,
    approved: Sequence[RequestVehicle],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> list[IssuedPass]:
    """Give each approved vehicle its pass, inside the transaction of the decision; return the new ones.

    A vehicle whose pass of this request still lives, its own or the one it was swapped for, keeps it: approved again
    after a re-examination, it only comes back from its suspension. One that opens something else than the request asks
    now is taken back, and whoever held it gets another. A driver whose address is known gets a link.
    """
    if not approved:
        return []
    living = living_by_vehicle(uow, request.id, [vehicle.vehicle_id for vehicle in approved])
    asked = _access(request.perimeters)
    outgrown = {vehicle_id: one for vehicle_id, one in living.items() if _access(one.perimeters) != asked}
    kept = [one for vehicle_id, one in living.items() if vehicle_id not in outgrown]
    resume_rows(uow, actor, kept, SuspensionReason.VEHICLE_CHANGED, clock)
    lacking = [vehicle for vehicle in approved if vehicle.vehicle_id not in living or vehicle.vehicle_id in outgrown]
    grants = [_grant(request, vehicle, outgrown.get(vehicle.vehicle_id)) for vehicle in lacking]
    if outgrown:
        revoke_rows(actor, list(outgrown.values()), RevocationReason.PERIMETER_CHANGED, clock=clock)
        for past in outgrown.values():
            # The pass that follows stands in for the broken-down vehicle from now on; the journal knows of this one.
            past.swapped_from = None
        uow.session.flush()
    issued = make_passes(uow, territory, grants, clock=clock)
    write_pass_entries(actor, AuditTag.PASS_ISSUED, issued, clock)
    for vehicle, one in zip(lacking, issued, strict=True):
        if vehicle.driver_email:
            mail_pass(one, territory, vehicle.driver_email)
    return issued


def _access(opened: Iterable[Opened]) -> set[tuple[str, Colour, Motorised]]:
    """What a request or a pass says of its perimeters, names apart."""
    return {(one.perimeter_id, one.colour, one.motorised) for one in opened}


def _grant(request: AccessRequest, vehicle: RequestVehicle, before: AccessPass | None) -> Grant:
    """The pass of an approved vehicle. before: the one it follows, whose holder and window it takes over."""
    held = before or vehicle
    return Grant(
        company_id=request.company_id,
        company_name=request.company_name,
        request_id=request.id,
        vehicle_id=held.vehicle_id,
        plate=held.plate,
        plate_display=held.plate_display,
        plate_key=held.plate_key,
        valid_from=before.valid_from if before else request.starts_at,
        valid_to=request.ends_at,
        perimeters=request.perimeters,
        driver_name=held.driver_name or "",
        swapped_from=before.swapped_from if before else None,
    )


def living_by_vehicle(uow: UnitOfWork, request_id: UUID, vehicle_ids: Iterable[UUID]) -> dict[UUID, AccessPass]:
    """Lock and return the passes of a request not taken back, by the vehicle that was approved.

    A pass that replaces another counts for the vehicle that broke down.
    """
    of_request = (AccessPass.request_id == request_id, AccessPass.state != PassState.REVOKED)
    # Nearly always there is none: the request is answered for the first time.
    if uow.session.scalar(select(AccessPass.id).where(*of_request).limit(1)) is None:
        return {}
    before = aliased(AccessPass)
    rows = uow.session.execute(
        select(AccessPass, before.vehicle_id)
        .outerjoin(before, AccessPass.swapped_from == before.id)
        .where(*of_request)
        .order_by(AccessPass.id)
        .with_for_update(of=AccessPass)
        .execution_options(populate_existing=True)
    )
    wanted = set(vehicle_ids)
    found = {replaced or one.vehicle_id: one for one, replaced in rows}
    return {vehicle_id: one for vehicle_id, one in found.items() if vehicle_id in wanted}


def make_passes(
    uow: UnitOfWork, territory: TerritoryView, grants: Sequence[Grant], *, clock: Clock
) -> list[IssuedPass]:
    """Number, sign and store passes, active from now on; the caller writes the journal.

    Rows are written in bulk: a great event has tens of thousands.
    """
    if not grants:
        return []
    now = clock.now()
    numbers = take_numbers(uow, f"LP-{series_of(territory.slug, now.year)}", len(grants))
    codes = _free_codes(uow, len(grants))
    ids = [new_id() for _ in grants]
    drafts = list(zip(ids, grants, numbers, codes, strict=True))
    rows = [_row(territory.id, one_id, grant, number, code, now) for one_id, grant, number, code in drafts]
    uow.session.execute(insert(AccessPass), rows)
    uow.session.execute(insert(PassPerimeter), [row for one_id, grant, *_ in drafts for row in _opened(one_id, grant)])
    return [
        IssuedPass(
            id=one_id,
            number=number,
            territory_id=territory.id,
            company_id=grant.company_id,
            company_name=grant.company_name,
            plate_display=grant.plate_display,
            valid_from=grant.valid_from,
            valid_to=grant.valid_to,
        )
        for one_id, grant, number, _code in drafts
    ]


def _row(territory_id: UUID, one_id: UUID, grant: Grant, number: str, code: str, now: datetime) -> dict[str, object]:
    """The values of a pass, signed."""
    payload = TokenPayload(
        token_id=secrets.token_bytes(TOKEN_ID_BYTES),
        starts_at=grant.valid_from,
        ends_at=grant.valid_to,
        colours=frozenset(perimeter.colour for perimeter in grant.perimeters),
        territory=territory_prefix(territory_id),
        plate=grant.plate,
        perimeters=perimeter_references({perimeter.perimeter_id for perimeter in grant.perimeters}),
    )
    return {
        "id": one_id,
        "number": number,
        "territory_id": territory_id,
        "company_id": grant.company_id,
        "company_name": grant.company_name,
        "vehicle_id": grant.vehicle_id,
        "request_id": grant.request_id,
        "plate": grant.plate,
        "plate_display": grant.plate_display,
        "plate_key": grant.plate_key,
        "valid_from": grant.valid_from,
        "valid_to": grant.valid_to,
        "state": PassState.ACTIVE,
        "token_id": payload.token_id,
        "token": seal_token(key_ring(), payload),
        "short_code": code,
        "driver_name": grant.driver_name,
        "swapped_from": grant.swapped_from,
        "changed_at": now,
        "issued_at": now,
        "revoke_text": "",
    }


def _opened(one_id: UUID, grant: Grant) -> list[dict[str, object]]:
    """The values of the perimeters of a pass."""
    return [
        {
            "id": new_id(),
            "pass_id": one_id,
            "perimeter_id": perimeter.perimeter_id,
            "name": perimeter.name,
            "event": perimeter.event,
            "colour": perimeter.colour,
            "motorised": perimeter.motorised,
        }
        for perimeter in grant.perimeters
    ]


def _free_codes(uow: UnitOfWork, count: int) -> list[str]:
    """Draw codes that no pass bears. Two decisions drawing the same at one instant: one in 10^13; the second fails."""
    free: list[str] = []
    while len(free) < count:
        drawn = {new_short_code() for _ in range(count - len(free))} - set(free)
        taken = uow.session.scalars(select(AccessPass.short_code).where(AccessPass.short_code.in_(drawn)))
        free += sorted(drawn - set(taken))
    return free
