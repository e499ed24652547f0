"""What the journal says of a pass: one entry for each, whatever the number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from portal import audit
from portal.audit import AuditTag
from portal.common.actor import Actor
from portal.common.clock import Clock


class Named(Protocol):
    """What the journal needs to know of a pass."""

    @property
    def id(self) -> UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def territory_id(self) -> UUID: ...
    @property
    def company_id(self) -> UUID: ...
    @property
    def company_name(self) -> str: ...
    @property
    def plate_display(self) -> str: ...


def write_pass_entry(actor: Actor, tag: AuditTag, one: Named, more: Mapping[str, object], clock: Clock) -> None:
    """Write in the running unit of work what happened to a pass."""
    audit.record(
        actor,
        tag,
        subject_id=one.id,
        territory_id=one.territory_id,
        company_id=one.company_id,
        data={**_names(one), **more},
        clock=clock,
    )


def write_pass_entries(actor: Actor, tag: AuditTag, passes: Sequence[Named], clock: Clock) -> None:
    """Write the same of many passes, an entry for each."""
    subjects = [audit.Subject(one.id, one.territory_id, one.company_id, _names(one)) for one in passes]
    audit.record_many(actor, tag, subjects, clock=clock)


def _names(one: Named) -> dict[str, object]:
    return {"number": one.number, "company": one.company_name, "plate": one.plate_display}
