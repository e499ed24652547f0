"""How much of the journal its reader may know: a company reads the names of its own people and of nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from flask_babel import gettext as _

from portal import audit
from portal.accounts.api import list_members, list_staff
from portal.audit import AuditTag
from portal.territories.api import list_territories

# A claim is between clerks: it changes nothing for the company, and says their names.
_BETWEEN_CLERKS = frozenset({AuditTag.REQUEST_CLAIMED, AuditTag.REQUEST_RELEASED})
_OF_MEMBERS = frozenset({AuditTag.MEMBER_JOINED, AuditTag.MEMBER_CHANGED, AuditTag.MEMBER_REMOVED})
_OF_STAFF = frozenset({AuditTag.STAFF_ADDED, AuditTag.STAFF_REMOVED})
_OF_PORTAL = frozenset(
    {AuditTag.COMPANY_VERIFIED, AuditTag.COMPANY_REFUSED, AuditTag.COMPANY_CLOSED, AuditTag.COMPANY_REOPENED}
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose journal is read. narrowed: what is sought, without what the reader may not know; who: the name shown."""

    scope: audit.JournalScope
    narrowed: Callable[[audit.Wanted], audit.Wanted]
    who: Callable[[audit.JournalEntry], str]


def of_territory(territory_id: UUID) -> Reader:
    """Return the reader of a territory's journal: everybody is named."""
    return Reader(
        audit.JournalScope(territory_id=territory_id), lambda wanted: wanted, lambda entry: str(entry.actor_label)
    )


def of_company(company_id: UUID) -> Reader:
    """Return the reader of a company's journal: whoever is or was one of its people is named, and programs are.

    A clerk is the territory; a person of another company, or of the portal, is that and no more.
    """
    scope = audit.JournalScope(company_id=company_id)
    own = audit.subjects_of(scope, _OF_MEMBERS) | {member.account_id for member in list_members(company_id)}
    staff: dict[UUID, frozenset[UUID]] = {}
    names = {place.id: place.name for place in list_territories()}

    def staff_of(territory_id: UUID) -> frozenset[UUID]:
        if territory_id not in staff:
            once = audit.subjects_of(audit.JournalScope(territory_id=territory_id), _OF_STAFF)
            staff[territory_id] = once | {person.account_id for _slug, person in list_staff(territory_id)}
        return staff[territory_id]

    def who(entry: audit.JournalEntry) -> str:
        if entry.actor_id is None or entry.actor_id in own:
            return entry.actor_label
        if entry.territory_id is not None and entry.actor_id in staff_of(entry.territory_id):
            return names.get(entry.territory_id, str(_("Le guichet")))
        return str(_("Le portail") if entry.tag in _OF_PORTAL else _("Une autre entreprise"))

    return Reader(scope, lambda wanted: replace(wanted, among=own, never=_BETWEEN_CLERKS), who)
