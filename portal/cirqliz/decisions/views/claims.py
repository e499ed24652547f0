"""Taking requests in hand and giving them back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.cirqliz.blueprint import blueprint
from portal.cirqliz.decisions import claims
from portal.cirqliz.decisions.commands import ClaimRequests
from portal.cirqliz.decisions.forms import BatchForm, kept_filters
from portal.cirqliz.decisions.frame import CLERK, PREFIX
from portal.cirqliz.decisions.views.queue import queue_page
from portal.cirqliz.decisions.views.request import conflict_page
from portal.cirqliz.messages import flash_text
from portal.common.errors import Conflict, Invalid
from portal.web.guards import current_actor, guard

OLDEST = 20


@blueprint.post(f"{PREFIX}/guichet/prises")
@guard(CLERK)
def claim_requests(territory: str) -> ResponseReturnValue:
    """Take the requests ticked, or the oldest free ones; those that could not be taken are told."""
    form = BatchForm()
    taken: Sequence[UUID]
    skipped: Sequence[claims.Skipped]
    try:
        if request.form.get("oldest"):
            taken, skipped = claims.claim_oldest(current_actor(), territory, OLDEST), ()
        else:
            command = ClaimRequests(tuple(form.versions()))
            taken, skipped = claims.claim_requests(current_actor(), territory, command)
    except Invalid as error:
        form.show_error(error)
        return queue_page(territory, form), 422
    if skipped:
        if taken:
            flash(flash_text("claimed", count=len(taken)), "success")
        return queue_page(territory, form, list(skipped)), 409
    flash(flash_text("claimed", count=len(taken)) if taken else flash_text("nothing-to-claim"), "success")
    wanted = {"etat": "miennes"} if request.form.get("oldest") and taken else kept_filters(request.args)
    return redirect(url_for("cirqliz.desk", territory=territory, **wanted), 303)


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/prise")
@guard(CLERK)
def claim_request(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Take one request; from another clerk who took it lately only when the form says so."""
    command = ClaimRequests((request_id,), take_over=bool(request.form.get("take_over")))
    taken, skipped = claims.claim_requests(current_actor(), territory, command)
    if skipped or not taken:
        return conflict_page(territory, request_id, skipped[0].error if skipped else None)
    flash(flash_text("claimed-one"), "success")
    return _back(territory, request_id)


@blueprint.post(f"{PREFIX}/guichet/<uuid:request_id>/remise")
@guard(CLERK)
def release_request(territory: str, request_id: UUID) -> ResponseReturnValue:
    """Give a request back to the queue."""
    try:
        claims.release_request(current_actor(), territory, request_id)
    except Conflict as error:
        return conflict_page(territory, request_id, error)
    flash(flash_text("released"), "success")
    return _back(territory, request_id)


def _back(territory: str, request_id: UUID) -> ResponseReturnValue:
    kept = kept_filters(request.args)
    return redirect(url_for("cirqliz.desk_request", territory=territory, request_id=request_id, **kept), 303)
