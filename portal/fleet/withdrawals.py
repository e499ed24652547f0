"""Telling the rest of the portal that vehicles leave the fleet or change plate: their passes end with them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from portal.common.actor import Actor
from portal.db import UnitOfWork

# (actor, unit of work, company id, vehicle ids, reason code: plate-changed | vehicle-archived)
WithdrawnListener = Callable[[Actor, UnitOfWork, UUID, list[UUID], str], None]

_listeners: list[WithdrawnListener] = []


def on_vehicle_withdrawn(listener: WithdrawnListener) -> None:
    """Call listener, inside the transaction, when vehicles are archived or change plate: passes end with them."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_vehicles_withdrawn(actor: Actor, uow: UnitOfWork, company_id: UUID, ids: list[UUID], reason: str) -> None:
    """Tell every listener, in the running transaction."""
    for listener in _listeners:
        listener(actor, uow, company_id, ids, reason)
