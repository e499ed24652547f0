"""A vehicle that changed: passes that rest on what it was are held back until somebody decides again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Final
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import select

from portal.cirqliz.models import AccessPass, AccessRequest, RequestVehicle
from portal.cirqliz.passes.life import suspend_passes
from portal.cirqliz.reexamination.by_rules import find_approved_otherwise, unruled_stand_ins
from portal.cirqliz.reexamination.messages import listed
from portal.cirqliz.reexamination.policies import is_looked_at_again, weighs_more
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.states import OPEN_STATES, PassState, ReexaminationCause, SuspensionReason
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK
from portal.db import UnitOfWork
from portal.fleet.api import ENERGIES, ChangedVehicle, VehicleView, plate_key

_PART: Final = 500


def reexamine_vehicles(actor: Actor, uow: UnitOfWork, changes: Sequence[ChangedVehicle]) -> None:
    """Hold back the living passes of vehicles that now ask more, and open their requests again.

    So it is with what a rule approved and would not approve again. Requests that wait for an answer about a vehicle
    count the change: whoever saw them before, a clerk or a batch, is told. In the transaction of the change, whatever
    company holds the pass: the vehicle may be lent. The fleet of the vehicle is locked by then.
    """
    changed = {one.vehicle_id: one for one in changes if is_looked_at_again(one.before, one.after)}
    if not changed:
        return
    passes = _living_passes(uow, changed)
    # Requests before passes, as a decision takes them.
    requests = _lock_requests(uow, {one.request_id for one in passes} | _waiting_for(uow, changed.values()))
    heavier = {id_ for id_, one in changed.items() if weighs_more(one.before, one.after)}
    unruled = _unruled(uow, passes, requests, changed)
    held = [one for one in passes if one.vehicle_id in heavier or one.id in unruled]
    for part in batched(sorted(one.id for one in held), _PART):
        suspend_passes(uow, actor, SuspensionReason.VEHICLE_CHANGED, pass_ids=part)
    by_request: dict[UUID, list[_Pass]] = {}
    for one in held:
        by_request.setdefault(one.request_id, []).append(one)
    for request in requests:
        mine = by_request.get(request.id, [])
        text = listed([_words(changed[vehicle_id]) for vehicle_id in sorted({one.vehicle_id for one in mine})], "; ")
        ids = {_decided_on(uow, one) for one in mine}
        if ids and open_reexamination(uow, request, ReexaminationCause.VEHICLE_CHANGED, text, actor, vehicle_ids=ids):
            continue
        if request.state.open:
            request.count_change()
    uow.session.flush()


@dataclass(frozen=True, slots=True)
class _Pass:
    id: UUID
    request_id: UUID
    vehicle_id: UUID
    swapped_from: UUID | None


def _living_passes(uow: UnitOfWork, vehicle_ids: Collection[UUID]) -> list[_Pass]:
    columns = (AccessPass.id, AccessPass.request_id, AccessPass.vehicle_id, AccessPass.swapped_from)
    found: list[_Pass] = []
    # In parts: SQLite takes so many values and no more.
    for part in batched(vehicle_ids, _PART):
        living = (AccessPass.state != PassState.REVOKED, AccessPass.valid_to > SYSTEM_CLOCK.now())
        rows = uow.session.execute(select(*columns).where(AccessPass.vehicle_id.in_(part), *living))
        found += [_Pass(*row) for row in rows]
    return found


def _waiting_for(uow: UnitOfWork, changes: Iterable[ChangedVehicle]) -> set[UUID]:
    """The open requests that name one of these vehicles, as they are before they are locked.

    Looked for by plate, which is quick to find; one that names an older plate cannot be approved as it is anyway.
    """
    found: set[UUID] = set()
    for part in batched(changes, _PART):
        wanted = (
            select(RequestVehicle.request_id)
            .join(AccessRequest, AccessRequest.id == RequestVehicle.request_id)
            .where(
                RequestVehicle.plate_key.in_({plate_key(one.before.plate) for one in part}),
                RequestVehicle.vehicle_id.in_([one.vehicle_id for one in part]),
                AccessRequest.state.in_(OPEN_STATES),
            )
        )
        found.update(uow.session.scalars(wanted))
    return found


def _lock_requests(uow: UnitOfWork, ids: Collection[UUID]) -> list[AccessRequest]:
    found: list[AccessRequest] = []
    for part in batched(sorted(ids), _PART):
        found += uow.session.scalars(
            select(AccessRequest)
            .where(AccessRequest.id.in_(part))
            .order_by(AccessRequest.id)
            .with_for_update(of=AccessRequest)
            .execution_options(populate_existing=True)
        )
    return found


def _unruled(
    uow: UnitOfWork,
    passes: Iterable[_Pass],
    requests: Iterable[AccessRequest],
    changed: Mapping[UUID, ChangedVehicle],
) -> set[UUID]:
    """Return the passes that a rule gave and would not give again, for the vehicle itself or one that stands in."""
    decided = {request.id: request for request in requests if request.state.decided}
    otherwise = find_approved_otherwise(decided.values())
    found = set()
    for one in passes:
        if one.swapped_from is None:
            if one.request_id in otherwise:
                found.add(one.id)
        elif one.request_id in decided:
            change = changed[one.vehicle_id]
            left = partial(unruled_stand_ins, decided[one.request_id], _decided_on(uow, one))
            if left([change.after]) and not left([change.before]):
                found.add(one.id)
    return found


def _decided_on(uow: UnitOfWork, one: _Pass) -> UUID:
    """Return the vehicle of the request that a pass is about: the one that broke down when another stands in."""
    if one.swapped_from is None:
        return one.vehicle_id
    return uow.session.scalars(select(AccessPass.vehicle_id).where(AccessPass.id == one.swapped_from)).one()


def _words(one: ChangedVehicle) -> str:
    """Return what changed, in French as the rest of the journal: « AB-123-CD: N1, 3500 kg → N2, 7500 kg »."""
    clean = (one.before.energy, one.before.air_class) != (one.after.energy, one.after.air_class)
    return f"{one.after.plate_display}: {_facts(one.before, clean)} → {_facts(one.after, clean)}"


def _facts(vehicle: VehicleView, clean: bool) -> str:
    weights = (vehicle.gross_weight_kg, vehicle.combination_weight_kg)
    parts = [vehicle.category.value, *(f"{weight} kg" for weight in weights if weight is not None)]
    if clean:
        with force_locale("fr"):
            parts += [str(ENERGIES[vehicle.energy])] if vehicle.energy else []
        parts += [f"Crit’Air {vehicle.air_class.value}"] if vehicle.air_class else []
    return ", ".join([*parts, *(["ADR"] if vehicle.hazmat else [])])
