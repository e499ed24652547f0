"""Who may act for a company, and its requests loaded for a write."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.models import AccessRequest
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Denied, NotFound
from portal.db import UnitOfWork


def require_manager(actor: Actor, company_id: UUID) -> None:
    """Raise Denied unless the actor manages the company or is the portal itself."""
    if actor.kind is not ActorKind.SYSTEM and not actor.belongs_to(company_id, CompanyRole.MANAGER):
        raise Denied("company-role-needed", role=CompanyRole.MANAGER.value)


def load_request(uow: UnitOfWork, company_id: UUID, request_id: UUID) -> AccessRequest:
    """Return a request of the company, locked until the end of the transaction. Raises NotFound."""
    request = uow.session.scalar(
        select(AccessRequest)
        .where(AccessRequest.id == request_id, AccessRequest.company_id == company_id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound("request-not-found")
    return request
