"""Who acts: a frozen value handed to every service, so that services never read the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class CompanyRole(StrEnum):
    """What a person may do for a company; each role includes the ones after it."""

    OWNER = "owner"
    MANAGER = "manager"
    DRIVER = "driver"

    def includes(self, other: CompanyRole) -> bool:
        """Tell whether this role may do whatever `other` may do."""
        order = list(CompanyRole)
        return order.index(self) <= order.index(other)


class StaffRole(StrEnum):
    """What a person may do for a territory. A supervisor is also a clerk; the others stand alone."""

    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    CONTROL_AGENT = "control_agent"
    ADMINISTRATOR = "administrator"


class ActorKind(StrEnum):
    """A person, the portal itself (imports, jobs), or somebody unknown."""

    USER = "user"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


_NO_COMPANY: Mapping[UUID, CompanyRole] = MappingProxyType({})
_NO_STAFF: Mapping[str, frozenset[StaffRole]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind a command.

    companies maps company id to role; staff maps territory slug to roles. `label` is shown in the journal.
    """

    kind: ActorKind
    label: str
    user_id: UUID | None = None
    email: str | None = None
    companies: Mapping[UUID, CompanyRole] = field(default=_NO_COMPANY)
    staff: Mapping[str, frozenset[StaffRole]] = field(default=_NO_STAFF)
    is_platform_admin: bool = False

    @property
    def is_anonymous(self) -> bool:
        """True when nobody is signed in."""
        return self.kind is ActorKind.ANONYMOUS

    def belongs_to(self, company_id: UUID, at_least: CompanyRole = CompanyRole.DRIVER) -> bool:
        """Tell whether the actor holds at least this role in the company."""
        role = self.companies.get(company_id)
        return role is not None and role.includes(at_least)

    def serves(self, territory: str, *roles: StaffRole) -> bool:
        """Tell whether the actor holds one of the roles in the territory (any role when none is named)."""
        held = self.staff.get(territory, frozenset())
        if StaffRole.SUPERVISOR in held:
            held = held | {StaffRole.CLERK}
        return bool(held & frozenset(roles)) if roles else bool(held)


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS, label="anonymous")


def system_actor(name: str) -> Actor:
    """Return the actor of a command or job, shown in the journal as `system:<name>`."""
    return Actor(kind=ActorKind.SYSTEM, label=f"system:{name}")
