"""The local outbox, readable in demonstration mode only."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.mail.outbox import list_outbox
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

blueprint = Blueprint("mail", __name__)


@blueprint.get("/dev/outbox")
@guard(PUBLIC)
def outbox() -> ResponseReturnValue:
    """Show the mails the portal would have sent."""
    return render_page("mail/outbox.html", mails=list_outbox())
