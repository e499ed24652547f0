"""A breakdown on the day: the pass of one vehicle goes to another, once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.audit import AuditTag
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.issuing import Grant, IssuedPass, make_passes
from portal.cirqliz.passes.journal import write_pass_entry
from portal.cirqliz.passes.life import revoke_row
from portal.cirqliz.passes.mails import mail_swap
from portal.cirqliz.passes.services import load_pass, require_manager
from portal.cirqliz.states import PassState, RevocationReason
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import UnitOfWork, unit_of_work
from portal.fleet.api import (
    Category,
    VehicleView,
    get_known_vehicles,
    get_usable_vehicles,
    list_usable_vehicles,
    lock_vehicles,
    plate_key,
)
from portal.territories.api import get_territory_by_id

_RANK = {Category.N1: 1, Category.N2: 2, Category.N3: 3}


def swap_pass(actor: Actor, company_id: UUID, pass_id: UUID, vehicle_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Take back a pass and give its perimeters and the rest of its window to another vehicle; return the new pass.

    Raises Denied, NotFound, Conflict (over, taken back, held back, not begun, swapped before), Invalid (a vehicle
    that may not stand in). All or nothing, in one transaction; the journal names both passes.
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
        stand_in = _stand_in(company_id, vehicle_id, old, now)
        new = _give(uow, old, stand_in, clock)
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


def list_stand_ins(company_id: UUID, vehicle_id: UUID, until: datetime, now: datetime) -> list[VehicleView]:
    """Return the vehicles that may take over from this one, from now until an instant, by plate."""
    broken = _known(company_id, vehicle_id)
    usable = list_usable_vehicles(company_id, now, until)
    return [one for one in usable if one.id != vehicle_id and refuses_stand_in(broken, one) is None]


def refuses_stand_in(broken: VehicleView, stand_in: VehicleView) -> str | None:
    """Return why a vehicle may not take over from another, as a code: it must not be heavier or more dangerous. Pure.

    What is not known of the stand-in may be too much, unless it is not known of the first either.
    """
    if stand_in.category is not broken.category:
        ranks = _RANK.get(broken.category), _RANK.get(stand_in.category)
        if ranks[0] is None or ranks[1] is None or ranks[1] > ranks[0]:
            return "swap-heavier"
    for before, after in (
        (broken.gross_weight_kg, stand_in.gross_weight_kg),
        (broken.combination_weight_kg, stand_in.combination_weight_kg),
    ):
        if before is not None and (after is None or after > before):
            return "swap-heavier"
    return "swap-hazmat" if stand_in.hazmat and not broken.hazmat else None


def _stand_in(company_id: UUID, vehicle_id: UUID, old: AccessPass, now: datetime) -> VehicleView:
    found = get_usable_vehicles(company_id, [vehicle_id], now, old.valid_to)
    if not found or vehicle_id == old.vehicle_id:
        raise Invalid("swap-no-vehicle", field="vehicle")
    refusal = refuses_stand_in(_known(company_id, old.vehicle_id), found[0])
    if refusal is not None:
        raise Invalid(refusal, field="vehicle")
    return found[0]


def _give(uow: UnitOfWork, old: AccessPass, vehicle: VehicleView, clock: Clock) -> IssuedPass:
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
    return make_passes(uow, get_territory_by_id(old.territory_id), [grant], clock=clock)[0]


def _vehicle_of(uow: UnitOfWork, company_id: UUID, pass_id: UUID) -> UUID:
    found = uow.session.scalar(
        select(AccessPass.vehicle_id).where(AccessPass.id == pass_id, AccessPass.company_id == company_id)
    )
    if found is None:
        raise NotFound("pass-not-found")
    return found


def _known(company_id: UUID, vehicle_id: UUID) -> VehicleView:
    """The vehicle of a pass, whatever became of it since."""
    (found,) = get_known_vehicles(company_id, [vehicle_id])
    return found
