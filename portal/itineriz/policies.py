"""Who may ask for a route and look at it."""

from __future__ import annotations

from uuid import UUID

from portal.common.actor import Actor, ActorKind, StaffRole


def may_ask(actor: Actor, company_id: UUID | None, territory: str) -> bool:
    """Members of the company, clerks of the territory, and the portal itself."""
    return actor.kind is ActorKind.SYSTEM or may_see(actor, company_id, territory)


def may_see(actor: Actor, company_id: UUID | None, territory: str) -> bool:
    """Members of the company the route was made for, and clerks of the territory it crosses."""
    if company_id is not None and actor.belongs_to(company_id):
        return True
    return actor.serves(territory, StaffRole.CLERK)
