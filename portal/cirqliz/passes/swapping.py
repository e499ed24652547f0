"""A breakdown on the day: the pass of one vehicle goes to another, once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.accounts.api import CompanyStatus, get_company
from portal.audit import AuditTag
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.issuing import Grant, IssuedPass, make_passes
from portal.cirqliz.passes.journal import write_pass_entry
from portal.cirqliz.passes.life import revoke_row
from portal.cirqliz.passes.mails import mail_swap
from portal.cirqliz.passes.services import load_pass, require_manager
from portal.cirqliz.passes.stand_ins import get_stand_in
from portal.cirqliz.rules.quotas import check_quota_of_swap
from portal.cirqliz.states import PassState, RevocationReason
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import UnitOfWork, unit_of_work
from portal.fleet.api import VehicleView, lock_vehicles, plate_key
from portal.territories.api import TerritoryView, get_territory_by_id


def swap_pass(actor: Actor, company_id: UUID, pass_id: UUID, vehicle_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Take back a pass and give its perimeters and the rest of its window to another vehicle; return the new pass.

    All or nothing, in one transaction; the journal names both passes. Raises Denied, NotFound, Conflict (over, taken
    back, held back, not begun, swapped before, a company that is not verified), Invalid (a vehicle that may not stand
    in, a quota that is reached).
    """
    require_manager(actor, company_id)
    now = clock.now()
    with unit_of_work() as uow:
        broken_id = _vehicle_of(uow, company_id, pass_id)
        lock_vehicles(uow, company_id, [vehicle_id, broken_id])
        old = load_pass(uow, AccessPass.company_id == company_id, pass_id)
        refusal = refuses_swap(old.state, old.valid_from, old.valid_to, old.swapped_from is not None, now)
        if refusal is not None:
            raise Conflict(refusal, number=old.number)
        # Read once the fleet is held: a company that is refused at this instant is seen, or waits and takes this too.
        if get_company(company_id).status is not CompanyStatus.VERIFIED:
            raise Conflict("swap-not-verified", number=old.number)
        stand_in = get_stand_in(old, vehicle_id, now)
        territory = get_territory_by_id(old.territory_id)
        check_quota_of_swap(uow, territory, old, vehicle_id, now)
        new = _give(uow, territory, old, stand_in, clock)
        revoke_row(actor, old, RevocationReason.PLATE_SWAPPED, "", clock)
        more = {"replaces": old.number, "plates": [old.plate_display, new.plate_display]}
        write_pass_entry(actor, AuditTag.PASS_SWAPPED, new, more, clock)
        mail_swap(old, new)
        return new.id


def refuses_swap(state: PassState, start: datetime, end: datetime, is_swap: bool, now: datetime) -> str | None:
    """Return why a pass may not be swapped at an instant, as a code. Pure."""
    if state is PassState.REVOKED:
        return "swap-revoked"
    if state is PassState.SUSPENDED:
        return "swap-suspended"
    if is_swap:
        return "swap-twice"
    return None if start <= now < end else "swap-outside-dates"


def _give(uow: UnitOfWork, territory: TerritoryView, old: AccessPass, vehicle: VehicleView, clock: Clock) -> IssuedPass:
    has_one = uow.session.scalar(
        select(AccessPass.id).where(
            AccessPass.request_id == old.request_id,
            AccessPass.vehicle_id == vehicle.id,
            AccessPass.state != PassState.REVOKED,
        )
    )
    if has_one is not None:
        raise Invalid("swap-has-pass", field="vehicle")
    grant = Grant(
        company_id=old.company_id,
        company_name=old.company_name,
        request_id=old.request_id,
        vehicle_id=vehicle.id,
        plate=vehicle.plate,
        plate_display=vehicle.plate_display,
        plate_key=plate_key(vehicle.plate),
        valid_from=clock.now(),
        valid_to=old.valid_to,
        perimeters=old.perimeters,
        driver_name=old.driver_name,
        swapped_from=old.id,
    )
    return make_passes(uow, territory, [grant], clock=clock)[0]


def _vehicle_of(uow: UnitOfWork, company_id: UUID, pass_id: UUID) -> UUID:
    found = uow.session.scalar(
        select(AccessPass.vehicle_id).where(AccessPass.id == pass_id, AccessPass.company_id == company_id)
    )
    if found is None:
        raise NotFound("pass-not-found")
    return found
