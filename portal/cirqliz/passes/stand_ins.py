"""Which vehicles may take over the pass of a broken-down one: nothing may be said against them, nor more weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.models import AccessPass, AccessRequest, RequestVehicle
from portal.cirqliz.reexamination.by_rules import unruled_stand_ins
from portal.cirqliz.reexamination.policies import weighs_more
from portal.cirqliz.states import CLERK_REVOCATIONS, PassState, RefusalReason, VehicleDecision
from portal.common.errors import Invalid
from portal.db import session
from portal.fleet.api import (
    Bounds,
    Category,
    VehicleView,
    get_known_vehicles,
    get_usable_vehicles,
    list_usable_vehicles,
)

_MOST_OFFERED = 300
"""A list of more is slow on a phone; the search reaches the others."""


class HandedOn(Protocol):
    """What counts of the pass that another vehicle is to take over."""

    @property
    def territory_id(self) -> UUID: ...
    @property
    def company_id(self) -> UUID: ...
    @property
    def request_id(self) -> UUID: ...
    @property
    def vehicle_id(self) -> UUID: ...
    @property
    def valid_to(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class StandIns:
    """Vehicles that may take over a pass. cut: there may be others, which a narrower search finds."""

    vehicles: Sequence[VehicleView]
    cut: bool


def list_stand_ins(old: HandedOn, now: datetime, search: str = "") -> StandIns:
    """Return the vehicles that may take over a pass for the rest of its window, by plate.

    search: a part of their plate or name.
    """
    broken = _known(old.company_id, old.vehicle_id)
    usable = list_usable_vehicles(
        old.company_id, now, old.valid_to, _MOST_OFFERED, search=search, within=_bounds(broken)
    )
    fit = [one for one in usable if one.id != old.vehicle_id and refuses_stand_in(broken, one) is None]
    barred = _barred(old, fit, now)
    return StandIns([one for one in fit if one.id not in barred], len(usable) == _MOST_OFFERED)


def get_stand_in(old: HandedOn, vehicle_id: UUID, now: datetime) -> VehicleView:
    """Return the vehicle that is to take over a pass. Raises Invalid when it may not.

    The fleets of both vehicles are locked by then: whoever answers for the stand-in at this instant is waited for.
    """
    found = get_usable_vehicles(old.company_id, [vehicle_id], now, old.valid_to)
    if not found or vehicle_id == old.vehicle_id:
        raise Invalid("swap-no-vehicle", field="vehicle")
    refusal = refuses_stand_in(_known(old.company_id, old.vehicle_id), found[0])
    refusal = refusal or _barred(old, found, now).get(vehicle_id)
    if refusal is not None:
        raise Invalid(refusal, field="vehicle")
    return found[0]


def refuses_stand_in(broken: VehicleView, stand_in: VehicleView) -> str | None:
    """Return why a vehicle may not take over from another, as a code: it must not be heavier or more dangerous. Pure.

    Measured as a vehicle that changes is (`weighs_more`), and more strictly: where the weight of the first is known,
    so must be that of the stand-in.
    """
    if stand_in.hazmat and not broken.hazmat:
        return "swap-hazmat"
    # Of what is in none of the three categories nothing can be compared.
    apart = Category.OTHER in {broken.category, stand_in.category} and broken.category is not stand_in.category
    unknown = broken.gross_weight_kg is not None and stand_in.gross_weight_kg is None
    return "swap-heavier" if apart or unknown or weighs_more(broken, stand_in) else None


def _bounds(broken: VehicleView) -> Bounds:
    """What `refuses_stand_in` asks, for the query of a large fleet; the rule itself has the last word."""
    return Bounds(
        [one for one in Category if refuses_stand_in(broken, replace(broken, category=one)) is None],
        broken.gross_weight_kg,
        broken.combination_weight_kg,
        broken.hazmat,
    )


def _barred(old: HandedOn, vehicles: Sequence[VehicleView], now: datetime) -> Mapping[UUID, str]:
    """Return those vehicles about which the authority has its own answer for these hours, and why as a code.

    A line of the same request has its own answer, whatever it is; a refusal or a pass taken back by a clerk stands for
    its hours in the whole territory, and so does a pass held back until somebody decides. What a rule approved goes to
    no vehicle that the rules would leave to a person.
    """
    vehicle_ids = [one.id for one in vehicles]
    unruled = unruled_stand_ins(session().get_one(AccessRequest, old.request_id), old.vehicle_id, vehicles)
    lines = select(RequestVehicle.vehicle_id).where(
        RequestVehicle.request_id == old.request_id, RequestVehicle.vehicle_id.in_(vehicle_ids)
    )
    refused = (
        select(RequestVehicle.vehicle_id)
        .join(AccessRequest, AccessRequest.id == RequestVehicle.request_id)
        .where(
            RequestVehicle.vehicle_id.in_(vehicle_ids),
            RequestVehicle.decision == VehicleDecision.REFUSED,
            # That one says nothing of the vehicle: another request covers it.
            RequestVehicle.reason_code != RefusalReason.DUPLICATE,
            AccessRequest.territory_id == old.territory_id,
            AccessRequest.starts_at < old.valid_to,
            AccessRequest.ends_at > now,
        )
    )
    by_clerk = (AccessPass.state == PassState.REVOKED) & AccessPass.revoke_reason.in_(CLERK_REVOCATIONS)
    held = select(AccessPass.vehicle_id).where(
        AccessPass.vehicle_id.in_(vehicle_ids),
        AccessPass.territory_id == old.territory_id,
        (AccessPass.state == PassState.SUSPENDED) | by_clerk,
        AccessPass.valid_from < old.valid_to,
        AccessPass.valid_to > now,
    )
    # The strongest reason last: it stays.
    said = {"swap-held-back": held, "swap-refused": refused, "swap-in-request": lines}
    found = dict.fromkeys(unruled, "swap-not-by-rule")
    return found | {vehicle_id: code for code, wanted in said.items() for vehicle_id in session().scalars(wanted)}


def _known(company_id: UUID, vehicle_id: UUID) -> VehicleView:
    """The vehicle of a pass, whatever became of it since."""
    (found,) = get_known_vehicles(company_id, [vehicle_id])
    return found
