"""The journal of a territory."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from portal import audit
from portal.audit.messages import SENTENCES
from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions.frame import PREFIX, desk_frame
from portal.cirqliz.pages import show
from portal.common.actor import StaffRole
from portal.territories.api import get_territory
from portal.web.guards import guard, staff


@blueprint.get(f"{PREFIX}/journal")
@guard(staff(StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR))
def journal(territory: str) -> ResponseReturnValue:
    """Show who decided what and when, newest first."""
    place = get_territory(territory)
    return show(
        "journal.html",
        territory=place,
        page=audit.list_entries(territory_id=place.id, cursor=request.args.get("cursor")),
        sentences=SENTENCES,
        **desk_frame(place),
    )
