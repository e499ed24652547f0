"""How a territory handles access: who is drawn by lot, how long one may appeal or undo, what agents must keep to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from flask import current_app

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.models import AccessSettings
from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.territories.api import get_territory

# Bounds of each setting, as the table checks them: (field, least, most).
BOUNDS = (
    ("sample_percent", 0, 100),
    ("appeal_days", 0, 365),
    ("undo_min", 0, 60),
    ("sync_hours", 1, 168),
    ("scan_retention_days", 1, 365),
)


@dataclass(frozen=True, slots=True)
class AccessValues:
    """What a supervisor sets. sample_percent: automatic approvals that a person looks at first; 0 in others: never."""

    sample_percent: int
    appeal_days: int
    undo_min: int
    asks_driver_name: bool
    sync_hours: int
    scan_retention_days: int


@dataclass(frozen=True, slots=True)
class AccessSettingsView(AccessValues):
    """The settings in force. version: 0 while the territory has the defaults."""

    version: int


def access_settings(territory_id: UUID) -> AccessSettingsView:
    """Return the settings of a territory, the defaults while nobody has set any. One query."""
    row = session().get(AccessSettings, territory_id, populate_existing=True)
    if row is None:
        settings: Settings = current_app.extensions["settings"]
        return AccessSettingsView(
            sample_percent=5,
            appeal_days=30,
            undo_min=10,
            asks_driver_name=False,
            sync_hours=12,
            scan_retention_days=settings.scan_retention_days,
            version=0,
        )
    return AccessSettingsView(
        sample_percent=row.sample_percent,
        appeal_days=row.appeal_days,
        undo_min=row.undo_min,
        asks_driver_name=row.asks_driver_name,
        sync_hours=row.sync_hours,
        scan_retention_days=row.scan_retention_days,
        version=row.version,
    )


def change_access_settings(
    actor: Actor, territory: str, wanted: AccessValues, version: int, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Set them all at once, as the supervisor saw them (version). Raises Denied, Invalid (field), Conflict."""
    require_supervisor(actor, territory)
    for name, least, most in BOUNDS:
        if not least <= getattr(wanted, name) <= most:
            raise Invalid("setting-out-of-range", field=name, least=least, most=most)
    place = get_territory(territory)
    with unit_of_work() as uow:
        now = access_settings(place.id)
        if now.version != version:
            raise Conflict("settings-changed")
        before, after = asdict(now), asdict(wanted)
        changes = {name: [before[name], value] for name, value in after.items() if before[name] != value}
        if not changes:
            return
        row = uow.session.get(AccessSettings, place.id)
        if row is None:
            uow.session.add(AccessSettings(territory_id=place.id, **after))
        else:
            for name, value in after.items():
                setattr(row, name, value)
        audit.record(
            actor,
            AuditTag.ACCESS_SETTINGS_CHANGED,
            subject_id=place.id,
            territory_id=place.id,
            data={"changes": changes},
            clock=clock,
        )


def require_supervisor(actor: Actor, territory: str) -> None:
    """Raise Denied unless the actor supervises the territory or is the portal itself."""
    if actor.kind is not ActorKind.SYSTEM and not actor.serves(territory, StaffRole.SUPERVISOR):
        raise Denied("staff-role-needed", roles=[StaffRole.SUPERVISOR.value])
