"""The vehicle somebody asks about: one of the profiles, or one of their own with the passes it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _

from portal.cirqliz.api import active_pass_rights
from portal.common.actor import Actor
from portal.common.errors import NotFound
from portal.fleet.api import VehicleView, get_usable_vehicles, list_usable_vehicles
from portal.regulations.passes import PassRight
from portal.regulations.vehicles import Vehicle
from portal.visualiz.profiles import DEFAULT_PROFILE, PROFILES

MOST_OFFERED = 300
"""A page with more vehicles than this to choose from is slow on a phone; the others are reached by their URL."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A vehicle with its passes. key: of the profile, or the id of the vehicle when it is one's own."""

    key: str
    label: str
    vehicle: Vehicle
    passes: tuple[PassRight, ...] = ()
    is_own: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The choice as it stands in a URL."""
        return {"vehicule" if self.is_own else "profil": self.key}


def profile_choice(key: str | None) -> Choice:
    """The profile of a key; the first one for a key nobody offers."""
    known = key if key is not None and key in PROFILES else DEFAULT_PROFILE
    label, vehicle = PROFILES[known]
    return Choice(known, _("%(vehicle)s, sans matières dangereuses", vehicle=label), vehicle)


def own_choice(actor: Actor, vehicle_id: UUID, since: datetime, now: datetime) -> Choice:
    """A vehicle that one of the actor's companies may use now, with the passes that count from `since` on.

    Raises NotFound for any other, and for those of strangers alike.
    """
    for company_id in actor.companies:
        for found in get_usable_vehicles(company_id, [vehicle_id], now, now):
            rights = active_pass_rights(found.id, min(since, now))
            return Choice(str(found.id), vehicle_label(found), Vehicle.from_public(found.public()), tuple(rights), True)
    raise NotFound("vehicle-not-found")


def offered_vehicles(actor: Actor, now: datetime) -> Sequence[VehicleView]:
    """The vehicles the actor's companies may use now, by company, at most `MOST_OFFERED`."""
    found: list[VehicleView] = []
    for company_id in actor.companies:
        found += list_usable_vehicles(company_id, now, now, MOST_OFFERED - len(found))
        if len(found) >= MOST_OFFERED:
            break
    return found


def vehicle_label(vehicle: VehicleView) -> str:
    """The plate, and the name the company gave."""
    return f"{vehicle.plate_display} – {vehicle.label}" if vehicle.label else vehicle.plate_display
