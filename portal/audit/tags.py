"""The closed list of what the journal can hold: `context:subject:action`."""

from __future__ import annotations

from enum import StrEnum


class AuditTag(StrEnum):
    """What happened. A test demands one French sentence per tag in `portal.audit.messages`."""

    TERRITORY_ADDED = "territories:territory:added"
    TERRITORY_BUILT = "territories:territory:built"
    TERRITORY_UPDATED = "territories:territory:updated"
    TERRITORY_REMOVED = "territories:territory:removed"
    USER_REGISTERED = "accounts:user:registered"
    USER_CONFIRMED = "accounts:user:confirmed"
    USER_PASSWORD_CHANGED = "accounts:user:password_changed"
    COMPANY_REGISTERED = "accounts:company:registered"
    COMPANY_UPDATED = "accounts:company:updated"
    COMPANY_VERIFIED = "accounts:company:verified"
    COMPANY_REFUSED = "accounts:company:refused"
    MEMBER_INVITED = "accounts:member:invited"
    MEMBER_JOINED = "accounts:member:joined"
    MEMBER_REMOVED = "accounts:member:removed"
    MEMBER_CHANGED = "accounts:member:changed"
    STAFF_ADDED = "accounts:staff:added"
    STAFF_REMOVED = "accounts:staff:removed"
    VEHICLE_ADDED = "fleet:vehicle:added"
    VEHICLE_UPDATED = "fleet:vehicle:updated"
    VEHICLE_ARCHIVED = "fleet:vehicle:archived"
    VEHICLE_RESTORED = "fleet:vehicle:restored"
    FLEET_IMPORTED = "fleet:import:applied"
    PERIMETERS_IMPORTED = "numeriz:perimeter:imported"
    ORDERS_IMPORTED = "numeriz:order:imported"
    BAYS_IMPORTED = "numeriz:bay:imported"
    EVENTS_IMPORTED = "numeriz:event:imported"
    FEED_ADDED = "numeriz:feed:added"
    FEED_CHANGED = "numeriz:feed:changed"
    FEED_REMOVED = "numeriz:feed:removed"
    REQUEST_SUBMITTED = "cirqliz:request:submitted"
    REQUEST_WITHDRAWN = "cirqliz:request:withdrawn"
    REQUEST_DECIDED = "cirqliz:request:decided"
    PASS_ISSUED = "cirqliz:pass:issued"
    PASS_REVOKED = "cirqliz:pass:revoked"
