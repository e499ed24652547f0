"""What changes of a vehicle: written in its history, and told to the rest of the portal in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from portal.common.actor import Actor
from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.fleet.models import ChangeSource, VehicleChange
from portal.fleet.vehicle_view import VehicleView

ARCHIVED = "archived"
"""The name, in a history, of having left the fleet; every other name is a column of the vehicle."""


@dataclass(frozen=True, slots=True)
class ChangedVehicle:
    """A vehicle of a fleet before and after a change that kept it in use."""

    vehicle_id: UUID
    before: VehicleView
    after: VehicleView


# (actor, unit of work, the vehicles that changed): inside the transaction of the change, once for all its vehicles.
ChangedListener = Callable[[Actor, UnitOfWork, Sequence[ChangedVehicle]], None]

_listeners: list[ChangedListener] = []


def on_vehicle_changed(listener: ChangedListener) -> None:
    """Call listener, inside the transaction, when properties of vehicles change by form, in bulk or by a file."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_vehicles_changed(actor: Actor, uow: UnitOfWork, changes: Sequence[ChangedVehicle]) -> None:
    """Tell every listener, in the running transaction. Whoever writes vehicles calls this once, at the end."""
    if changes:
        for listener in _listeners:
            listener(actor, uow, changes)


def plain(value: Any) -> Any:
    """Return a value of a column as JSON holds it: enumerations by their value, days as ISO texts."""
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def change_line(
    vehicle_id: UUID,
    at: datetime,
    by_label: str,
    source: ChangeSource,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    *,
    import_id: UUID | None = None,
    bulk_id: UUID | None = None,
) -> dict[str, Any]:
    """Return one line of history as the columns of `VehicleChange`, for a row or for a bulk insert.

    after and before: {column of the vehicle: value}, only those that differ; before None when it was added.
    """
    return {
        "id": new_id(),
        "vehicle_id": vehicle_id,
        "at": at,
        "by_label": by_label[:255],
        "source": source,
        "import_id": import_id,
        "bulk_id": bulk_id,
        "before": None if before is None else {name: plain(value) for name, value in before.items()},
        "after": {name: plain(value) for name, value in after.items()},
    }


def keep_change(uow: UnitOfWork, line: Mapping[str, Any]) -> None:
    """Write one line of `change_line` in the running transaction."""
    uow.session.add(VehicleChange(**line))
