"""What the journal says of a pass: one entry for each, whatever the number of them."""

from __future__ import annotations

from collections.abc import Mapping

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.models import AccessPass
from portal.common.actor import Actor
from portal.common.clock import Clock


def write_pass_entry(actor: Actor, tag: AuditTag, one: AccessPass, more: Mapping[str, object], clock: Clock) -> None:
    """Write in the running unit of work what happened to a pass."""
    audit.record(
        actor,
        tag,
        subject_id=one.id,
        territory_id=one.territory_id,
        company_id=one.company_id,
        data={"number": one.number, "company": one.company_name, "plate": one.plate_display, **more},
        clock=clock,
    )
