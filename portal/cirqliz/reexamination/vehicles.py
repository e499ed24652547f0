"""A vehicle that became heavier or more dangerous: its passes are held back until somebody decides again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.models import AccessPass, AccessRequest
from portal.cirqliz.passes.life import suspend_passes
from portal.cirqliz.reexamination.policies import weighs_more
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.states import PassState, ReexaminationCause, SuspensionReason
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK
from portal.db import UnitOfWork
from portal.fleet.api import ChangedVehicle, VehicleView


def reexamine_vehicles(actor: Actor, uow: UnitOfWork, changes: Sequence[ChangedVehicle]) -> None:
    """Hold back the living passes of vehicles that now ask more, and open their requests again.

    In the transaction of the change, whatever company holds the pass: the vehicle may be lent. The fleet of the
    vehicle is locked by then.
    """
    changed = {one.vehicle_id: one for one in changes if weighs_more(one.before, one.after)}
    if not changed:
        return
    now = SYSTEM_CLOCK.now()
    living = (
        AccessPass.vehicle_id.in_(changed),
        AccessPass.state != PassState.REVOKED,
        AccessPass.valid_to > now,
    )
    found = uow.session.execute(
        select(AccessPass.request_id, AccessPass.vehicle_id, AccessPass.swapped_from).where(*living)
    ).all()
    if not found:
        return
    # Requests before passes, as a decision takes them.
    requests = uow.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.id.in_({request_id for request_id, _vehicle, _from in found}))
        .order_by(AccessRequest.id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    ).all()
    suspend_passes(uow, actor, SuspensionReason.VEHICLE_CHANGED, vehicle_ids=set(changed))
    for request in requests:
        mine = [(vehicle_id, swapped) for request_id, vehicle_id, swapped in found if request_id == request.id]
        text = "; ".join(_words(changed[vehicle_id]) for vehicle_id in sorted({one for one, _swapped in mine}))
        ids = {vehicle_id if swapped is None else _decided_on(uow, swapped) for vehicle_id, swapped in mine}
        open_reexamination(uow, request, ReexaminationCause.VEHICLE_CHANGED, text, actor, vehicle_ids=ids)


def _decided_on(uow: UnitOfWork, pass_id: UUID) -> UUID:
    """Return the vehicle of the request for which another one stands in: the decision is about that one."""
    return uow.session.scalars(select(AccessPass.vehicle_id).where(AccessPass.id == pass_id)).one()


def _words(one: ChangedVehicle) -> str:
    """Return what changed, the same in every language: « AB-123-CD: N1, 3500 kg → N2, 7500 kg »."""
    return f"{one.after.plate_display}: {_facts(one.before)} → {_facts(one.after)}"


def _facts(vehicle: VehicleView) -> str:
    weights = (vehicle.gross_weight_kg, vehicle.combination_weight_kg)
    parts = [vehicle.category.value, *(f"{weight} kg" for weight in weights if weight is not None)]
    return ", ".join([*parts, *(["ADR"] if vehicle.hazmat else [])])
