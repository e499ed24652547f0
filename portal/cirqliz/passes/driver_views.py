"""A pass opened by the link sent to its driver, without an account; and what keeps its page without a network."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.passes.links import OPEN_AFTER, read_pass_key
from portal.cirqliz.passes.pages import pass_page
from portal.cirqliz.passes.queries import PassView, find_by_id
from portal.cirqliz.passes.views import calendar_file
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import NotFound
from portal.config import PROJECT_ROOT
from portal.mail import public_link
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard

_WORKER = PROJECT_ROOT / "static" / "js" / "pass-worker.js"


@blueprint.get("/p/<token>")
@guard(PUBLIC)
@limiter.limit("120 per minute")
def open_pass(token: str) -> ResponseReturnValue:
    """Show the pass of a link to whoever holds it."""
    return pass_page(_found(token), SYSTEM_CLOCK.now(), key=token)


@blueprint.get("/p/<token>/calendrier.ics")
@guard(PUBLIC)
@limiter.limit("120 per minute")
def open_calendar(token: str) -> ResponseReturnValue:
    """Send the hours of the pass of a link for a calendar."""
    return calendar_file(_found(token), public_link("cirqliz.open_pass", token=token))


@blueprint.get("/laissez-passer-hors-ligne.js")
@guard(PUBLIC)
def pass_worker() -> ResponseReturnValue:
    """Send the script that keeps the pages of passes; at the root, since its pages are under two paths."""
    headers = {"Cache-Control": "no-cache"}
    return Response(_WORKER.read_bytes(), mimetype="text/javascript", headers=headers)


def _found(key: str) -> PassView:
    found = find_by_id(read_pass_key(key))
    if found is None or SYSTEM_CLOCK.now() >= found.valid_to + OPEN_AFTER:
        raise NotFound("link-unknown")
    return found
