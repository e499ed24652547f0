"""One writer at a time for a fleet."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Uuid, column, select, table

from portal.db import UnitOfWork

# The row that stands for a company's whole fleet: locked, never read.
_company = table("company", column("id", Uuid()))


def lock_fleet(uow: UnitOfWork, company_id: UUID) -> None:
    """Let one writer at a time change a company's fleet, until its transaction ends: two people who add one plate at
    the same instant are told so, and a file never meets a form half-way. Readers never wait.
    """
    lock_fleets(uow, [company_id])


def lock_fleets(uow: UnitOfWork, company_ids: Iterable[UUID]) -> None:
    """Hold several fleets, always in the same order: two who need the same ones never wait for each other."""
    wanted = select(_company.c.id).where(_company.c.id.in_(set(company_ids))).order_by(_company.c.id)
    uow.session.execute(wanted.with_for_update(key_share=True)).all()
