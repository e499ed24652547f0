"""A pass sent to whoever drives."""

from __future__ import annotations

from uuid import UUID

from portal.accounts.api import email_address
from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.mails import mail_pass
from portal.cirqliz.passes.services import load_pass, require_manager
from portal.cirqliz.states import PassState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.db import unit_of_work
from portal.territories.api import get_territory_by_id


def send_to_driver(actor: Actor, company_id: UUID, pass_id: UUID, address: str, *, clock: Clock = SYSTEM_CLOCK) -> str:
    """Write the mail with the link of a pass; return the address as it was understood.

    Raises Denied, NotFound, Invalid (address missing or wrong), Conflict (over or taken back).
    """
    require_manager(actor, company_id)
    if not address.strip():
        raise Invalid("driver-address-missing", field="address")
    try:
        known = email_address(address)
    except Invalid as error:
        raise Invalid("driver-address-wrong", field="address") from error
    with unit_of_work() as uow:
        found = load_pass(uow, AccessPass.company_id == company_id, pass_id)
        if found.state is PassState.REVOKED or clock.now() >= found.valid_to:
            raise Conflict("pass-not-living", number=found.number)
        mail_pass(found, get_territory_by_id(found.territory_id), known)
    return known
