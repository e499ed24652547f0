"""Changing several vehicles at once: what would change is shown first, done in one transaction, and can be undone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.common.errors import Invalid
from portal.fleet.changes import plain
from portal.fleet.columns import BY_KEY, category_of
from portal.fleet.drafts import Fault
from portal.fleet.listing import FleetFilter, list_matching
from portal.fleet.models import Category
from portal.fleet.queries import get_vehicles
from portal.fleet.vehicle_view import VehicleView

MOST_VEHICLES = 1000
"""More is a file: export, change the column, send it back."""

BULK_KEYS = (
    "category",
    "gross_weight_kg",
    "combination_weight_kg",
    "axle_load_kg",
    "height_cm",
    "width_cm",
    "length_cm",
    "energy",
    "air_class",
    "hazmat",
)
"""What vehicles can have in common. A plate and its date are of one vehicle."""

LABEL = "label"
_LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """The vehicles somebody chose: some by name, or all that a filter keeps (ids None). Own vehicles in use only."""

    ids: tuple[UUID, ...] | None
    wanted: FleetFilter = field(default_factory=FleetFilter)


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What is asked of each vehicle: values by column (kilograms, centimetres), and a beginning for its name."""

    values: Mapping[str, Any]
    label_prefix: str = ""


@dataclass(frozen=True, slots=True)
class PlannedVehicle:
    """What would change of one vehicle, {column: value} after; fault: why it cannot be changed so, if it cannot."""

    vehicle: VehicleView
    after: Mapping[str, Any]
    fault: str | None = None

    @property
    def before(self) -> dict[str, Any]:
        """What the columns that would change hold now."""
        return {name: getattr(self.vehicle, name) for name in self.after}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change would do. fingerprint: of the vehicles as they are and of the change, to be confirmed as seen."""

    changed: Sequence[PlannedVehicle]
    refused: Sequence[PlannedVehicle]
    unchanged: int
    fingerprint: str

    def summary(self, most: int = 12) -> tuple[Sequence[tuple[str, Any, Any, int]], int]:
        """Return (column, before, after, vehicles) of the most frequent changes, and how many kinds are left out.

        Names that get a beginning are counted apart, by `renamed`: each becomes another one.
        """
        kinds = Counter(
            (name, plain(getattr(one.vehicle, name)), plain(value))
            for one in self.changed
            for name, value in one.after.items()
            if name != LABEL
        )
        lines = [(name, before, after, count) for (name, before, after), count in kinds.most_common(most)]
        return lines, max(0, len(kinds) - most)

    @property
    def renamed(self) -> int:
        """How many vehicles get a beginning before their name."""
        return sum(LABEL in one.after for one in self.changed)


def read_change(texts: Mapping[str, str]) -> tuple[BulkChange | None, Sequence[Fault]]:
    """Read what was typed for all vehicles (an empty text asks nothing); return the change or every fault."""
    values: dict[str, Any] = {}
    faults = []
    for key in BULK_KEYS:
        text = texts.get(key, "").strip()
        if not text:
            continue
        try:
            values[key] = BY_KEY[key].read(text, None).value
        except Invalid as error:
            faults.append(Fault(key, error.code, text[:40], error.params))
    prefix = " ".join(texts.get("label_prefix", "").split())[:_LONGEST_LABEL]
    return (None, faults) if faults else (BulkChange(values, prefix), ())


def chosen_vehicles(company_id: UUID, choice: Choice) -> Sequence[VehicleView]:
    """Return the chosen vehicles as they are now, by plate.

    Raises Invalid with the code nothing-chosen or too-many-chosen (params: most).
    """
    if choice.ids is None:
        found = list_matching(company_id, choice.wanted, MOST_VEHICLES + 1)
    else:
        wanted = choice.ids[: MOST_VEHICLES + 1]
        parts = (wanted[start : start + 500] for start in range(0, len(wanted), 500))
        found = [one for part in parts for one in get_vehicles(company_id, part) if not one.archived]
    if not found:
        raise Invalid("nothing-chosen")
    if len(found) > MOST_VEHICLES:
        raise Invalid("too-many-chosen", most=MOST_VEHICLES)
    return found


def plan_change(vehicles: Sequence[VehicleView], change: BulkChange) -> Plan:
    """Say what a change would do to each vehicle. Writes nothing."""
    planned = [_plan_one(vehicle, change) for vehicle in vehicles]
    changed = [one for one in planned if one.after and one.fault is None]
    refused = [one for one in planned if one.fault is not None]
    asked = {name: plain(value) for name, value in change.values.items()}
    seen = fingerprint(vehicles, json.dumps([asked, change.label_prefix], sort_keys=True))
    return Plan(changed, refused, len(planned) - len(changed) - len(refused), seen)


def fingerprint(vehicles: Iterable[VehicleView], asked: str) -> str:
    """Return what these vehicles, as they are now, and what is asked of them have in common with nothing else."""
    digest = hashlib.sha256(asked.encode())
    for vehicle in sorted(vehicles, key=lambda one: one.id):
        digest.update(f"{vehicle.id}:{vehicle.version};".encode())
    return digest.hexdigest()


def _plan_one(vehicle: VehicleView, change: BulkChange) -> PlannedVehicle:
    wanted = dict(change.values)
    gross = wanted.get("gross_weight_kg")
    if gross is not None and "category" not in wanted and vehicle.category is not Category.OTHER:
        # The category is that of the weight: left alone, the two would contradict each other.
        wanted["category"] = category_of(gross)
    if change.label_prefix and not vehicle.label.startswith(change.label_prefix):
        wanted[LABEL] = f"{change.label_prefix} {vehicle.label}".strip()[:_LONGEST_LABEL]
    after = {name: value for name, value in wanted.items() if getattr(vehicle, name) != value}
    return PlannedVehicle(vehicle, after, _fault(vehicle, after))


def _fault(vehicle: VehicleView, after: Mapping[str, Any]) -> str | None:
    if not {"gross_weight_kg", "combination_weight_kg", "axle_load_kg"} & after.keys():
        return None
    gross, combined, axle = (
        after.get(f"{name}_kg", getattr(vehicle, f"{name}_kg"))
        for name in ("gross_weight", "combination_weight", "axle_load")
    )
    if gross is not None and combined is not None and combined < gross:
        return "combination-below-gross"
    if gross is not None and axle is not None and axle > gross:
        return "axle-above-gross"
    return None
