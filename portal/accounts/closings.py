"""Telling the rest of the portal that a company ceased, was refused, or goes on: what it was given waits with it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from portal.common.actor import Actor
from portal.db import UnitOfWork

# (unit of work, actor, company id)
ClosingListener = Callable[[UnitOfWork, Actor, UUID], object]

_closed: list[ClosingListener] = []
_reopened: list[ClosingListener] = []


def on_company_closed(listener: ClosingListener) -> None:
    """Call listener, inside the transaction, when a company is declared closed, or is not accepted any more."""
    if listener not in _closed:
        _closed.append(listener)


def on_company_reopened(listener: ClosingListener) -> None:
    """Call listener, inside the transaction, when a company that was closed or refused is verified."""
    if listener not in _reopened:
        _reopened.append(listener)


def tell_company_closed(uow: UnitOfWork, actor: Actor, company_id: UUID) -> None:
    """Tell every listener, in the running transaction."""
    for listener in _closed:
        listener(uow, actor, company_id)


def tell_company_reopened(uow: UnitOfWork, actor: Actor, company_id: UUID) -> None:
    """Tell every listener, in the running transaction."""
    for listener in _reopened:
        listener(uow, actor, company_id)
