"""Which of their companies or territories a person is looking at: the one of the URL, else the first they have."""

from __future__ import annotations

from uuid import UUID

from flask import request

from portal.common.actor import Actor, StaffRole


def current_company_id(actor: Actor) -> UUID | None:
    """Return the company of the URL when the actor belongs to it, else their first by name, None without any."""
    asked = (request.view_args or {}).get("company_id")
    if isinstance(asked, UUID) and actor.belongs_to(asked):
        return asked
    return next(iter(actor.companies), None)


def current_territory(actor: Actor, *roles: StaffRole) -> str | None:
    """Return the territory of the URL when the actor holds one of the roles there, else the first where they do."""
    asked = (request.view_args or {}).get("territory")
    if isinstance(asked, str) and actor.serves(asked, *roles):
        return asked
    return next((slug for slug in actor.staff if actor.serves(slug, *roles)), None)
