"""People whose account was erased: their lines stay as they were sealed, and are read without their name.

The line that says it (`USER_ERASED`) is what tells them; nothing else is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal.audit.models import AuditEntry
from portal.audit.tags import AuditTag
from portal.db import session


def account_mark(account_id: UUID) -> str:
    """Return eight signs that tell accounts apart and say nothing of anybody."""
    # The end of an id is drawn by lot; its beginning is the hour of the registration.
    return account_id.hex[-8:]


def erased_name(account_id: UUID) -> str:
    """Return what stands for the name of an erased person, the same wherever she acted."""
    return str(_("Compte effacé %(mark)s", mark=account_mark(account_id)))


def erased_people() -> Select[UUID | None]:
    """Return the statement that selects them; for `IN`."""
    return select(AuditEntry.subject_id).where(
        AuditEntry.tag == AuditTag.USER_ERASED, AuditEntry.subject_id.is_not(None)
    )


def erased_among(account_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of these people who were erased."""
    if not account_ids:
        return frozenset()
    found = session().scalars(erased_people().where(AuditEntry.subject_id.in_(account_ids)))
    return frozenset(one for one in found if one is not None)
