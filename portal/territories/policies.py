"""Who may do what to a territory. Pure: each function returns the code of the refusal, None when allowed."""

from __future__ import annotations

from portal.common.actor import Actor, ActorKind, StaffRole


def refuses_settings(actor: Actor, slug: str) -> str | None:
    """Tell why an actor may not change the settings of a territory: its own administrators may, and commands."""
    if actor.kind is ActorKind.SYSTEM or actor.serves(slug, StaffRole.ADMINISTRATOR):
        return None
    return "territory-administrator-needed"


def refuses_operation(actor: Actor) -> str | None:
    """Tell why an actor may not add, rebuild or remove a territory: only who runs the portal may."""
    if actor.kind is ActorKind.SYSTEM or actor.is_platform_admin:
        return None
    return "platform-administrator-needed"
