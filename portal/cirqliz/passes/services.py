"""The life of a pass: issued with the decision, revoked for a reason, never active again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, select

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.mails import mail_revocations
from portal.cirqliz.models import AccessPass, AccessRequest, PassPerimeter, RequestVehicle
from portal.cirqliz.numbering import series_of, take_numbers
from portal.cirqliz.states import CLERK_REVOCATIONS, PassState, RevocationReason
from portal.cirqliz.tokens import KeyRing, TokenPayload, perimeter_references, seal_token, territory_prefix
from portal.cirqliz.tokens.content import TOKEN_ID_BYTES
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import UnitOfWork, unit_of_work
from portal.territories.api import TerritoryView, get_territory

MAX_TEXT = 1000


def key_ring() -> KeyRing:
    """Return the running application's keys."""
    settings: Settings = current_app.extensions["settings"]
    return KeyRing.from_seed(settings.pass_signing_seed, settings.pass_old_keys)


def training_ring() -> KeyRing:
    """Return the keys of the passes invented to train agents."""
    settings: Settings = current_app.extensions["settings"]
    return KeyRing.for_training(settings.pass_signing_seed)


def issue_passes(
    uow: UnitOfWork,
    actor: Actor,
    request: AccessRequest,
    territory: TerritoryView,
    approved: Sequence[RequestVehicle],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> list[AccessPass]:
    """Give each approved vehicle its pass, inside the transaction of the decision."""
    if not approved:
        return []
    now = clock.now()
    numbers = take_numbers(uow, f"LP-{series_of(territory.slug, now.year)}", len(approved))
    issued = []
    for vehicle, number in zip(approved, numbers, strict=True):
        payload = TokenPayload(
            token_id=secrets.token_bytes(TOKEN_ID_BYTES),
            starts_at=request.starts_at,
            ends_at=request.ends_at,
            colours=frozenset(perimeter.colour for perimeter in request.perimeters),
            territory=territory_prefix(territory.id),
            plate=vehicle.plate,
            perimeters=perimeter_references({perimeter.perimeter_id for perimeter in request.perimeters}),
        )
        token = seal_token(key_ring(), payload)
        issued.append(
            AccessPass(
                id=new_id(),
                number=number,
                territory_id=territory.id,
                company_id=request.company_id,
                company_name=request.company_name,
                vehicle_id=vehicle.vehicle_id,
                request_id=request.id,
                plate=vehicle.plate,
                plate_display=vehicle.plate_display,
                plate_key=vehicle.plate_key,
                valid_from=request.starts_at,
                valid_to=request.ends_at,
                state=PassState.ACTIVE,
                token_id=payload.token_id,
                token=token,
                changed_at=now,
                issued_at=now,
                revoke_text="",
                perimeters=[
                    PassPerimeter(
                        id=new_id(),
                        perimeter_id=perimeter.perimeter_id,
                        name=perimeter.name,
                        event=perimeter.event,
                        colour=perimeter.colour,
                        motorised=perimeter.motorised,
                    )
                    for perimeter in request.perimeters
                ],
            )
        )
    uow.session.add_all(issued)
    for one in issued:
        _journal(actor, AuditTag.PASS_ISSUED, one, {}, clock)
    return issued


def revoke_pass(
    actor: Actor,
    territory: str,
    pass_id: UUID,
    reason: RevocationReason,
    text: str = "",
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Take a pass back: red at the next scan. Raises Denied, NotFound, Invalid, Conflict (already revoked)."""
    if actor.kind is not ActorKind.SYSTEM and not actor.serves(territory, StaffRole.CLERK):
        raise Denied("staff-role-needed", roles=[StaffRole.CLERK.value])
    if reason not in CLERK_REVOCATIONS:
        raise Invalid("revocation-without-reason", field="reason_code")
    if reason is RevocationReason.OTHER and not text.strip():
        raise Invalid("revocation-other-unexplained", field="reason_text")
    if len(text) > MAX_TEXT:
        raise Invalid("reason-too-long", field="reason_text", most=MAX_TEXT)
    place = get_territory(territory)
    with unit_of_work() as uow:
        found = _load(uow, AccessPass.territory_id == place.id, pass_id)
        _revoke(actor, found, reason, text, clock)
        mail_revocations(found.company_id, [found])


def give_back_pass(actor: Actor, company_id: UUID, pass_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Let the company give a pass back. Raises Denied, NotFound, Conflict (already revoked)."""
    if actor.kind is not ActorKind.SYSTEM and not actor.belongs_to(company_id, CompanyRole.MANAGER):
        raise Denied("company-role-needed", role=CompanyRole.MANAGER.value)
    with unit_of_work() as uow:
        found = _load(uow, AccessPass.company_id == company_id, pass_id)
        _revoke(actor, found, RevocationReason.GIVEN_BACK, "", clock)


_WITHDRAWN = {
    "plate-changed": RevocationReason.PLATE_CHANGED,
    "vehicle-archived": RevocationReason.VEHICLE_ARCHIVED,
}


def revoke_for_vehicles(
    actor: Actor, uow: UnitOfWork, company_id: UUID, vehicle_ids: Sequence[UUID], reason: str
) -> None:
    """Revoke the passes of vehicles that changed plate or left the fleet, in the transaction of that change."""
    rows = uow.session.scalars(
        select(AccessPass)
        .where(
            AccessPass.company_id == company_id,
            AccessPass.vehicle_id.in_(vehicle_ids),
            AccessPass.state == PassState.ACTIVE,
        )
        .order_by(AccessPass.id)
        .with_for_update(of=AccessPass)
        .execution_options(populate_existing=True)
    )
    revoked = rows.all()
    for found in revoked:
        _revoke(actor, found, _WITHDRAWN[reason], "", SYSTEM_CLOCK)
    if revoked:
        mail_revocations(company_id, revoked)


def _load(uow: UnitOfWork, scope: ColumnElement[bool], pass_id: UUID) -> AccessPass:
    found: AccessPass | None = uow.session.scalar(
        select(AccessPass)
        .where(AccessPass.id == pass_id, scope)
        .with_for_update(of=AccessPass)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("pass-not-found")
    return found


def _revoke(actor: Actor, found: AccessPass, reason: RevocationReason, text: str, clock: Clock) -> None:
    if found.state is PassState.REVOKED:
        raise Conflict("pass-already-revoked", at=found.revoked_at, number=found.number)
    found.state, found.revoked_at, found.revoked_by = PassState.REVOKED, clock.now(), actor.user_id
    found.revoke_reason, found.revoke_text = reason, text.strip()
    found.suspend_reason, found.changed_at = None, found.revoked_at
    _journal(actor, AuditTag.PASS_REVOKED, found, {"reason_code": reason.value, "reason_text": text.strip()}, clock)


def _journal(actor: Actor, tag: AuditTag, one: AccessPass, more: dict[str, str], clock: Clock) -> None:
    audit.record(
        actor,
        tag,
        subject_id=one.id,
        territory_id=one.territory_id,
        company_id=one.company_id,
        data={"number": one.number, "company": one.company_name, "plate": one.plate_display, **more},
        clock=clock,
    )
